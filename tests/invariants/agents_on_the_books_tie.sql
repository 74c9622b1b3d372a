-- A failure means that agents came or went without being hired or leaving: opening and hires less ends are not closing, or a month does
-- not open with what the one before closed with. What to do: look at int_employments for agents of the month with two employments, and at
-- the last days on the list of agents.
with

months as (
    select
        month_start_date,
        sum(opening_count) as opening_count,
        sum(hire_count) as hire_count,
        sum(end_count) as end_count,
        sum(closing_count) as closing_count
    from {{ ref('fct_agent_months') }}
    group by month_start_date
),

followed as (
    select
        *,
        lead(month_start_date) over (order by month_start_date) as next_month,
        lead(opening_count) over (order by month_start_date) as next_opening_count
    from months
)

select *
from followed
where
    opening_count + hire_count - end_count <> closing_count
    or (
        next_month = cast({{ dbt.dateadd('month', 1, 'month_start_date') }} as date)
        and next_opening_count <> closing_count
    )
