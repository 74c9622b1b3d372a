-- One row per instant at which a customer's last subscription ended: nobody who has left calls again, so silence afterwards says
-- nothing (B.5). A subscription that started at the very instant counts as held. Empty without subscriptions.
{{ config(materialized='table') }}

with

touched_spans as (
    select * from {{ ref('int_subscription_spans') }}
    where {{ is_touched('customer_id') }}
),

-- of most customers no subscription ever ended
customers_with_ends as (
    select customer_id
    from touched_spans
    where held_until is not null
    group by customer_id
),

spans as (
    select touched_spans.*
    from touched_spans
    inner join customers_with_ends
        on touched_spans.customer_id = customers_with_ends.customer_id
),

turns as (
    select
        customer_id,
        subscription_id,
        held_from as happened_at,
        1 as held_change
    from spans

    union all

    select
        customer_id,
        subscription_id,
        held_until as happened_at,
        -1 as held_change
    from spans
    where held_until is not null
),

counted as (
    select
        customer_id,
        happened_at,
        held_change,
        sum(held_change) over (
            partition by customer_id
            order by happened_at, -held_change, subscription_id
            rows between unbounded preceding and current row
        ) as held_count
    from turns
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
