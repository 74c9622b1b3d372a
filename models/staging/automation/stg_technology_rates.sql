{{ newest_delivery('technology_rates') }}
