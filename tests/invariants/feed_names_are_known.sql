-- A warning means that a watermark was delivered for a feed that the seed feeds does not know: it holds nothing back, so metrics may
-- look mature while that feed is behind (B.5). What to do: use a name of the seed, or add the feed and its domain to it.
{{ config(severity='warn') }}

select watermarks.*
from {{ ref('stg_feed_watermarks') }} as watermarks
left join {{ ref('feeds') }} as feeds
    on watermarks.feed = feeds.feed
where feeds.feed is null
