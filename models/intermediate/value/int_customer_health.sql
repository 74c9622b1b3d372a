-- One row per customer who was there at the start of a quarter: 100 points less those of every signal that was on, and whether the customer
-- was lost in the quarter, once that is known (M50).
{{ config(materialized='table') }}

with

depths as (
    select * from {{ ref('int_customer_depth') }}
),

signals as (
    select * from {{ ref('int_health_signals') }}
),

health_signals as (
    select * from {{ ref('health_signals') }}
),

customer_months as (
    select
        customer_id,
        cast({{ dbt.date_trunc('quarter', 'month_start_date') }} as date) as quarter_start_date,
        month_start_date,
        is_churned,
        tenure_years
    from {{ ref('fct_customer_months') }}
),

months as (
    select
        cast({{ dbt.date_trunc('quarter', 'month_start_date') }} as date) as quarter_start_date,
        count(case when is_mature then 1 end) = 3 as is_mature
    from {{ ref('int_retention_months') }}
    group by cast({{ dbt.date_trunc('quarter', 'month_start_date') }} as date)
),

points as (
    select
        signals.customer_id,
        signals.quarter_start_date,
        count(*) as signal_count,
        sum(health_signals.points) as points
    from signals
    inner join health_signals
        on
            signals.signal = health_signals.signal
            and signals.quarter_start_date between health_signals.effective_from and health_signals.effective_to
    group by signals.customer_id, signals.quarter_start_date
),

followed as (
    select
        customer_id,
        quarter_start_date,
        max(case when month_start_date = quarter_start_date then tenure_years end) as tenure_years,
        max(case when is_churned then 1 else 0 end) = 1 as is_lost
    from customer_months
    group by customer_id, quarter_start_date
),

final as (
    select
        depths.customer_id,
        depths.quarter_start_date,
        followed.tenure_years,
        depths.product_line_count,
        depths.department_count,
        depths.purchase_month_count,
        depths.channel_count,
        depths.contact_count,
        coalesce(points.signal_count, 0) as signal_count,
        case when points.points > 100 then 0 else 100 - coalesce(points.points, 0) end as health_points,
        case when months.is_mature then coalesce(followed.is_lost, false) end as is_lost
    from depths
    inner join months
        on depths.quarter_start_date = months.quarter_start_date
    left join points
        on
            depths.customer_id = points.customer_id
            and depths.quarter_start_date = points.quarter_start_date
    left join followed
        on
            depths.customer_id = followed.customer_id
            and depths.quarter_start_date = followed.quarter_start_date
)

select * from final
