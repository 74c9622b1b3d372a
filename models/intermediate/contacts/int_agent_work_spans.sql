-- One row per span of agent work on a contact: talk, hold, wrap-up, or a message that an agent wrote. Durations are made
-- fit here (B.7): a span that ends before it starts or never ends has none; wrap-up that was never closed is capped. Seconds
-- that an earlier span of the same agent on the same record already covers are not counted twice. What is known of the whole leg
-- (one agent on one record) stands on each of its spans: the same sort finds it.
{{ config(
    materialized=kept(), incremental_strategy='touched', unique_key='contact_record_id',
    meta={'touched_by': 'int_changed_contact_records'}
) }}
with

segments as (
    select * from {{ ref('stg_contact_segments') }}
    where {{ is_touched('contact_id', 'int_changed_contact_records') }}
),

links as (
    select * from {{ ref('int_contact_links') }}
),

agent_work as (
    select
        coalesce(links.contact_id, segments.contact_id) as contact_id,
        segments.contact_id as contact_record_id,
        coalesce(links.is_callback_attempt, false) as is_callback_attempt,
        segments.segment_number,
        segments.kind,
        segments.agent_id,
        segments.queue_id,
        segments.started_at,
        case
            when segments.ended_at is null and segments.kind = 'wrap'
                then {{ seconds_after('segments.started_at', var('auto_wrap_limit_seconds')) }}
            else segments.ended_at
        end as ended_at,
        segments.kind = 'wrap' and segments.ended_at is null as is_capped_wrap,
        segments.transfer_kind
    from segments
    left join links
        on segments.contact_id = links.contact_record_id
    where
        segments.kind in ('talk', 'hold', 'wrap')
        or (segments.kind = 'message' and segments.agent_id is not null)
),

already_covered as (
    select
        *,
        max(case when ended_at >= started_at then ended_at end) over earlier_spans as covered_until,
        max(case when ended_at >= started_at and kind <> 'wrap' then ended_at end) over earlier_spans as connected_until,
        max(case when ended_at >= started_at and kind = 'hold' then ended_at end) over earlier_spans as held_until,
        {{ first_known('queue_id', 'whole_leg') }} as leg_queue_id,
        max(case when ended_at >= started_at then 0 else 1 end) over whole_leg = 1 as has_invalid_leg_duration
    from agent_work
    window
        earlier_spans as (
            partition by contact_record_id, agent_id
            order by started_at, segment_number
            rows between unbounded preceding and 1 preceding
        ),
        whole_leg as (
            partition by contact_record_id, agent_id
            order by started_at, segment_number
            rows between unbounded preceding and unbounded following
        )
),

final as (
    select
        contact_id,
        contact_record_id,
        is_callback_attempt,
        segment_number,
        kind,
        agent_id,
        queue_id,
        leg_queue_id,
        started_at,
        ended_at,
        is_capped_wrap,
        transfer_kind,
        has_invalid_leg_duration,
        case
            when ended_at is null then 'never closed'
            when ended_at < started_at then 'negative'
        end as invalid_duration_reason,
        case
            when ended_at < started_at or ended_at is null then null
            when covered_until >= ended_at then 0
            when covered_until > started_at then {{ seconds_between('covered_until', 'ended_at') }}
            else {{ seconds_between('started_at', 'ended_at') }}
        end as worked_seconds,
        -- conversation and hold
        case
            when kind = 'wrap' then 0
            when ended_at < started_at or ended_at is null then null
            when connected_until >= ended_at then 0
            when connected_until > started_at then {{ seconds_between('connected_until', 'ended_at') }}
            else {{ seconds_between('started_at', 'ended_at') }}
        end as connected_seconds,
        case
            when kind <> 'hold' then 0
            when ended_at < started_at or ended_at is null then null
            when held_until >= ended_at then 0
            when held_until > started_at then {{ seconds_between('held_until', 'ended_at') }}
            else {{ seconds_between('started_at', 'ended_at') }}
        end as held_seconds
    from already_covered
)

select * from final
