-- One row per agent, contact, queue and month: how much of the agent's time the contact took. While an agent has several contacts, each
-- has its share of every second (M34), so that the shares of an agent add up to the time in which there was any. One sweep over the
-- beginnings and ends of an agent's month does it: a running clock goes on by elapsed time over the weight of the contacts that are open,
-- and a contact's share of a span is what the clock went on in it.
{{ config(materialized='table') }}

with

spans as (
    select * from {{ ref('int_agent_contact_spans') }}
),

-- a hold inside talk is open already: it moves no weight
turns as (
    select
        period_month,
        agent_id,
        contact_id,
        queue_id,
        activity,
        is_inside_talk,
        started_at as happened_at,
        weight,
        -1 as reads_clock,
        case when is_inside_talk then 0 else weight end as weight_change,
        0 as span_seconds
    from spans

    union all

    select
        period_month,
        agent_id,
        contact_id,
        queue_id,
        activity,
        is_inside_talk,
        ended_at as happened_at,
        weight,
        1 as reads_clock,
        case when is_inside_talk then 0 else -weight end as weight_change,
        case when activity in ('ring', 'consult') or is_inside_talk then 0 else span_seconds end as span_seconds
    from spans
),

-- turns of one instant may stand in any order: no time passes between them, and all of them read the clock when the last one has turned
ticks as (
    select
        *,
        {{ seconds_between('lag(happened_at) over in_order', 'happened_at') }} as elapsed_seconds,
        sum(weight_change) over in_order - weight_change as open_weight
    from turns
    window in_order as (
        partition by period_month, agent_id
        order by happened_at, weight_change
        rows between unbounded preceding and current row
    )
),

clock as (
    select
        *,
        sum(
            {% if var('concurrency_split') == 'none' -%}
            elapsed_seconds * {{ time_units_per_second() }}
            {%- else -%}
            {{ whole_division('elapsed_seconds * ' ~ time_units_per_second() * concurrency_weight_unit(), 'nullif(open_weight, 0)') }}
            {%- endif %}
        ) over (
            partition by period_month, agent_id
            order by happened_at
            range between unbounded preceding and current row
        ) as clock_units
    from ticks
),

shares as (
    select
        period_month,
        agent_id,
        contact_id,
        queue_id,
        activity,
        is_inside_talk,
        {% if concurrency_weight_unit() == 1 -%}
        cast(sum(reads_clock * weight * coalesce(clock_units, 0)) as bigint) as time_units,
        {%- else -%}
        {{ whole_division(
            'cast(sum(reads_clock * weight * coalesce(clock_units, 0)) as bigint)', concurrency_weight_unit()
        ) }} as time_units,
        {%- endif %}
        cast(sum(span_seconds) as bigint) as handle_seconds
    from clock
    group by period_month, agent_id, contact_id, queue_id, activity, is_inside_talk
),

parts as (
    select
        period_month,
        agent_id,
        contact_id,
        queue_id,
        {%- for activity in agent_activities() %}
        cast(sum(case when activity = '{{ activity }}' and not is_inside_talk then time_units else 0 end) as bigint)
            as {{ activity }}_units,
        {%- endfor %}
        cast(sum(case when is_inside_talk then time_units else 0 end) as bigint) as held_inside_talk_units,
        cast(sum(case when is_inside_talk then 0 else time_units end) as bigint) as contact_units,
        cast(sum(handle_seconds) as bigint) as handle_seconds
    from shares
    group by period_month, agent_id, contact_id, queue_id
),

final as (
    select
        period_month,
        agent_id,
        contact_id,
        queue_id,
        ring_units,
        talk_units - least(talk_units, held_inside_talk_units) as talk_units,
        hold_units + least(talk_units, held_inside_talk_units) as hold_units,
        message_units,
        consult_units,
        wrap_units,
        contact_units,
        handle_seconds
    from parts
)

select * from final
