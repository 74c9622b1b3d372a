-- One row per agent, month and use of time that belongs to no contact: unowned time, waiting by half hour, other work by kind. They stand
-- in line behind the agent's contacts, so that what the agent cost is cut once over all of it.
{%- set units = time_units_per_second() %}

with

agent_months as (
    select * from {{ ref('int_agent_months') }}
),

available_time as (
    select
        *,
        cast(sum(available_seconds) over (
            partition by period_month, agent_id
            order by interval_started_at
            rows between unbounded preceding and current row
        ) as bigint) as seconds_through,
        cast(sum(available_seconds) over (partition by period_month, agent_id) as bigint) as seconds_of_all
    from {{ ref('int_agent_available_time') }}
),

state_spans as (
    select * from {{ ref('int_agent_state_spans') }}
),

waits as (
    select
        agent_months.period_month,
        agent_months.agent_id,
        'unused_capacity' as kind,
        'available' as activity,
        available_time.interval_started_at,
        coalesce(
            {{ whole_share('agent_months.unused_units', 'available_time.seconds_through', 'available_time.seconds_of_all') }}
            - {{ whole_share(
                'agent_months.unused_units',
                'available_time.seconds_through - available_time.available_seconds',
                'available_time.seconds_of_all'
            ) }},
            agent_months.unused_units
        ) as time_units
    from agent_months
    left join available_time
        on
            agent_months.period_month = available_time.period_month
            -- a condition on one side alone would make this a loop over both
            and case when agent_months.capacity_basis = 'measured' then agent_months.agent_id end = available_time.agent_id
    where agent_months.unused_units > 0
),

other_work as (
    select
        state_spans.period_month,
        state_spans.agent_id,
        'non_contact' as kind,
        state_spans.state as activity,
        cast(null as {{ dbt.type_timestamp() }}) as interval_started_at,
        sum(state_spans.span_seconds) * {{ units }} as time_units
    from state_spans
    inner join agent_months
        on
            state_spans.period_month = agent_months.period_month
            and state_spans.agent_id = agent_months.agent_id
    where
        state_spans.is_paid
        and state_spans.state in ('meeting', 'training', 'coaching', 'project')
        and agent_months.capacity_basis = 'measured'
    group by state_spans.period_month, state_spans.agent_id, state_spans.state
),

uses as (
    select
        period_month,
        agent_id,
        'unowned' as kind,
        'contact without a record' as activity,
        cast(null as {{ dbt.type_timestamp() }}) as interval_started_at,
        unowned_units as time_units
    from agent_months
    where unowned_units > 0

    union all

    select * from waits
    where time_units > 0

    union all

    select * from other_work
    where time_units > 0
),

final as (
    select
        uses.period_month,
        uses.agent_id,
        agent_months.home_queue_id as queue_id,
        uses.kind,
        uses.activity,
        uses.interval_started_at,
        cast(uses.time_units as bigint) as time_units,
        -- unowned and waiting come first: a contract by productive hours pays for them, not for the rest
        agent_months.used_units + cast(sum(uses.time_units) over (
            partition by uses.period_month, uses.agent_id
            order by
                case uses.kind when 'unowned' then 1 when 'unused_capacity' then 2 else 3 end,
                uses.interval_started_at,
                uses.activity
            rows between unbounded preceding and current row
        ) as bigint) as units_through
    from uses
    inner join agent_months
        on
            uses.period_month = agent_months.period_month
            and uses.agent_id = agent_months.agent_id
)

select * from final
