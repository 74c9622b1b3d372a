{{ newest_delivery('vendors') }}
