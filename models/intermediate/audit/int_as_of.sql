-- One row per domain with the instant up to which its data is complete: the lowest watermark of its feeds. A watermark of nothing is the
-- newest change of the feed's own tables, and unknown where they say none; without any watermark, what reads contacts is complete up to
-- their newest change. Nothing reads the wall clock.
-- local_time_reached_everywhere is the local time that it is, or was, in the queue that is furthest behind.
{{ config(materialized='table') }}

with

feeds as (
    select * from {{ ref('feeds') }}
),

feed_watermarks as (
    select * from {{ ref('stg_feed_watermarks') }}
),

channels as (
    select * from {{ ref('channels') }}
),

contacts as (
    select * from {{ ref('stg_contacts') }}
),

contact_segments as (
    select * from {{ ref('stg_contact_segments') }}
),

bot_sessions as (
    select * from {{ ref('stg_bot_sessions') }}
),

survey_answers as (
    select * from {{ ref('stg_survey_answers') }}
),

qa_evaluations as (
    select * from {{ ref('stg_qa_evaluations') }}
),

agent_states as (
    select * from {{ ref('stg_agent_states') }}
),

customers as (
    select * from {{ ref('stg_customers') }}
),

subscriptions as (
    select * from {{ ref('stg_subscriptions') }}
),

transactions as (
    select * from {{ ref('stg_transactions') }}
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
    {%- for feed, table, column in [
        ('contacts', 'contacts', 'updated_at'), ('contacts', 'contact_segments', 'updated_at'),
        ('automation', 'bot_sessions', 'updated_at'), ('experience', 'survey_answers', 'updated_at'),
        ('quality', 'qa_evaluations', 'updated_at'), ('workforce', 'agent_states', 'started_at'),
        ('retention', 'customers', 'updated_at'), ('retention', 'subscriptions', 'updated_at'),
        ('value', 'transactions', 'updated_at'),
    ] %}
    {{ 'union all' if not loop.first }}
    select
        '{{ feed }}' as feed,
        max({{ column }}) as updated_at
    from {{ table }}
    {%- endfor %}
),

newest_changes as (
    select
        feed,
        max(updated_at) as updated_at
    from changes
    group by feed
),

-- a channel is a part of the contacts
marks as (
    select
        feeds.domain,
        feed_watermarks.complete_through as stated_through,
        coalesce(feed_watermarks.complete_through, newest_changes.updated_at) as complete_through
    from feed_watermarks
    inner join feeds
        on feed_watermarks.feed = feeds.feed
    left join channels
        on feeds.feed = channels.channel
    left join newest_changes
        on newest_changes.feed = case when channels.channel is not null then 'contacts' else feeds.feed end
),

stated as (
    select
        domain,
        case when count(*) = count(complete_through) then min(complete_through) end as complete_through
    from marks
    group by domain
    having count(stated_through) > 0
),

newest_change as (
    select
        domains.domain,
        newest_changes.updated_at
    from domains
    inner join newest_changes
        on
            newest_changes.feed = 'contacts'
            and domains.domain in ('contacts', 'resolution', 'automation', 'cost', 'value')
),

complete as (
    select
        domains.domain,
        case when stated.domain is not null then stated.complete_through else newest_change.updated_at end as as_of,
        case
            when stated.complete_through is not null then 'lowest watermark of the feeds'
            when stated.domain is null and newest_change.updated_at is not null then 'newest change delivered'
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
