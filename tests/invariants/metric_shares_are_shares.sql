-- A failure means that a share is below 0 or above 1, or that its interval does not contain it or leaves [0, 1]: its numerator counts
-- units that its denominator does not, or the interval's arithmetic is wrong (macros/metrics/wilson.sql). What to do: compare the two
-- measures of the metric; the condition of the numerator must contain that of the denominator.
select
    metric_values.metric_name,
    metric_values.grain,
    metric_values.period_start,
    metric_values.dimension_value,
    metric_values.numerator,
    metric_values.denominator,
    metric_values.value,
    metric_values.interval_low,
    metric_values.interval_high
from {{ ref('metric_values') }} as metric_values
inner join {{ ref('dim_metric') }} as metrics
    on metric_values.metric_name = metrics.metric_name
where
    (
        metrics.unit = 'share'
        and (metric_values.numerator < 0 or metric_values.numerator > metric_values.denominator)
    )
    or metric_values.interval_low < 0
    or metric_values.interval_high > 1
    or metric_values.interval_low > metric_values.value
    or metric_values.interval_high < metric_values.value
    or (metric_values.interval_low is null) <> (metric_values.interval_high is null)
    or (metrics.unit = 'share' and metric_values.denominator > 0 and metric_values.interval_low is null)
