-- A failure means that a value is null without a reason, or carries a reason although it is there, or that a reason is not true. A
-- null without a reason looks like a bug to a reader, a 0 in its place like a fact (B.8). What to do: look at final in metric_values.
select
    metric_name,
    grain,
    period_start,
    dimension_value,
    numerator,
    denominator,
    value,
    null_reason
from {{ ref('metric_values') }}
where
    (value is null) = (null_reason is null)
    or (null_reason = 'no_denominator' and coalesce(denominator, 0) <> 0)
    or (null_reason = 'below_minimum_n' and n >= {{ var('minimum_n_publish') }})
    or (null_reason = 'no_rows' and n is not null)
    or (is_mature is not null and as_of is null)
