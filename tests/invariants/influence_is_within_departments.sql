-- A failure means that the memo of contacts credits a department's month with more than it booked, or that credits are lost on the way
-- (M30). What to do: compare the sales of that month in int_transaction_amounts with their rows of the headline window in
-- fct_revenue_influence.
with

departments as (
    select
        sum(influenced_amount) as influenced_amount,
        count(case when influenced_amount > net_amount then 1 end) as exceeded_count
    from {{ ref('fct_department_revenue') }}
),

credited as (
    select sum(credited_amount) as credited_amount
    from {{ ref('fct_revenue_influence') }}
    where is_headline
)

select
    departments.influenced_amount,
    departments.exceeded_count,
    credited.credited_amount
from departments
cross join credited
where
    departments.exceeded_count > 0
    or coalesce(departments.influenced_amount, 0) is distinct from coalesce(credited.credited_amount, 0)
