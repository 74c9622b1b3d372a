{{ newest_delivery('vendor_contracts') }}
