-- One row per span of an agent's time sheet in a month that this build makes anew. The next state ends the one before, also where its own
-- end was lost or lies later; a state without any end has no length and is left out. Paid is what the source says; where it says nothing,
-- breaks and time off are not.
{{ config(materialized='table') }}

with

states as (
    select *
    from {{ ref('stg_agent_states') }}
    where {{ may_be_in_touched_month('started_at', or_later=true) }}
),

months as (
    select * from {{ ref('int_cost_months') }}
    where {{ is_touched('period_month') }}
),

followed as (
    select
        *,
        lead(started_at) over (partition by agent_id order by started_at) as next_started_at
    from states
),

ended as (
    select
        agent_id,
        state,
        coalesce(is_paid, state not in ('break', 'offline'), true) as is_paid,
        {{ dbt.date_trunc('second', 'started_at') }} as started_at,
        {{ dbt.date_trunc('second', 'least(coalesce(ended_at, next_started_at), coalesce(next_started_at, ended_at))') }} as ended_at
    from followed
),

final as (
    select
        months.period_month,
        ended.agent_id,
        ended.state,
        ended.is_paid,
        ended.started_at,
        ended.ended_at,
        {{ seconds_between('ended.started_at', 'ended.ended_at') }} as span_seconds
    from ended
    inner join months
        on
            cast({{ dbt.date_trunc('month', 'ended.started_at') }} as date) = months.utc_month
            and ended.started_at >= months.begins_at
            and ended.started_at < months.ends_at
    where ended.ended_at > ended.started_at
)

select * from final
