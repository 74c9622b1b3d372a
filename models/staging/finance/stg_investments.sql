{{ newest_delivery('investments') }}
