-- One row per segment (and all) and length of tenure at which a customer was lost: how many were in view then, and which share of
-- customers stays longer (M26), by the product-limit estimate. The mean of customers who are still there says nothing about it.
with

tenures as (
    select * from {{ ref('int_customer_tenures') }}
),

grouped as (
    select
        'all' as segment,
        entered_days,
        left_days,
        is_ended
    from tenures

    union all

    select
        segment,
        entered_days,
        left_days,
        is_ended
    from tenures
),

-- who leaves on a day is in view on it
changes as (
    select
        segment,
        entered_days as tenure_days,
        count(*) as entered_count,
        0 as gone_count,
        0 as lost_count
    from grouped
    group by segment, entered_days

    union all

    select
        segment,
        left_days as tenure_days,
        0 as entered_count,
        count(*) as gone_count,
        count(case when is_ended then 1 end) as lost_count
    from grouped
    group by segment, left_days
),

by_day as (
    select
        segment,
        tenure_days,
        sum(entered_count) as entered_count,
        sum(gone_count) as gone_count,
        sum(lost_count) as lost_count
    from changes
    group by segment, tenure_days
),

in_view as (
    select
        segment,
        tenure_days,
        lost_count,
        sum(entered_count - gone_count) over (
            partition by segment
            order by tenure_days
            rows between unbounded preceding and current row
        ) + gone_count as at_risk_count
    from by_day
),

losses as (
    select
        segment,
        tenure_days,
        cast(at_risk_count as bigint) as at_risk_count,
        cast(lost_count as bigint) as lost_count,
        min(at_risk_count - lost_count) over until_here as fewest_left,
        exp(sum(
            case when at_risk_count > lost_count then ln(1 - cast(lost_count as {{ double_type() }}) / at_risk_count) end
        ) over until_here) as survival
    from in_view
    where lost_count > 0
    window until_here as (
        partition by segment
        order by tenure_days
        rows between unbounded preceding and current row
    )
),

final as (
    select
        segment,
        tenure_days,
        at_risk_count,
        lost_count,
        cast(case when fewest_left = 0 then 0 else {{ statistic('survival') }} end as decimal(18, 6)) as survival_share
    from losses
)

select * from final
