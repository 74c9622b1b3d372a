-- One row per agent leg: the work of one agent on one contact record, wherever its wrap-up falls. Handle time is the wall
-- clock that the leg's spans cover; hold counts as hold also where a platform reports it inside talk. A leg with a span that has
-- no duration has no seconds at all, so that talk + hold + wrap = handle on every row.
{{ config(
    materialized=kept(), incremental_strategy='touched', unique_key='contact_record_id',
    meta={'touched_by': 'int_changed_contact_records'}
) }}

with

spans as (
    select * from {{ ref('int_agent_work_spans') }}
    where {{ is_touched('contact_record_id', 'int_changed_contact_records') }}
),

legs as (
    select
        contact_id,
        contact_record_id,
        agent_id,
        {{ dbt.bool_or('is_callback_attempt') }} as is_callback_attempt,
        {{ earliest('queue_id', ['started_at', 'segment_number']) }} as queue_id,
        min(started_at) as started_at,
        min(case when kind in ('talk', 'message') then started_at end) as conversation_started_at,
        max(case when kind in ('talk', 'hold', 'message') then ended_at end) as conversation_ended_at,
        max(ended_at) as ended_at,
        count(case when kind in ('talk', 'message') then 1 end) > 0 as has_conversation,
        min(case when kind in ('talk', 'message') then segment_number end) as first_conversation_segment_number,
        count(invalid_duration_reason) > 0 as has_invalid_duration,
        min(invalid_duration_reason) as invalid_duration_reason,
        {{ dbt.bool_or('is_capped_wrap') }} as has_capped_wrap,
        cast(sum(worked_seconds) as bigint) as worked_seconds,
        cast(sum(held_seconds) as bigint) as held_seconds,
        cast(sum(connected_seconds) as bigint) as connected_seconds,
        max(case when kind = 'hold' then held_seconds end) as longest_hold_seconds,
        count(transfer_kind) as transfer_count,
        count(case when transfer_kind = 'escalation' then 1 end) as escalation_count
    from spans
    group by contact_id, contact_record_id, agent_id
),

parts as (
    select
        *,
        case when not has_invalid_duration then worked_seconds end as handle_seconds,
        case when not has_invalid_duration then held_seconds end as hold_seconds,
        case when not has_invalid_duration then connected_seconds - held_seconds end as talk_seconds
    from legs
),

final as (
    select
        contact_id,
        contact_record_id,
        agent_id,
        cast(row_number() over (
            partition by contact_id
            order by started_at, contact_record_id, agent_id nulls last
        ) as bigint) as agent_segment_number,
        queue_id,
        is_callback_attempt,
        started_at,
        conversation_started_at,
        conversation_ended_at,
        ended_at,
        has_conversation,
        first_conversation_segment_number,
        talk_seconds,
        hold_seconds,
        handle_seconds - hold_seconds - talk_seconds as wrap_seconds,
        handle_seconds,
        cast(longest_hold_seconds as bigint) as longest_hold_seconds,
        has_invalid_duration,
        invalid_duration_reason,
        has_capped_wrap,
        transfer_count,
        escalation_count
    from parts
)

select * from final
