-- One row per customer and month in which they bought something besides their subscriptions, or were in touch: margin of the sales, net of
-- refunds, and what serving them cost (M32). Renewals are the payment of what subscriptions bring already, and stay out.
{{ config(materialized='table') }}

with

sales as (
    select * from {{ ref('int_transaction_amounts') }}
    where
        customer_id is not null
        and kind <> 'renewal'
),

costed_contacts as (
    select * from {{ ref('fct_costed_contacts') }}
    where
        is_identified
        and customer_id is not null
),

amounts as (
    select
        customer_id,
        cast({{ dbt.date_trunc('month', 'occurred_on') }} as date) as month_start_date,
        net_margin_amount,
        case when net_margin_amount is null then 1 else 0 end as unknown_margin_count,
        cast(0 as decimal(18, 6)) as cost_amount,
        0 as unknown_cost_count
    from sales

    union all

    select
        customer_id,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as month_start_date,
        cast(0 as decimal(18, 6)) as net_margin_amount,
        0 as unknown_margin_count,
        cost_amount,
        case when cost_amount is null and is_costed_contact then 1 else 0 end as unknown_cost_count
    from costed_contacts
),

final as (
    select
        customer_id,
        month_start_date,
        cast(sum(coalesce(net_margin_amount, 0)) as decimal(18, 6)) as sale_margin_amount,
        sum(unknown_margin_count) as unknown_margin_count,
        cast(sum(coalesce(cost_amount, 0)) as decimal(18, 6)) as cost_amount,
        sum(unknown_cost_count) as unknown_cost_count
    from amounts
    group by customer_id, month_start_date
)

select * from final
