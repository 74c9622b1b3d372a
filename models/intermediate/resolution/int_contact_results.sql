-- One row per handled inbound contact of an identified customer: how long it took, whether it solved the matter once its window is over,
-- and whether the customer was satisfied (M02).
{{ config(materialized=judged_when_read()) }}
{%- set own_window_end = repeat_window_end('ended_at', 'window_hours', 'business_timezone') %}

with

repeats as (
    select * from {{ ref('int_contact_repeats') }}
),

satisfaction as (
    select * from {{ ref('int_contact_satisfaction') }}
),

judged as (
    select
        *,
        not coalesce(is_repeat or is_parallel, false) as is_index_contact,
        {{ outcome_when_over(own_window_end) }} as outcome_when_over,
        coalesce(next_started_at <= {{ own_window_end }}, false) as is_repeated_when_over,
        coalesce(next_started_at <= {{ repeat_window_end('ended_at', 24, 'business_timezone') }}, false) as is_repeated_24h_when_over,
        coalesce(next_exited_at <= {{ own_window_end }}, false) as has_left_when_over
    from repeats
),

final as (
    select
        judged.contact_id,
        judged.customer_id,
        judged.business_date,
        judged.business_timezone,
        judged.channel,
        judged.queue_id,
        judged.program_id,
        judged.vendor_id,
        judged.reason_code,
        judged.product_line_id,
        judged.last_agent_id,
        judged.handle_seconds,
        judged.transfer_count,
        judged.escalation_count,
        judged.ended_at,
        judged.window_hours,
        judged.is_reason_known,
        judged.is_repeated_when_over,
        judged.is_repeated_24h_when_over,
        judged.has_left_when_over,
        judged.is_index_contact,
        case when judged.is_index_contact then judged.is_eligible end as is_eligible,
        case when judged.is_index_contact then judged.outcome_when_over end as outcome_when_over,
        satisfaction.is_satisfied,
        satisfaction.is_dissatisfied
    from judged
    left join satisfaction
        on judged.contact_id = satisfaction.contact_id
)

select * from final
