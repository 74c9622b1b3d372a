{{ newest_delivery('programs') }}
