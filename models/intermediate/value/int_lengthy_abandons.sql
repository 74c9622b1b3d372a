-- One row per lengthy contact with the contacts that abandoned its queue while it lasted, in (start, end] (M48): all of them, those at
-- whose moment nobody of the queue was free, those of which the staffing is not known, and its part of the blame. An abandon is shared by
-- all conversations of the queue at its moment, by their seconds beyond the median. Short abandons, and customers who tried again and were
-- answered, do not count. Each queue is swept once, in the order of time.
{{ config(materialized='table') }}

with

conversations as (
    select * from {{ ref('int_conversations') }}
    where
        queue_id is not null
        and conversation_ended_at > conversation_started_at
),

abandons as (
    select
        contact_id,
        queue_id,
        ended_at,
        cast(ended_at as date) as ended_on
    from {{ ref('fct_contacts') }}
    where
        is_abandoned
        and abandoned_in = 'queue'
        and not is_short_abandon
        and not coalesce(is_answered_after_redial, false)
        and is_live
        and exclusion_reason is null
        and queue_id is not null
        and ended_at is not null
),

agent_states as (
    select
        agent_id,
        state,
        started_at,
        coalesce(ended_at, lead(started_at) over (partition by agent_id order by started_at)) as ended_at
    from {{ ref('stg_agent_states') }}
),

queue_agents as (
    select
        queue_id,
        agent_id,
        cast(started_at as date) as worked_on
    from {{ ref('fct_agent_segments') }}
    where
        queue_id is not null
        and agent_id is not null
    group by queue_id, agent_id, cast(started_at as date)
),

-- who served the queue on the day, and kept a time sheet
queue_states as (
    select
        queue_agents.queue_id,
        queue_agents.worked_on,
        agent_states.agent_id,
        agent_states.state,
        agent_states.started_at,
        agent_states.ended_at
    from agent_states
    inner join queue_agents
        on
            agent_states.agent_id = queue_agents.agent_id
            and cast(agent_states.started_at as date) = queue_agents.worked_on
),

staffed_days as (
    select
        queue_id,
        worked_on
    from queue_states
    group by queue_id, worked_on
),

-- at one instant an abandon comes first, then what ends, then what starts
events as (
    select
        abandons.queue_id,
        abandons.ended_at as happened_at,
        0 as event_order,
        abandons.contact_id as event_id,
        0 as conversation_change,
        cast(0 as bigint) as excess_change,
        0 as free_change,
        1 as is_abandon,
        case when staffed_days.queue_id is null then 0 else 1 end as is_staffing_known,
        0 as is_lengthy
    from abandons
    left join staffed_days
        on
            abandons.queue_id = staffed_days.queue_id
            and abandons.ended_on = staffed_days.worked_on

    {%- for at, order, change in [('conversation_started_at', 2, 1), ('conversation_ended_at', 1, -1)] %}

    union all

    select
        queue_id,
        {{ at }} as happened_at,
        {{ order }} as event_order,
        contact_id as event_id,
        {{ change }} as conversation_change,
        cast({{ change }} * excess_seconds as bigint) as excess_change,
        0 as free_change,
        0 as is_abandon,
        0 as is_staffing_known,
        case when is_lengthy then 1 else 0 end as is_lengthy
    from conversations
    {%- endfor %}
    {%- for at, order, change in [('started_at', 2, 1), ('ended_at', 1, -1)] %}

    union all

    select
        queue_id,
        {{ at }} as happened_at,
        {{ order }} as event_order,
        agent_id as event_id,
        0 as conversation_change,
        cast(0 as bigint) as excess_change,
        {{ change }} as free_change,
        0 as is_abandon,
        0 as is_staffing_known,
        0 as is_lengthy
    from queue_states
    where
        state = 'available'
        and ended_at > started_at
    {%- endfor %}
),

running as (
    select
        *,
        sum(excess_change) over in_order as excess_seconds,
        sum(free_change) over in_order as free_count
    from events
    window in_order as (
        partition by queue_id
        order by happened_at, event_order, event_id, free_change
        rows between unbounded preceding and current row
    )
),

-- nobody was free, or it is not known
weighed as (
    select
        *,
        case when is_abandon = 1 and is_staffing_known = 1 and free_count = 0 then 1 else 0 end as is_at_capacity,
        case when is_abandon = 1 and is_staffing_known = 0 then 1 else 0 end as is_unknown,
        case
            when is_abandon = 1 and is_staffing_known = 1 and free_count = 0 and excess_seconds > 0
                then cast(1 / cast(excess_seconds as {{ double_type() }}) as decimal(20, 12))
            else cast(0 as decimal(20, 12))
        end as part_per_second
    from running
),

so_far as (
    select
        event_id,
        conversation_change,
        is_lengthy,
        sum(is_abandon) over in_order as is_abandon,
        sum(is_at_capacity) over in_order as is_at_capacity,
        sum(is_unknown) over in_order as is_unknown,
        sum(part_per_second) over in_order as part_per_second
    from weighed
    window in_order as (
        partition by queue_id
        order by happened_at, event_order, event_id, free_change
        rows between unbounded preceding and current row
    )
),

-- what the sums have grown by between start and end
grown as (
    select
        event_id as contact_id,
        max(is_abandon) - min(is_abandon) as is_abandon,
        max(is_at_capacity) - min(is_at_capacity) as is_at_capacity,
        max(is_unknown) - min(is_unknown) as is_unknown,
        max(part_per_second) - min(part_per_second) as part_per_second
    from so_far
    where
        is_lengthy = 1
        and conversation_change <> 0
    group by event_id
),

final as (
    select
        conversations.contact_id,
        cast(grown.is_abandon as bigint) as abandon_count,
        cast(grown.is_at_capacity as bigint) as capacity_abandon_count,
        cast(grown.is_unknown as bigint) as unknown_staffing_abandon_count,
        cast(
            cast(conversations.excess_seconds as decimal(12, 0)) * cast(grown.part_per_second as decimal(20, 12)) as decimal(18, 6)
        ) as shared_abandon_count
    from conversations
    inner join grown
        on conversations.contact_id = grown.contact_id
)

select * from final
