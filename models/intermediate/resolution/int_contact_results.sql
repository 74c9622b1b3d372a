-- One row per handled inbound contact of an identified customer: how long it took, whether it solved the matter once its window is over,
-- and whether the customer was satisfied (M02).
{{ config(materialized=kept(), incremental_strategy='touched', unique_key='customer_id') }}
{%- set own_window_end = repeat_window_end('repeats.ended_at', 'repeats.window_hours', 'repeats.business_timezone') %}

with

repeats as (
    select * from {{ ref('int_contact_repeats') }}
    where {{ is_touched('customer_id') }}
),

first_contacts as (
    select
        contact_id,
        is_eligible,
        {{ outcome_when_over(repeat_window_end('ended_at', 'window_hours', 'business_timezone')) }} as outcome_when_over
    from {{ ref('int_index_contacts') }}
    where {{ is_touched('customer_id') }}
),

sessions as (
    select * from {{ ref('int_contact_sessions') }}
),

followed as (
    select * from {{ ref('int_customer_repeats') }}
),

reconnects as (
    select * from {{ ref('int_contact_reconnects') }}
),

answers as (
    select *
    from {{ ref('fct_survey_answers') }}
    where
        instrument = 'csat'
        and not is_relationship
        and is_positive is not null
        and {{ is_touched('contact_id') }}
),

satisfaction as (
    select
        coalesce(reconnects.session_id, answers.contact_id) as session_id,
        min(case when answers.is_positive then 1 else 0 end) = 1 as is_satisfied,
        -- on a scale without a negative part nobody can be dissatisfied, nor the opposite
        max(case when answers.is_negative then 1 when answers.is_negative is not null then 0 end) = 1 as is_dissatisfied
    from answers
    left join reconnects
        on answers.contact_id = reconnects.contact_id
    group by coalesce(reconnects.session_id, answers.contact_id)
),

final as (
    select
        repeats.contact_id,
        repeats.customer_id,
        repeats.business_date,
        repeats.business_timezone,
        repeats.channel,
        repeats.queue_id,
        repeats.program_id,
        repeats.vendor_id,
        repeats.reason_code,
        repeats.product_line_id,
        repeats.last_agent_id,
        sessions.handle_seconds,
        sessions.transfer_count,
        sessions.escalation_count,
        repeats.ended_at,
        repeats.window_hours,
        repeats.is_reason_known,
        coalesce(
            repeats.next_started_at <= {{ own_window_end }}, false
        ) as is_repeated_when_over,
        coalesce(
            repeats.next_started_at <= {{ repeat_window_end('repeats.ended_at', 24, 'repeats.business_timezone') }}, false
        ) as is_repeated_24h_when_over,
        coalesce(
            followed.next_exited_at <= {{ own_window_end }}, false
        ) as has_left_when_over,
        first_contacts.contact_id is not null as is_index_contact,
        first_contacts.is_eligible,
        first_contacts.outcome_when_over,
        satisfaction.is_satisfied,
        satisfaction.is_dissatisfied
    from repeats
    inner join sessions
        on repeats.contact_id = sessions.session_id
    left join first_contacts
        on repeats.contact_id = first_contacts.contact_id
    left join followed
        on repeats.contact_id = followed.session_id
    left join satisfaction
        on repeats.contact_id = satisfaction.session_id
)

select * from final
