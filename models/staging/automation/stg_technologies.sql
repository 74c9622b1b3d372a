{{ newest_delivery('technologies') }}
