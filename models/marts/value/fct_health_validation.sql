-- One row per quarter, and one for all: how well the health of customers at its start told who was lost in it (M50). The measure is the
-- chance that of two customers, one lost and one not, the lost one had the lower health, ties being half; 0.5 is a coin. A rule that does
-- no better is not published.
with

customer_health as (
    select * from {{ ref('int_customer_health') }}
    where is_lost is not null
),

grouped as (
    {%- for quarter in ['quarter_start_date', 'cast(null as date)'] %}
    select
        {{ quarter }} as quarter_start_date,
        health_points,
        count(*) as customer_count,
        count(case when is_lost then 1 end) as lost_count
    from customer_health
    {%- if loop.first %}
    group by quarter_start_date, health_points
    {%- else %}
    group by health_points
    {%- endif %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- of the customers who stayed: those in better health than the lost ones of a row, and half of those in the same
placed as (
    select
        *,
        sum(customer_count - lost_count) over (
            partition by quarter_start_date
            order by health_points desc
            rows between unbounded preceding and current row
        ) - cast(customer_count - lost_count as {{ double_type() }}) / 2 as healthier_count
    from grouped
),

counted as (
    select
        quarter_start_date,
        sum(customer_count) as customer_count,
        sum(lost_count) as lost_count,
        sum(lost_count * healthier_count) as pairs_in_order
    from placed
    group by quarter_start_date
),

measured as (
    select
        *,
        pairs_in_order / nullif(cast(lost_count as {{ double_type() }}) * (customer_count - lost_count), 0) as area
    from counted
),

with_error as (
    select
        *,
        sqrt(
            (
                area * (1 - area)
                + (lost_count - 1) * (area / (2 - area) - area * area)
                + (customer_count - lost_count - 1) * (2 * area * area / (1 + area) - area * area)
            )
            / nullif(cast(lost_count as {{ double_type() }}) * (customer_count - lost_count), 0)
        ) as standard_error,
        case
            when lost_count < {{ var('minimum_n_publish') }} then 'too few lost customers'
            when customer_count - lost_count < {{ var('minimum_n_publish') }} then 'too few customers who stayed'
        end as area_null_reason
    from measured
),

published as (
    select
        *,
        cast(case when area_null_reason is null then {{ statistic('area') }} end as decimal(18, 6)) as area_under_curve,
        cast(case
            when area_null_reason is null then {{ statistic('area - ' ~ var('wilson_z') ~ ' * standard_error') }}
        end as decimal(18, 6)) as interval_low,
        cast(case
            when area_null_reason is null then {{ statistic('area + ' ~ var('wilson_z') ~ ' * standard_error') }}
        end as decimal(18, 6)) as interval_high
    from with_error
),

final as (
    select
        quarter_start_date,
        cast(customer_count as bigint) as customer_count,
        cast(lost_count as bigint) as lost_count,
        area_under_curve,
        interval_low,
        interval_high,
        area_null_reason,
        interval_low > 0.5 as is_better_than_chance
    from published
)

select * from final
