-- One row per ended session of a customer who has another one, was followed up without a known reason, or left: what happened to the
-- customer next, whatever the reason (M10). A follow-up of unknown reason belongs to the session that ended last before it.
{{ config(materialized='table') }}

with

sessions as (
    select
        session_id,
        customer_id,
        started_at,
        ended_at
    from {{ ref('int_contact_sessions') }}
),

follow_ups as (
    select
        contact_id,
        customer_id,
        started_at
    from {{ ref('int_built_contacts') }}
    where
        exclusion_reason is null
        and is_identified
        and direction = 'outbound'
        and purpose = 'follow_up_answer'
        and reason_code is null
),

exits as (
    select * from {{ ref('int_customer_exits') }}
),

members as (
    select customer_id from sessions
    union all
    select customer_id from follow_ups
    union all
    select customer_id from exits
),

shared as (
    select customer_id
    from members
    group by customer_id
    having count(*) > 1
),

events as (
    select
        sessions.customer_id,
        sessions.session_id as event_id,
        sessions.started_at as happened_at,
        0 as is_end,
        cast(null as {{ dbt.type_string() }}) as ended_session_id,
        sessions.started_at,
        cast(null as {{ dbt.type_string() }}) as follow_up_id,
        cast(null as {{ dbt.type_timestamp() }}) as follow_up_at,
        cast(null as {{ dbt.type_timestamp() }}) as exited_at
    from sessions
    inner join shared
        on sessions.customer_id = shared.customer_id

    union all

    select
        sessions.customer_id,
        sessions.session_id as event_id,
        sessions.ended_at as happened_at,
        1 as is_end,
        sessions.session_id as ended_session_id,
        cast(null as {{ dbt.type_timestamp() }}) as started_at,
        cast(null as {{ dbt.type_string() }}) as follow_up_id,
        cast(null as {{ dbt.type_timestamp() }}) as follow_up_at,
        cast(null as {{ dbt.type_timestamp() }}) as exited_at
    from sessions
    inner join shared
        on sessions.customer_id = shared.customer_id
    where sessions.ended_at is not null

    union all

    select
        customer_id,
        contact_id as event_id,
        started_at as happened_at,
        0 as is_end,
        cast(null as {{ dbt.type_string() }}) as ended_session_id,
        cast(null as {{ dbt.type_timestamp() }}) as started_at,
        contact_id as follow_up_id,
        started_at as follow_up_at,
        cast(null as {{ dbt.type_timestamp() }}) as exited_at
    from follow_ups

    union all

    select
        customer_id,
        '' as event_id,
        exited_at as happened_at,
        0 as is_end,
        cast(null as {{ dbt.type_string() }}) as ended_session_id,
        cast(null as {{ dbt.type_timestamp() }}) as started_at,
        cast(null as {{ dbt.type_string() }}) as follow_up_id,
        cast(null as {{ dbt.type_timestamp() }}) as follow_up_at,
        exited_at
    from exits
),

neighbours as (
    select
        ended_session_id as session_id,
        min(started_at) over after_it as next_started_at,
        min(follow_up_at) over after_it as next_follow_up_at,
        {{ first_known('follow_up_id', 'after_it') }} as next_follow_up_id,
        -- sessions that end before the follow-up, and after this one, are nearer to it
        min(case when is_end = 1 then happened_at end) over after_it as next_ended_at,
        min(exited_at) over after_it as next_exited_at
    from events
    window
        after_it as (
            partition by customer_id
            order by happened_at, is_end, event_id
            rows between 1 following and unbounded following
        )
),

final as (
    select
        session_id,
        next_started_at,
        case when next_ended_at < next_follow_up_at then null else next_follow_up_at end as next_follow_up_at,
        case when next_ended_at < next_follow_up_at then null else next_follow_up_id end as next_follow_up_id,
        next_exited_at
    from neighbours
    where session_id is not null
)

select * from final
