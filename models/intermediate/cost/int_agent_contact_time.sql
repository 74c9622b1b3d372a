-- One row per agent, contact, queue and month: how much of the agent's time the contact took. While an agent has several contacts, each
-- has its share of every second (M34), so that the shares of an agent add up to the time in which there was any. One sweep over the
-- instants of an agent's month at which a contact begins or ends does it: a running clock goes on by elapsed time over the weight of the
-- contacts that are open, and a contact's share of a span is what the clock went on from its beginning to its end.
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
        started_at as happened_at,
        case when is_inside_talk then 0 else weight end as weight_change
    from spans

    union all

    select
        period_month,
        agent_id,
        ended_at as happened_at,
        case when is_inside_talk then 0 else -weight end as weight_change
    from spans
),

instants as (
    select
        period_month,
        agent_id,
        happened_at,
        cast(sum(weight_change) as bigint) as weight_change
    from turns
    group by period_month, agent_id, happened_at
),

ticks as (
    select
        period_month,
        agent_id,
        happened_at,
        {{ seconds_between('lag(happened_at) over in_order', 'happened_at') }} as elapsed_seconds,
        cast(sum(weight_change) over until_here as bigint) - weight_change as open_weight
    from instants
    window
        in_order as (
            partition by period_month, agent_id
            order by happened_at
        ),
        until_here as (
            partition by period_month, agent_id
            order by happened_at
            rows between unbounded preceding and current row
        )
),

clock as (
    select
        period_month,
        agent_id,
        happened_at,
        coalesce(cast(sum(
            {% if var('concurrency_split') == 'none' -%}
            elapsed_seconds * {{ time_units_per_second() }}
            {%- else -%}
            {{ whole_division('elapsed_seconds * ' ~ time_units_per_second() * concurrency_weight_unit(), 'nullif(open_weight, 0)') }}
            {%- endif %}
        ) over (
            partition by period_month, agent_id
            order by happened_at
            rows between unbounded preceding and current row
        ) as bigint), 0) as clock_units
    from ticks
),

timed as (
    select
        spans.period_month,
        spans.agent_id,
        spans.contact_id,
        spans.queue_id,
        spans.activity,
        spans.is_inside_talk,
        spans.weight * (at_end.clock_units - at_start.clock_units) as weighted_units,
        case when spans.activity in ('ring', 'consult') or spans.is_inside_talk then 0 else spans.span_seconds end as handle_seconds
    from spans
    inner join clock as at_start
        on
            spans.period_month = at_start.period_month
            and spans.agent_id = at_start.agent_id
            and spans.started_at = at_start.happened_at
    inner join clock as at_end
        on
            spans.period_month = at_end.period_month
            and spans.agent_id = at_end.agent_id
            and spans.ended_at = at_end.happened_at
),

summed as (
    select
        period_month,
        agent_id,
        contact_id,
        queue_id,
        {%- for activity in agent_activities() %}
        cast(sum(case when activity = '{{ activity }}' and not is_inside_talk then weighted_units else 0 end) as bigint)
            as {{ activity }}_weighted,
        {%- endfor %}
        cast(sum(case when is_inside_talk then weighted_units else 0 end) as bigint) as held_inside_talk_weighted,
        cast(sum(handle_seconds) as bigint) as handle_seconds
    from timed
    group by period_month, agent_id, contact_id, queue_id
),

parts as (
    select
        period_month,
        agent_id,
        contact_id,
        queue_id,
        {%- for part in agent_activities() + ['held_inside_talk'] %}
        {{ part ~ '_weighted' if concurrency_weight_unit() == 1 else whole_division(part ~ '_weighted', concurrency_weight_unit()) }}
            as {{ part }}_units,
        {%- endfor %}
        handle_seconds
    from summed
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
        {{ agent_activities() | join('_units + ') }}_units as contact_units,
        handle_seconds
    from parts
)

select * from final
