-- A warning means that agents worked who were not delivered in agents, or not for that day: their time belongs to no team and no
-- vendor. What to do: deliver the agent with an effective_from on or before the first work day, also when the person has left.
{{ config(severity='warn') }}

with

legs as (
    select * from {{ ref('fct_agent_segments') }}
),

agents as (
    select * from {{ ref('dim_agent') }}
)

select
    legs.agent_id,
    count(*) as leg_count
from legs
left join agents
    on
        legs.agent_id = agents.agent_id
        and cast(legs.started_at as date) >= agents.effective_from
        and cast(legs.started_at as date) < agents.effective_before
where
    legs.agent_id is not null
    and agents.agent_id is null
group by legs.agent_id
