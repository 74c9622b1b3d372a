-- One row per contact with time that is no agent's handling: IVR, bot, queue, ringing, consulted colleagues. Ringing is part of the
-- customer's wait, and a queue and a telephone that rings meanwhile are one wait. The service level's wait ends at the first answer; the
-- customer's wait is every wait of the contact.
{{ config(materialized='table') }}

with

segments as (
    select * from {{ ref('int_built_segments') }}
),

links as (
    select * from {{ ref('int_contact_links') }}
),

handling as (
    select * from {{ ref('int_contact_handling') }}
),

spans as (
    select
        coalesce(links.contact_id, segments.contact_id) as contact_id,
        segments.contact_id as contact_record_id,
        coalesce(links.is_callback_attempt, false) as is_callback_attempt,
        segments.segment_number,
        segments.kind,
        segments.queue_id,
        segments.started_at,
        segments.ended_at,
        -- within one record its own order decides: the clocks of queue and agent may differ
        case
            when segments.contact_id = handling.answered_record_id then segments.segment_number < handling.answered_segment_number
            when handling.answered_at is not null then segments.started_at < handling.answered_at
            else true
        end as is_before_answer,
        case
            when segments.ended_at >= segments.started_at
                then {{ seconds_between('segments.started_at', 'segments.ended_at') }}
        end as span_seconds,
        case
            when segments.ended_at is null then 'never closed'
            when segments.ended_at < segments.started_at then 'negative'
        end as invalid_duration_reason
    from segments
    left join links
        on segments.contact_id = links.contact_record_id
    left join handling
        on coalesce(links.contact_id, segments.contact_id) = handling.contact_id
    where segments.kind in ('ivr', 'bot', 'queue', 'ring', 'consult')
),

already_waited as (
    select
        *,
        max(case when kind in ('queue', 'ring') and ended_at >= started_at then ended_at end) over (
            partition by contact_record_id, is_before_answer
            order by started_at, segment_number
            rows between unbounded preceding and 1 preceding
        ) as waited_until
    from spans
),

waited as (
    select
        *,
        case
            when kind not in ('queue', 'ring') then 0
            when span_seconds is null then null
            when waited_until >= ended_at then 0
            when waited_until > started_at then {{ seconds_between('waited_until', 'ended_at') }}
            else span_seconds
        end as waited_seconds
    from already_waited
),

final as (
    select
        contact_id,
        count(case when kind in ('queue', 'ring') and not is_callback_attempt then 1 end) > 0 as has_queue,
        count(case when kind = 'ivr' then 1 end) > 0 as has_ivr,
        count(case when kind = 'bot' then 1 end) > 0 as has_bot,
        count(case when kind = 'bot' and is_before_answer then 1 end) > 0 as has_bot_before_answer,
        max(case when kind = 'bot' and is_before_answer then ended_at end) as bot_ended_at,
        min(case when kind in ('queue', 'ring') and not is_callback_attempt then started_at end) as queued_at,
        {{ earliest(
            "case when kind = 'queue' then queue_id end",
            ['started_at', 'contact_record_id', 'segment_number']
        ) }} as first_queue_id,
        count(case when kind in ('queue', 'ring') and span_seconds is null then 1 end) > 0 as has_invalid_wait,
        cast(sum(case when is_before_answer and not is_callback_attempt then waited_seconds else 0 end) as bigint)
            as queue_seconds,
        cast(sum(waited_seconds) as bigint) as customer_wait_seconds,
        cast(sum(case when kind = 'ring' then span_seconds else 0 end) as bigint) as ring_seconds,
        min(case when kind = 'ring' then invalid_duration_reason end) as invalid_ring_reason,
        cast(sum(case when kind = 'ivr' then span_seconds else 0 end) as bigint) as ivr_seconds,
        cast(sum(case when kind = 'bot' then span_seconds else 0 end) as bigint) as bot_seconds,
        count(case when kind in ('ivr', 'bot') and span_seconds is null then 1 end) > 0 as has_invalid_self_service,
        cast(sum(case when kind = 'consult' then span_seconds else 0 end) as bigint) as consult_seconds,
        min(case when is_callback_attempt and kind = 'ring' then started_at end) as first_callback_ring_at
    from waited
    group by contact_id
)

select * from final
