{{ newest_delivery('queue_hours') }}
