{{ newest_delivery('reasons') }}
