-- One row per business date, queue and drain: minutes and money that went where nobody wanted them (M37). Drains do not overlap: agents'
-- time on a contact counts for the first drain that claims it, in the order of drain_priority. A repeat and a follow-up answer are
-- drained whole; of other contacts what a lateral transfer threw away, then what long holds took beyond the limit. Use of bots that
-- failed takes no agent's time, waiting above plan none of a contact.
{{ config(materialized=judged_when_read()) }}
{%- set drains = ['repeats', 'rework', 'avoidable_transfers', 'long_holds', 'failed_bot_sessions', 'idle_above_plan'] %}

with

costed_contacts as (
    select * from {{ ref('fct_costed_contacts') }}
),

contacts as (
    select
        contact_id,
        purpose,
        hold_seconds
    from {{ ref('fct_contacts') }}
),

repeats as (
    select contact_id
    from {{ ref('fct_contact_repeats') }}
    where is_repeat
),

lateral_transfers as (
    select
        contact_id,
        cast(sum(seconds_since_answer) as bigint) as thrown_away_seconds
    from {{ ref('fct_transfers') }}
    where
        transfer_class = 'lateral'
        and seconds_since_answer is not null
    group by contact_id
),

bot_sessions as (
    select * from {{ ref('int_bot_attempt_sessions') }}
),

failed_attempts as (
    select
        attempt_id,
        business_date
    from {{ ref('fct_bot_attempts') }}
    where leak in ('handed_off', 'handoff_refused', 'abandoned', 'no_evidence', 'circled_back')
),

capacity_costs as (
    select * from {{ ref('fct_capacity_costs') }}
    where
        kind = 'unused_capacity'
        and interval_started_at is not null
),

claimed as (
    select
        costed_contacts.contact_id,
        costed_contacts.business_date,
        costed_contacts.queue_id,
        coalesce(costed_contacts.cost_amount, 0) as cost_amount,
        cast(floor(costed_contacts.agent_minutes * 60) as {{ dbt.type_bigint() }}) as agent_seconds,
        repeats.contact_id is not null as is_repeat,
        costed_contacts.direction = 'outbound' and contacts.purpose = 'follow_up_answer' as is_follow_up,
        coalesce(lateral_transfers.thrown_away_seconds, 0) as thrown_away_seconds,
        greatest(coalesce(contacts.hold_seconds, 0) - {{ var('long_hold_seconds') }}, 0) as long_hold_seconds
    from costed_contacts
    inner join contacts
        on costed_contacts.contact_id = contacts.contact_id
    left join repeats
        on costed_contacts.contact_id = repeats.contact_id
    left join lateral_transfers
        on costed_contacts.contact_id = lateral_transfers.contact_id
    where
        costed_contacts.exclusion_reason is null
        and costed_contacts.direction <> 'internal'
),

split as (
    select
        *,
        case when is_repeat then agent_seconds else 0 end as repeats_seconds,
        case when is_follow_up and not is_repeat then agent_seconds else 0 end as rework_seconds,
        case when not is_repeat and not is_follow_up then least(thrown_away_seconds, agent_seconds) else 0 end
            as avoidable_transfers_seconds,
        case
            when not is_repeat and not is_follow_up
                then least(long_hold_seconds, agent_seconds - least(thrown_away_seconds, agent_seconds))
            else 0
        end as long_holds_seconds
    from claimed
),

on_contacts as (
    {%- for drain in ['repeats', 'rework', 'avoidable_transfers', 'long_holds'] %}
    {{ 'union all' if not loop.first }}
    select
        '{{ drain }}' as drain,
        business_date,
        queue_id,
        {{ drain }}_seconds as agent_seconds,
        cast(0 as bigint) as bot_seconds,
        {% if drain == 'repeats' -%}
        cost_amount
        {%- elif drain == 'rework' -%}
        cost_amount
        {%- else -%}
        coalesce({{ share_of('cost_amount', drain ~ '_seconds', 'agent_seconds') }}, 0) as cost_amount
        {%- endif %}
    from split
    where {{ 'is_repeat' if drain == 'repeats' else 'is_follow_up and not is_repeat' if drain == 'rework' else drain ~ '_seconds > 0' }}
    {%- endfor %}
),

-- what a repeat cost with its bot is drained already
of_bots as (
    select
        'failed_bot_sessions' as drain,
        failed_attempts.business_date,
        costed_contacts.queue_id,
        cast(0 as bigint) as agent_seconds,
        coalesce({{ seconds_between('bot_sessions.started_at', 'bot_sessions.ended_at') }}, 0) as bot_seconds,
        case when bot_sessions.own_contact_id is not null and repeats.contact_id is null then costed_contacts.technology_amount else 0 end
            as cost_amount
    from bot_sessions
    inner join failed_attempts
        on bot_sessions.attempt_id = failed_attempts.attempt_id
    left join costed_contacts
        on bot_sessions.own_contact_id = costed_contacts.contact_id
    left join repeats
        on bot_sessions.own_contact_id = repeats.contact_id
),

waiting as (
    select
        cast(interval_started_at as date) as business_date,
        queue_id,
        cast(floor(sum(agent_minutes) * 60) as {{ dbt.type_bigint() }}) as waiting_seconds,
        cast(sum(cost_amount) as decimal(18, 6)) as cost_amount
    from capacity_costs
    group by cast(interval_started_at as date), queue_id
),

working as (
    select
        business_date,
        queue_id,
        sum(agent_seconds) as agent_seconds
    from claimed
    group by business_date, queue_id
),

above_plan as (
    select
        waiting.business_date,
        waiting.queue_id,
        waiting.cost_amount,
        waiting.waiting_seconds,
        cast(greatest(
            waiting.waiting_seconds
            - floor(coalesce(working.agent_seconds, 0) * (1 - {{ var('planned_occupancy') }}) / {{ var('planned_occupancy') }}), 0
        ) as {{ dbt.type_bigint() }}) as seconds_above_plan
    from waiting
    left join working
        on
            waiting.business_date = working.business_date
            and waiting.queue_id = working.queue_id
),

parts as (
    select * from on_contacts

    union all

    select * from of_bots

    union all

    select
        'idle_above_plan' as drain,
        business_date,
        queue_id,
        seconds_above_plan as agent_seconds,
        cast(0 as bigint) as bot_seconds,
        {{ share_of('cost_amount', 'seconds_above_plan', 'waiting_seconds') }} as cost_amount
    from above_plan
    where seconds_above_plan > 0
),

summed as (
    select
        business_date,
        queue_id,
        drain,
        count(*) as unit_count,
        cast(sum(agent_seconds) as bigint) as agent_seconds,
        cast(sum(bot_seconds) as bigint) as bot_seconds,
        cast(sum(cost_amount) as decimal(18, 6)) as cost_amount
    from parts
    group by business_date, queue_id, drain
),

final as (
    select
        business_date,
        queue_id,
        drain,
        case drain
            {%- for drain in drains %}
            when '{{ drain }}' then {{ loop.index }}
            {%- endfor %}
        end as drain_priority,
        unit_count,
        {{ share_of('cast(1 as decimal(18, 6))', 'agent_seconds', 60) }} as agent_minutes,
        {{ share_of('cast(1 as decimal(18, 6))', 'bot_seconds', 60) }} as bot_minutes,
        cost_amount,
        {{ share_of('cast(1 as decimal(18, 6))', 'agent_seconds', 60 * var('practical_minutes_per_day')) }} as full_time_days
    from summed
)

select * from final
