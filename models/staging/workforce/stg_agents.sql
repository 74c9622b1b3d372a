{{ newest_delivery('agents') }}
