-- One row per customer who was there at the start of a quarter and signal that lowers their health (M50). All of it was known when the
-- quarter began.
{{ config(materialized='table') }}
{%- set days_before = seconds_after('quarters.starts_at', -86400 * var('health_signal_days')) %}

with

depths as (
    select * from {{ ref('int_customer_depth') }}
),

quarters as (
    select
        month_start_date as quarter_start_date,
        starts_at
    from {{ ref('int_retention_months') }}
    where cast({{ dbt.date_trunc('quarter', 'month_start_date') }} as date) = month_start_date
),

tenures as (
    select * from {{ ref('fct_customer_months') }}
),

cancellations as (
    select * from {{ ref('int_cancellations') }}
    where has_notice
),

contact_results as (
    select * from {{ ref('fct_contact_results') }}
),

save_requests as (
    select * from {{ ref('int_save_requests') }}
),

judged_contacts as (
    select
        contact_results.customer_id,
        quarters.quarter_start_date,
        contact_results.is_solved,
        contact_results.is_dissatisfied,
        row_number() over (
            partition by contact_results.customer_id, quarters.quarter_start_date
            order by contact_results.ended_at desc, contact_results.contact_id desc
        ) as contact_number
    from contact_results
    inner join quarters
        on
            contact_results.known_at <= quarters.starts_at
            and contact_results.ended_at >= {{ days_before }}
    where contact_results.is_solved is not null
),

signals as (
    select
        cancellations.customer_id,
        quarters.quarter_start_date,
        'notice' as signal
    from cancellations
    inner join quarters
        on
            cancellations.requested_at <= quarters.starts_at
            and coalesce(cancellations.ended_at, cast('2999-12-31' as {{ dbt.type_timestamp() }})) > quarters.starts_at

    union all

    select
        customer_id,
        quarter_start_date,
        'unresolved_contact' as signal
    from judged_contacts
    where
        contact_number = 1
        and not is_solved

    union all

    select
        customer_id,
        quarter_start_date,
        'dissatisfied_answer' as signal
    from judged_contacts
    where is_dissatisfied

    union all

    select
        save_requests.customer_id,
        quarters.quarter_start_date,
        'wish_to_leave' as signal
    from save_requests
    inner join quarters
        on
            save_requests.requested_at <= quarters.starts_at
            and save_requests.requested_at >= {{ days_before }}

    union all

    select
        customer_id,
        month_start_date as quarter_start_date,
        'short_tenure' as signal
    from tenures
    where tenure_years < 1

    union all

    select
        customer_id,
        quarter_start_date,
        'one_product' as signal
    from depths
    where product_line_count <= 1

    union all

    select
        customer_id,
        quarter_start_date,
        'no_purchase' as signal
    from depths
    where purchase_month_count = 0
),

final as (
    select
        depths.customer_id,
        depths.quarter_start_date,
        signals.signal
    from depths
    inner join signals
        on
            depths.customer_id = signals.customer_id
            and depths.quarter_start_date = signals.quarter_start_date
    group by depths.customer_id, depths.quarter_start_date, signals.signal
)

select * from final
