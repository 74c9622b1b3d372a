{{ newest_delivery('feed_watermarks') }}
