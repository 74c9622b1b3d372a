-- One row per customer who was there at the start of a quarter: depth and health of the relationship (M50). Health is shown as long as it
-- has told, over all quarters that are known, who was lost later better than a coin does.
with

customer_health as (
    select * from {{ ref('int_customer_health') }}
),

validation as (
    select * from {{ ref('fct_health_validation') }}
    where quarter_start_date is null
),

final as (
    select
        customer_health.customer_id,
        customer_health.quarter_start_date,
        customer_health.tenure_years,
        cast(customer_health.product_line_count as bigint) as product_line_count,
        cast(customer_health.department_count as bigint) as department_count,
        cast(customer_health.purchase_month_count as bigint) as purchase_month_count,
        cast(customer_health.channel_count as bigint) as channel_count,
        cast(customer_health.contact_count as bigint) as contact_count,
        cast(customer_health.signal_count as bigint) as signal_count,
        cast(case when validation.is_better_than_chance then customer_health.health_points end as bigint) as health_points,
        case
            when validation.is_better_than_chance is null then 'not yet held against who was lost'
            when not validation.is_better_than_chance then 'no better than chance'
        end as health_null_reason,
        customer_health.is_lost
    from customer_health
    left join validation
        on true
)

select * from final
