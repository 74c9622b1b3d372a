-- One row per study and contact that puts its customer on one side of it (M47): exposed to what the study asks about, or not. Sides are
-- known from index_at on, and only what comes after it can be an outcome: a lengthy conversation is known at its end, an unresolved matter
-- when its window is over.
{{ config(materialized='table') }}

with

conversations as (
    select * from {{ ref('int_conversations') }}
    where customer_id is not null
),

contact_results as (
    select * from {{ ref('fct_contact_results') }}
    where is_solved is not null
),

result_windows as (
    select * from {{ ref('int_contact_results') }}
),

contacts as (
    select * from {{ ref('fct_contacts') }}
),

reasons as (
    select * from {{ ref('dim_reason') }}
),

exposures as (
    select
        'lengthy_interaction' as study,
        contact_id,
        customer_id,
        reason_code,
        conversation_started_at as started_at,
        conversation_ended_at as index_at,
        case when is_lengthy then 1 else 0 end as is_exposed
    from conversations

    union all

    select
        'unresolved_contact' as study,
        contact_results.contact_id,
        contact_results.customer_id,
        contact_results.reason_code,
        contacts.started_at,
        {{ repeat_window_end('contact_results.ended_at', 'result_windows.window_hours', 'result_windows.business_timezone') }} as index_at,
        case when contact_results.is_solved then 0 else 1 end as is_exposed
    from contact_results
    inner join contacts
        on contact_results.contact_id = contacts.contact_id
    inner join result_windows
        on contact_results.contact_id = result_windows.contact_id
),

final as (
    select
        exposures.study,
        exposures.contact_id,
        exposures.customer_id,
        coalesce(reasons.reason_l1, '(unknown)') as reason_group,
        exposures.started_at,
        exposures.index_at,
        cast({{ dbt.date_trunc('month', 'exposures.index_at') }} as date) as month_start_date,
        exposures.is_exposed
    from exposures
    left join reasons
        on exposures.reason_code = reasons.reason_code
    where exposures.index_at is not null
)

select * from final
