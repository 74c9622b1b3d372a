-- One row per index contact: the first of its issue that an agent handled, neither a repeat nor beside another one, with what came next of
-- each kind that can break it, however late (M10).
{{ config(materialized=judged_when_read()) }}

with

repeats as (
    select * from {{ ref('int_contact_repeats') }}
),

final as (
    select
        contact_id,
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
        is_reason_known,
        transfer_count,
        escalation_count,
        next_started_at,
        next_contact_id,
        next_follow_up_at,
        next_follow_up_id,
        next_exited_at,
        next_any_started_at
    from repeats
    where not coalesce(is_repeat or is_parallel, false)
)

select * from final
