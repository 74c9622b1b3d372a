-- One row per segment, and one for all: the share of customers who stay from month to month, over all months that are known (M32).
with

customer_months as (
    select
        coalesce(segment, '(unknown)') as segment,
        is_retained
    from {{ ref('fct_customer_months') }}
    where is_retained is not null
),

counted as (
    select
        case when grouping(segment) = 1 then null else segment end as segment,
        grouping(segment) = 1 as is_all_segments,
        count(*) as customer_month_count,
        count(case when is_retained then 1 end) as retained_count
    from customer_months
    group by rollup(segment)
),

final as (
    select
        segment,
        is_all_segments,
        customer_month_count,
        retained_count,
        {{ share_of('cast(1 as decimal(18, 6))', 'retained_count', 'customer_month_count') }} as monthly_retention_share
    from counted
    where customer_month_count >= {{ var('minimum_n_publish') }}
)

select * from final
