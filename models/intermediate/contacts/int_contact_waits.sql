-- One row per contact with time that is no agent's handling: IVR, bot, queue, ringing, consulted colleagues. Ringing is part of the
-- customer's wait. The service level's wait ends at the first answer; the customer's wait is every wait of the contact.
{{ config(materialized='table') }}

with

segments as (
    select * from {{ ref('stg_contact_segments') }}
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
    where segments.kind in ('ivr', 'bot', 'queue', 'ring', 'consult')
),

final as (
    select
        spans.contact_id,
        count(case when spans.kind in ('queue', 'ring') and not spans.is_callback_attempt then 1 end) > 0 as has_queue,
        count(case when spans.kind = 'ivr' then 1 end) > 0 as has_ivr,
        count(case when spans.kind = 'bot' then 1 end) > 0 as has_bot,
        min(case when spans.kind in ('queue', 'ring') and not spans.is_callback_attempt then spans.started_at end) as queued_at,
        {{ earliest(
            "case when spans.kind = 'queue' then spans.queue_id end",
            ['spans.started_at', 'spans.contact_record_id', 'spans.segment_number']
        ) }} as first_queue_id,
        count(case when spans.kind in ('queue', 'ring') and spans.span_seconds is null then 1 end) > 0 as has_invalid_wait,
        cast(sum(
            case
                when spans.is_callback_attempt or spans.kind not in ('queue', 'ring') then 0
                -- within one record its own order decides: the clocks of queue and agent may differ
                when spans.contact_record_id = handling.answered_record_id and spans.segment_number > handling.answered_segment_number then 0
                when spans.contact_record_id <> handling.answered_record_id and spans.started_at >= handling.answered_at then 0
                else spans.span_seconds
            end
        ) as bigint) as queue_seconds,
        cast(sum(case when spans.kind in ('queue', 'ring') then spans.span_seconds else 0 end) as bigint) as customer_wait_seconds,
        cast(sum(case when spans.kind = 'ring' then spans.span_seconds else 0 end) as bigint) as ring_seconds,
        min(case when spans.kind = 'ring' then spans.invalid_duration_reason end) as invalid_ring_reason,
        cast(sum(case when spans.kind = 'ivr' then spans.span_seconds else 0 end) as bigint) as ivr_seconds,
        cast(sum(case when spans.kind = 'bot' then spans.span_seconds else 0 end) as bigint) as bot_seconds,
        cast(sum(case when spans.kind = 'consult' then spans.span_seconds else 0 end) as bigint) as consult_seconds,
        min(case when spans.is_callback_attempt and spans.kind = 'ring' then spans.started_at end) as first_callback_ring_at
    from spans
    left join handling
        on spans.contact_id = handling.contact_id
    group by spans.contact_id
)

select * from final
