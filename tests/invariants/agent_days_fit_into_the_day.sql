-- A failure means that an agent's day has more seconds than a day can have, or that more paid time was away from contacts than was paid:
-- a second was counted twice. What to do: look at int_agent_day_seconds for the agent and day; two months of the books may both have a
-- part of it.
select
    agent_id,
    work_date,
    occupied_seconds,
    available_seconds,
    other_productive_seconds,
    break_seconds,
    unowned_contact_seconds
from {{ ref('fct_agent_days') }}
where
    occupied_seconds < 0
    or occupied_seconds
    + coalesce(available_seconds, 0)
    + coalesce(other_productive_seconds, 0)
    + coalesce(break_seconds, 0)
    + coalesce(unowned_contact_seconds, 0) > 25 * 3600
    or shrinkage_seconds < 0
    or shrinkage_seconds > paid_seconds
