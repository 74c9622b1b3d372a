-- One row per tenure of a customer that was seen between the first month and as_of: after how many days it came into view, after how many
-- it was last seen, and whether it ended then (M26). Who was a customer before the first month is in view from then on only: those who
-- had left by then are in no table, and counting the others from their start would make tenures look longer than they are.
{{ config(materialized='table') }}

with

spans as (
    select * from {{ ref('int_customer_spans') }}
),

months as (
    select min(starts_at) as seen_from
    from {{ ref('int_retention_months') }}
),

as_of as (
    select as_of
    from {{ ref('int_as_of') }}
    where domain = 'resolution'
),

customers as (
    select * from {{ ref('dim_customer') }}
),

tenures as (
    select
        customer_id,
        tenure_from,
        max(active_until) as ended_at,
        count(*) - count(active_until) as open_count
    from spans
    group by customer_id, tenure_from
),

bounded as (
    select
        tenures.customer_id,
        coalesce(customers.segment, '(unknown)') as segment,
        tenures.tenure_from,
        case when tenures.tenure_from > months.seen_from then tenures.tenure_from else months.seen_from end as seen_from,
        case when tenures.open_count = 0 and tenures.ended_at <= as_of.as_of then tenures.ended_at else as_of.as_of end as seen_until,
        tenures.open_count = 0 and tenures.ended_at <= as_of.as_of as is_ended
    from tenures
    cross join months
    cross join as_of
    left join customers
        on tenures.customer_id = customers.customer_id
    where not coalesce(customers.is_staff, false)
),

final as (
    select
        customer_id,
        segment,
        tenure_from,
        {{ whole_division(seconds_between('tenure_from', 'seen_from'), 86400) }} as entered_days,
        {{ whole_division(seconds_between('tenure_from', 'seen_until'), 86400) }} as left_days,
        is_ended
    from bounded
    where seen_from < seen_until
)

select * from final
