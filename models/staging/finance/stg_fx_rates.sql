{{ newest_delivery('fx_rates') }}
