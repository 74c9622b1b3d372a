-- One row per agent and span of days with one team, site, vendor and role: [effective_from, effective_before).
with

agents as (
    select * from {{ ref('stg_agents') }}
),

spans as (
    select
        *,
        lead(effective_from) over (partition by agent_id order by effective_from) as next_effective_from
    from agents
),

final as (
    select
        agent_id,
        effective_from,
        -- the next row ends the one before, also where the source left it open or let them overlap
        case
            when effective_to < next_effective_from then effective_to
            else coalesce(next_effective_from, effective_to, cast('2999-12-31' as date))
        end as effective_before,
        next_effective_from is null as is_newest,
        team,
        site,
        vendor_id,
        role,
        hired_on,
        left_on,
        leave_kind
    from spans
)

select * from final
