-- One row per domain with the instant up to which its data is complete: the lowest watermark of its feeds, where a feed that states none
-- is as complete as its newest change; without any, the newest change that was delivered. Nothing reads the wall clock.
-- local_time_reached_everywhere is the local time that it is, or was, in the queue that is furthest behind.
{{ config(materialized='table') }}

with

feeds as (
    select * from {{ ref('feeds') }}
),

feed_watermarks as (
    select * from {{ ref('stg_feed_watermarks') }}
),

contacts as (
    select * from {{ ref('stg_contacts') }}
),

contact_segments as (
    select * from {{ ref('stg_contact_segments') }}
),

queues as (
    select * from {{ ref('stg_queues') }}
),

offsets as (
    select * from {{ ref('int_timezone_offsets') }}
),

domains as (
    select domain
    from feeds
    group by domain
),

changes as (
    select max(updated_at) as updated_at from contacts
    union all
    select max(updated_at) as updated_at from contact_segments
),

newest_change as (
    select
        domains.domain,
        max(changes.updated_at) as updated_at
    from changes
    cross join domains
    where domains.domain in ('contacts', 'resolution', 'automation')
    group by domains.domain
),

stated as (
    select
        feeds.domain,
        min(coalesce(feed_watermarks.complete_through, newest_change.updated_at)) as complete_through
    from feed_watermarks
    inner join feeds
        on feed_watermarks.feed = feeds.feed
    left join newest_change
        on feeds.domain = newest_change.domain
    group by feeds.domain
    having count(feed_watermarks.complete_through) > 0
),

complete as (
    select
        domains.domain,
        coalesce(stated.complete_through, newest_change.updated_at) as as_of,
        case
            when stated.complete_through is not null then 'lowest watermark of the feeds'
            when newest_change.updated_at is not null then 'newest change delivered'
        end as as_of_source
    from domains
    left join stated
        on domains.domain = stated.domain
    left join newest_change
        on domains.domain = newest_change.domain
),

-- where the queues' day ends last: a local day is over once it is over there
westernmost as (
    select
        complete.domain,
        min(offsets.utc_offset_seconds) as utc_offset_seconds
    from complete
    inner join offsets
        on
            complete.as_of >= offsets.valid_from
            and complete.as_of < offsets.valid_to
    inner join queues
        on offsets.timezone = queues.timezone
    group by complete.domain
),

final as (
    select
        complete.domain,
        complete.as_of,
        {{ seconds_after('complete.as_of', 'coalesce(westernmost.utc_offset_seconds, 0)') }} as local_time_reached_everywhere,
        complete.as_of_source
    from complete
    left join westernmost
        on complete.domain = westernmost.domain
)

select * from final
