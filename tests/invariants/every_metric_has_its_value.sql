-- A failure means that a published metric has no row over all time, or two, or rows of another version than its card: a reader would
-- not find it, and not learn why. What to do: metric_values must have one row with grain all and dimension all for each row of
-- dim_metric.
with

metrics as (
    select * from {{ ref('dim_metric') }}
),

metric_values as (
    select * from {{ ref('metric_values') }}
),

over_all_time as (
    select
        metric_name,
        count(*) as row_count
    from metric_values
    where
        grain = 'all'
        and dimension = 'all'
    group by metric_name
)

select
    metrics.metric_name,
    'rows over all time' as problem
from metrics
left join over_all_time
    on metrics.metric_name = over_all_time.metric_name
where over_all_time.row_count is distinct from 1

union all

select
    metric_values.metric_name,
    'version or hash differs from the card' as problem
from metric_values
left join metrics
    on metric_values.metric_name = metrics.metric_name
where
    metric_values.metric_version is distinct from metrics.version
    or metric_values.config_hash is distinct from metrics.config_hash
group by metric_values.metric_name
