-- One row per vendor, or all, month and lag of 1 to 3 months: occupancy of the month, attrition so many months later, and how the two
-- went together over all months of the vendor (M15). A few months prove nothing, and neither does a correlation.
with

agent_days as (
    select *
    from {{ ref('fct_agent_days') }}
    where
        role = 'agent'
        and has_state_records
),

attrition as (
    select *
    from {{ ref('fct_attrition') }}
    where dimension in ('all', 'vendor_id')
),

as_of as (
    select cast({{ dbt.date_trunc('month', 'as_of') }} as date) as open_month
    from {{ ref('int_as_of') }}
    where domain = 'workforce'
),

occupied as (
    {%- for value in ["'all'", "coalesce(vendor_id, '(unknown)')"] %}
    select
        cast({{ dbt.date_trunc('month', 'work_date') }} as date) as month_start_date,
        {{ value }} as vendor_id,
        sum(occupied_seconds) as occupied_seconds,
        sum(productive_seconds) as productive_seconds
    from agent_days
    group by cast({{ dbt.date_trunc('month', 'work_date') }} as date){{ ', ' ~ value if not loop.first }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

lags as (
    {%- for months in [1, 2, 3] %}
    select cast({{ months }} as bigint) as lag_months
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

paired as (
    select
        occupied.vendor_id,
        occupied.month_start_date,
        lags.lag_months,
        cast(occupied.occupied_seconds as {{ double_type() }})
        / nullif(cast(occupied.productive_seconds as {{ double_type() }}), 0) as occupancy_rate,
        cast(attrition.monthly_rate as {{ double_type() }}) as later_rate
    from occupied
    cross join lags
    left join attrition
        on
            occupied.vendor_id = attrition.dimension_value
            and case when occupied.vendor_id = 'all' then 'all' else 'vendor_id' end = attrition.dimension
            and cast({{ dbt.dateadd('month', 'cast(lags.lag_months as integer)', 'occupied.month_start_date') }} as date)
            = attrition.month_start_date
            -- a month that is not over has not lost its last leavers
            and attrition.month_start_date < (select max(as_of.open_month) from as_of)
),

rounded as (
    select
        vendor_id,
        month_start_date,
        lag_months,
        {{ statistic('occupancy_rate') }} as occupancy_rate,
        {{ statistic('later_rate') }} as later_attrition_rate
    from paired
),

sums as (
    select
        vendor_id,
        lag_months,
        count(*) as month_count,
        cast(sum(occupancy_rate) as {{ double_type() }}) as sum_x,
        cast(sum(later_attrition_rate) as {{ double_type() }}) as sum_y,
        cast(sum(cast(occupancy_rate as decimal(12, 6)) * cast(occupancy_rate as decimal(12, 6))) as {{ double_type() }}) as sum_xx,
        cast(
            sum(cast(later_attrition_rate as decimal(12, 6)) * cast(later_attrition_rate as decimal(12, 6))) as {{ double_type() }}
        ) as sum_yy,
        cast(
            sum(cast(occupancy_rate as decimal(12, 6)) * cast(later_attrition_rate as decimal(12, 6))) as {{ double_type() }}
        ) as sum_xy
    from rounded
    where
        occupancy_rate is not null
        and later_attrition_rate is not null
    group by vendor_id, lag_months
),

correlated as (
    select
        vendor_id,
        lag_months,
        month_count,
        month_count * sum_xx - sum_x * sum_x as spread_x,
        month_count * sum_yy - sum_y * sum_y as spread_y,
        month_count * sum_xy - sum_x * sum_y as together
    from sums
),

final as (
    select
        rounded.vendor_id,
        rounded.month_start_date,
        rounded.lag_months,
        rounded.occupancy_rate,
        rounded.later_attrition_rate,
        coalesce(correlated.month_count, 0) as month_count,
        case
            when coalesce(correlated.month_count, 0) < {{ var('minimum_n_publish') }} then 'too few months'
            when correlated.spread_x < 0.000001 or correlated.spread_y < 0.000001 then 'one of the two never changes'
        end as correlation_null_reason,
        cast(case
            when
                correlated.month_count >= {{ var('minimum_n_publish') }}
                and correlated.spread_x >= 0.000001
                and correlated.spread_y >= 0.000001
                then {{ statistic('correlated.together / (sqrt(correlated.spread_x) * sqrt(correlated.spread_y))') }}
        end as decimal(18, 6)) as correlation
    from rounded
    left join correlated
        on
            rounded.vendor_id = correlated.vendor_id
            and rounded.lag_months = correlated.lag_months
)

select * from final
