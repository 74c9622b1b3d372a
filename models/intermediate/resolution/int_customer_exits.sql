-- One row per instant at which a customer's last subscription ended: nobody who has left calls again, so silence afterwards says
-- nothing (B.5). A subscription that started at the very instant counts as held; one that ended and started at one instant was changed,
-- and stays as it was. Empty without subscriptions.
{{ config(materialized='table') }}

with

touched_subscriptions as (
    select * from {{ ref('stg_subscriptions') }}
    where {{ is_touched('customer_id') }}
),

all_events as (
    select * from {{ ref('stg_subscription_events') }}
),

-- of most customers no subscription ever ended
customers_with_ends as (
    select subscriptions.customer_id
    from all_events as events
    inner join touched_subscriptions as subscriptions
        on events.subscription_id = subscriptions.subscription_id
    where events.kind = 'end'
    group by subscriptions.customer_id
),

subscriptions as (
    select touched_subscriptions.*
    from touched_subscriptions
    inner join customers_with_ends
        on touched_subscriptions.customer_id = customers_with_ends.customer_id
),

subscription_events as (
    select events.*
    from all_events as events
    inner join subscriptions
        on events.subscription_id = subscriptions.subscription_id
),

starts as (
    select subscription_id
    from subscription_events
    where kind = 'start'
    group by subscription_id
),

-- a subscription without a start event runs from its first day; one without either was always there
changes as (
    select
        subscription_id,
        occurred_at as happened_at,
        case when kind = 'end' then 0 else 1 end as is_held
    from subscription_events
    where kind in ('start', 'reactivation', 'end')

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

of_customers as (
    select
        subscriptions.customer_id,
        changes.subscription_id,
        changes.happened_at,
        changes.is_held,
        changes.is_held - coalesce(lag(changes.is_held) over (
            partition by changes.subscription_id
            order by changes.happened_at
        ), 0) as held_change
    from changed_once as changes
    inner join subscriptions
        on changes.subscription_id = subscriptions.subscription_id
),

counted as (
    select
        customer_id,
        happened_at,
        held_change,
        sum(held_change) over (
            partition by customer_id
            order by happened_at, -is_held, subscription_id
            rows between unbounded preceding and current row
        ) as held_count
    from of_customers
),

final as (
    select
        customer_id,
        happened_at as exited_at
    from counted
    where
        held_change < 0
        and held_count = 0
    group by customer_id, happened_at
)

select * from final
