-- One row per segment (and all): after how many years half of the customers have left (M26), as known at as_of. Null where more than half
-- stay longer than anybody was seen.
with

survival as (
    select * from {{ ref('fct_tenure_survival') }}
),

tenures as (
    select * from {{ ref('int_customer_tenures') }}
),

as_of as (
    select as_of
    from {{ ref('int_as_of') }}
    where domain = 'resolution'
),

counted as (
    select
        case when grouping(segment) = 1 then 'all' else segment end as segment,
        count(*) as tenure_count,
        count(case when is_ended then 1 end) as ended_count
    from tenures
    group by rollup(segment)
    having count(*) > 0
),

halved as (
    select
        segment,
        min(tenure_days) as median_tenure_days
    from survival
    where survival_share <= 0.5
    group by segment
),

final as (
    select
        counted.segment,
        cast({{ dbt.date_trunc('month', 'as_of.as_of') }} as date) as as_of_month,
        counted.tenure_count,
        counted.ended_count,
        halved.median_tenure_days,
        cast({{ statistic('halved.median_tenure_days / cast(365.25 as ' ~ double_type() ~ ')') }} as decimal(18, 6)) as median_tenure_years,
        case when halved.median_tenure_days is null then 'more than half stay longer' end as median_null_reason
    from counted
    left join halved
        on counted.segment = halved.segment
    cross join as_of
)

select * from final
