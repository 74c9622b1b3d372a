-- One row per contact that repeats another one of the customer about the same reason, or runs beside it, with the contact before it: whose
-- work was not enough (M11). The issue's first contact is the other one to attribute it to.
{{ config(
    materialized=kept(), incremental_strategy='touched', unique_key='customer_id', on_schema_change='fail'
) }}

with

sessions as (
    select * from {{ ref('int_contact_sessions') }}
),

repeats as (
    select *
    from {{ ref('int_reason_repeats') }}
    where is_repeat or is_parallel
),

final as (
    select
        repeats.session_id as contact_id,
        repeats.previous_session_id as previous_contact_id,
        repeats.issue_id as first_contact_id,
        sessions.customer_id,
        sessions.reason_code,
        sessions.channel,
        sessions.queue_id,
        sessions.business_date,
        sessions.started_at,
        sessions.is_handled,
        repeats.is_repeat,
        repeats.is_parallel,
        previous.channel as previous_channel,
        sessions.channel = previous.channel as is_same_channel,
        previous.business_date as previous_business_date,
        previous.ended_at as previous_ended_at,
        cast(
            case when repeats.is_repeat then {{ seconds_between('previous.ended_at', 'sessions.started_at') }} / 3600.0 end
            as decimal(18, 6)
        ) as hours_between,
        previous.last_agent_id as previous_agent_id,
        previous.last_queue_id as previous_queue_id,
        previous.last_vendor_id as previous_vendor_id,
        firsts.last_agent_id as first_agent_id,
        firsts.last_queue_id as first_queue_id,
        firsts.last_vendor_id as first_vendor_id
    from repeats
    inner join sessions
        on repeats.session_id = sessions.session_id
    inner join sessions as previous
        on repeats.previous_session_id = previous.session_id
    inner join sessions as firsts
        on repeats.issue_id = firsts.session_id
)

select * from final
