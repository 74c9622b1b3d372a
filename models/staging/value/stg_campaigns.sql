{{ newest_delivery('campaigns') }}
