-- One row per index contact: the first of its issue that an agent handled, neither a repeat nor beside another one, with what came next of
-- each kind that can break it, however late (M10).
{{ config(materialized=kept(), incremental_strategy='touched', unique_key='customer_id') }}

with

sessions as (
    select * from {{ ref('int_contact_sessions') }}
),

reason_repeats as (
    select * from {{ ref('int_reason_repeats') }}
),

customer_repeats as (
    select * from {{ ref('int_customer_repeats') }}
),

followed as (
    select
        sessions.*,
        reason_repeats.next_started_at,
        reason_repeats.next_session_id,
        reason_repeats.next_follow_up_at,
        reason_repeats.next_follow_up_id,
        customer_repeats.next_follow_up_at as next_unknown_follow_up_at,
        customer_repeats.next_follow_up_id as next_unknown_follow_up_id,
        customer_repeats.next_exited_at,
        customer_repeats.next_started_at as next_any_started_at
    from sessions
    left join reason_repeats
        on sessions.session_id = reason_repeats.session_id
    left join customer_repeats
        on sessions.session_id = customer_repeats.session_id
    where
        sessions.is_handled
        and not coalesce(reason_repeats.is_repeat or reason_repeats.is_parallel, false)
),

final as (
    select
        session_id as contact_id,
        customer_id,
        business_date,
        business_timezone,
        channel,
        queue_id,
        program_id,
        vendor_id,
        reason_code,
        product_line_id,
        last_agent_id,
        ended_at,
        window_hours,
        is_eligible,
        match_key is not null as is_reason_known,
        transfer_count,
        escalation_count,
        next_started_at,
        next_session_id as next_contact_id,
        case
            when next_follow_up_at <= next_unknown_follow_up_at or next_unknown_follow_up_at is null then next_follow_up_at
            else next_unknown_follow_up_at
        end as next_follow_up_at,
        case
            when next_follow_up_at <= next_unknown_follow_up_at or next_unknown_follow_up_at is null then next_follow_up_id
            else next_unknown_follow_up_id
        end as next_follow_up_id,
        next_exited_at,
        next_any_started_at
    from followed
)

select * from final
