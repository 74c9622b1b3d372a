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
        'start' as kind,
        sessions.started_at as happened_at,
        0 as is_end
    from sessions
    inner join shared
        on sessions.customer_id = shared.customer_id

    union all

    select
        sessions.customer_id,
        sessions.session_id as event_id,
        'end' as kind,
        sessions.ended_at as happened_at,
        1 as is_end
    from sessions
    inner join shared
        on sessions.customer_id = shared.customer_id
    where sessions.ended_at is not null

    union all

    select
        customer_id,
        contact_id as event_id,
        'follow_up' as kind,
        started_at as happened_at,
        0 as is_end
    from follow_ups

    union all

    select
        customer_id,
        '' as event_id,
        'exit' as kind,
        exited_at as happened_at,
        0 as is_end
    from exits
),

neighbours as (
    select
        event_id as session_id,
        kind,
        min(case when kind = 'start' then happened_at end) over after_it as next_started_at,
        min(case when kind = 'follow_up' then happened_at end) over after_it as next_follow_up_at,
        {{ first_known("case when kind = 'follow_up' then event_id end", 'after_it') }} as next_follow_up_id,
        -- sessions that end before the follow-up, and after this one, are nearer to it
        min(case when kind = 'end' then happened_at end) over after_it as next_ended_at,
        min(case when kind = 'exit' then happened_at end) over after_it as next_exited_at
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
    where kind = 'end'
)

select * from final
