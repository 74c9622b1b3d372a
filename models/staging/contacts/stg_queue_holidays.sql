{{ newest_delivery('queue_holidays') }}
