-- A failure means that the shares of a month's minutes or value at stake do not add up to 1, or that its misallocation index leaves 0 to
-- 1 (M46). What to do: look at the cells of the month in fct_value_misallocation; a contact is in two of them, or in none.
select
    month_start_date,
    sum(minutes_share) as minutes_share,
    sum(value_share) as value_share,
    sum(half_distance) as misallocation_index
from {{ ref('fct_value_misallocation') }}
group by month_start_date
having
    abs(sum(minutes_share) - 1) > 0.0001
    or abs(sum(value_share) - 1) > 0.0001
    or sum(half_distance) < 0
    or sum(half_distance) > 1
