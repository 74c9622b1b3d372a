-- A failure means that a metric broken down by a dimension does not add up to the whole: members were dropped (null is a member too,
-- shown as (unknown)) or counted twice. What to do: look at the dimension in int_metric_periods_<semantic model> for the period named
-- here.
with

parts as (
    select
        metric_name,
        grain,
        period_start,
        dimension,
        sum(numerator) as numerator,
        sum(denominator) as denominator
    from {{ ref('metric_values') }}
    where
        dimension <> 'all'
        and period_start is not null
    group by metric_name, grain, period_start, dimension
),

wholes as (
    select *
    from {{ ref('metric_values') }}
    where dimension = 'all'
)

select
    parts.metric_name,
    parts.grain,
    parts.period_start,
    parts.dimension,
    parts.numerator,
    wholes.numerator as numerator_of_all,
    parts.denominator,
    wholes.denominator as denominator_of_all
from parts
left join wholes
    on
        parts.metric_name = wholes.metric_name
        and parts.grain = wholes.grain
        and parts.period_start = wholes.period_start
where
    parts.numerator is distinct from wholes.numerator
    or parts.denominator is distinct from wholes.denominator
