{{ newest_delivery('channel_tariffs') }}
