-- One row per contact that an agent worked on: what its agent legs add up to.
{{ config(materialized='table') }}

with

legs as (
    select * from {{ ref('int_agent_legs') }}
    where {{ is_touched('contact_id') }}
),

final as (
    select
        contact_id,
        count(case when has_conversation then 1 end) as agent_segment_count,
        min(conversation_started_at) as answered_at,
        {{ earliest('case when has_conversation then contact_record_id end', ['conversation_started_at', 'agent_segment_number']) }}
            as answered_record_id,
        {{ earliest('first_conversation_segment_number', ['conversation_started_at', 'agent_segment_number']) }} as answered_segment_number,
        -- an unknown agent stays unknown: the next known one did not do that work
        nullif({{ earliest("case when has_conversation then coalesce(agent_id, '') end", ['agent_segment_number']) }}, '')
            as first_agent_id,
        nullif({{ latest("case when has_conversation then coalesce(agent_id, '') end", ['agent_segment_number']) }}, '')
            as last_agent_id,
        {{ earliest('queue_id', ['agent_segment_number']) }} as first_agent_queue_id,
        {{ dbt.bool_or('has_invalid_duration') }} as has_invalid_duration,
        min(invalid_duration_reason) as invalid_duration_reason,
        {{ dbt.bool_or('has_capped_wrap') }} as has_capped_wrap,
        cast(sum(talk_seconds) as bigint) as talk_seconds,
        cast(sum(hold_seconds) as bigint) as hold_seconds,
        cast(sum(wrap_seconds) as bigint) as wrap_seconds,
        cast(sum(handle_seconds) as bigint) as handle_seconds,
        max(longest_hold_seconds) as longest_hold_seconds,
        greatest(cast(sum(transfer_count) as bigint), count(case when has_conversation then 1 end) - 1) as transfer_count,
        cast(sum(escalation_count) as bigint) as escalation_count,
        count(case when is_callback_attempt and has_conversation then 1 end) > 0 as is_callback_reached,
        min(case when is_callback_attempt then started_at end) as first_callback_talk_at
    from legs
    group by contact_id
)

select * from final
