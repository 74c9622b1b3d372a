-- One row per agent leg of a contact, with the team and vendor that the agent belonged to on that day.
{{ config(materialized='view') }}

with

legs as (
    select * from {{ ref('int_agent_legs') }}
),

agents as (
    select * from {{ ref('dim_agent') }}
),

final as (
    select
        {{ dbt.concat(["legs.contact_record_id", "':'", "coalesce(legs.agent_id, '')"]) }} as agent_segment_id,
        legs.contact_id,
        legs.contact_record_id,
        legs.agent_segment_number,
        legs.agent_id,
        agents.team,
        agents.site,
        agents.vendor_id,
        legs.queue_id,
        legs.started_at,
        legs.conversation_ended_at,
        legs.ended_at,
        legs.has_conversation,
        legs.is_callback_attempt,
        legs.talk_seconds,
        legs.hold_seconds,
        legs.wrap_seconds,
        legs.handle_seconds,
        legs.longest_hold_seconds,
        coalesce(legs.longest_hold_seconds, 0) > {{ var('long_hold_seconds') }}
        or 4 * legs.hold_seconds > legs.talk_seconds as has_long_hold,
        legs.has_invalid_duration,
        legs.invalid_duration_reason,
        legs.has_capped_wrap,
        legs.transfer_count,
        legs.escalation_count
    from legs
    left join agents
        on
            legs.agent_id = agents.agent_id
            and cast(legs.started_at as date) >= agents.effective_from
            and cast(legs.started_at as date) < agents.effective_before
)

select * from final
