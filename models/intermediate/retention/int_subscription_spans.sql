-- One row per span of time in which a customer held a subscription: from its start or reactivation to its end, null where it goes on. A
-- subscription without a start event runs from its first day, and one without either was always there. What ended and started at one
-- instant was changed, and stays as it was.
{{ config(materialized='table') }}

with

subscriptions as (
    select * from {{ ref('stg_subscriptions') }}
    where customer_id is not null
),

subscription_events as (
    select * from {{ ref('stg_subscription_events') }}
    where kind in ('start', 'reactivation', 'end')
),

starts as (
    select subscription_id
    from subscription_events
    where kind = 'start'
    group by subscription_id
),

changes as (
    select
        subscription_id,
        occurred_at as happened_at,
        case when kind = 'end' then 0 else 1 end as is_held
    from subscription_events

    union all

    select
        subscriptions.subscription_id,
        coalesce(
            cast(subscriptions.started_on as {{ dbt.type_timestamp() }}), cast('1900-01-01' as {{ dbt.type_timestamp() }})
        ) as happened_at,
        1 as is_held
    from subscriptions
    left join starts
        on subscriptions.subscription_id = starts.subscription_id
    where starts.subscription_id is null
),

changed_once as (
    select
        subscription_id,
        happened_at,
        min(is_held) as is_held
    from changes
    group by subscription_id, happened_at
    having min(is_held) = max(is_held)
),

compared as (
    select
        *,
        coalesce(lag(is_held) over (partition by subscription_id order by happened_at), 0) as was_held
    from changed_once
),

turns as (
    select
        subscription_id,
        happened_at as held_from,
        lead(happened_at) over (partition by subscription_id order by happened_at) as held_until,
        is_held
    from compared
    where is_held <> was_held
),

final as (
    select
        subscriptions.customer_id,
        turns.subscription_id,
        turns.held_from,
        turns.held_until
    from turns
    inner join subscriptions
        on turns.subscription_id = subscriptions.subscription_id
    where turns.is_held = 1
)

select * from final
