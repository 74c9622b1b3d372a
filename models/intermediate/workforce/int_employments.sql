-- One row per employment of an agent: from its first to its last day, with why it ended (M15). Moves between teams, sites and vendors are
-- no end of it; a rehire is another one, which also ends one that was left open.
with

agents as (
    select * from {{ ref('dim_agent') }}
),

grouped as (
    select
        agent_id,
        hired_on,
        coalesce(hired_on, min(effective_from)) as began_on,
        max(left_on) as stated_left_on,
        {{ latest('leave_kind', ['effective_from']) }} as leave_kind,
        {{ latest('role', ['effective_from']) }} as role
    from agents
    group by agent_id, hired_on
),

followed as (
    select
        *,
        lead(began_on) over (partition by agent_id order by began_on) as next_began_on,
        row_number() over (partition by agent_id order by began_on) as employment_number
    from grouped
),

final as (
    select
        agent_id,
        cast(employment_number as bigint) as employment_number,
        hired_on,
        began_on,
        case
            when stated_left_on < next_began_on or next_began_on is null then stated_left_on
            else cast({{ dbt.dateadd('day', -1, 'next_began_on') }} as date)
        end as left_on,
        leave_kind,
        coalesce(role, 'agent') as role
    from followed
)

select * from final
