-- A failure means that the days of a metric do not add up to its weeks, months or all time: a day outside the calendar was dropped, or
-- a period counted it twice. What to do: compare the grains of int_metric_periods_<semantic model> for the metric's measures. The
-- denominator of a metric over two marts is left out: on a day on which only one of them has rows, the metric has none.
with

sums as (
    select
        metric_name,
        dimension,
        dimension_value,
        grain,
        sum(numerator) as numerator,
        sum(
            case
                when
                    metric_name not in (
                        'none'
                        {%- for metric in published_metrics() if metric.denominator %}
                        {%- if metric.denominator.model != metric.numerator.model %},
                        '{{ metric.name }}'
                        {%- endif %}
                        {%- endfor %}
                    )
                    then denominator
            end
        ) as denominator
    from {{ ref('metric_values') }}
    where period_start is not null
    group by metric_name, dimension, dimension_value, grain
),

days as (
    select *
    from sums
    where grain = 'day'
),

periods as (
    select *
    from sums
    where grain <> 'day'
)

select
    coalesce(periods.metric_name, days.metric_name) as metric_name,
    coalesce(periods.dimension_value, days.dimension_value) as dimension_value,
    periods.grain,
    periods.numerator,
    days.numerator as numerator_of_days,
    periods.denominator,
    days.denominator as denominator_of_days
from periods
full outer join days
    on
        periods.metric_name = days.metric_name
        and periods.dimension = days.dimension
        and periods.dimension_value = days.dimension_value
where
    periods.numerator is distinct from days.numerator
    or periods.denominator is distinct from days.denominator
