-- A failure means that the customers at the end of a month are not those at the start of the next, or that cohort, kept and lost do not
-- add up (M24, M25). What to do: compare the customer's months in fct_customer_months with the spans in int_customer_spans.
with

months as (
    select
        customer_id,
        month_start_date,
        is_mature,
        is_active_at_start,
        is_active_at_end,
        is_retained,
        is_churned,
        churn_kind,
        is_silent_churn
    from {{ ref('fct_customer_months') }}
),

next_months as (
    select
        customer_id,
        cast({{ dbt.dateadd('month', -1, 'month_start_date') }} as date) as month_start_date,
        is_active_at_start
    from months
),

last_month as (
    select max(month_start_date) as month_start_date
    from {{ ref('int_retention_months') }}
)

select
    months.customer_id,
    months.month_start_date,
    months.is_active_at_end,
    next_months.is_active_at_start as is_active_at_next_start
from months
cross join last_month
left join next_months
    on
        months.customer_id = next_months.customer_id
        and months.month_start_date = next_months.month_start_date
where
    (
        months.is_mature
        and months.month_start_date < last_month.month_start_date
        and months.is_active_at_end is distinct from coalesce(next_months.is_active_at_start, false)
    )
    or (months.is_mature and months.is_active_at_start and months.is_retained = months.is_churned)
    or (not months.is_active_at_start and (months.is_retained is not null or months.is_churned is not null))
    or (not months.is_mature and (months.is_retained is not null or months.is_active_at_end is not null))
    or coalesce(months.is_churned, false) <> (months.churn_kind is not null)
    or coalesce(months.is_churned, false) <> (months.is_silent_churn is not null)
