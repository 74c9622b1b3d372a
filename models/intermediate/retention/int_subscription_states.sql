-- One row per subscription and span of time in which nothing about it changed: whether it was held, under notice or paused, and what it
-- was priced per month. A price counts from when it is in effect or known, whichever is later. All changes stand in one list, so that one
-- sort carries each of them on; of several at one instant the last one by its event counts.
{{ config(materialized='table') }}

with

subscriptions as (
    select * from {{ ref('stg_subscriptions') }}
    where customer_id is not null
),

subscription_spans as (
    select * from {{ ref('int_subscription_spans') }}
),

subscription_events as (
    select * from {{ ref('stg_subscription_events') }}
),

changes as (
    -- who starts anew is under no old notice and in no old pause
    select
        subscription_id,
        held_from as happened_at,
        0 as change_rank,
        cast('' as {{ dbt.type_string() }}) as event_id,
        1 as is_held,
        0 as is_under_notice,
        0 as is_paused,
        cast(null as decimal(18, 4)) as amount,
        cast(null as {{ dbt.type_string() }}) as currency
    from subscription_spans

    union all

    select
        subscription_id,
        held_until as happened_at,
        0 as change_rank,
        cast('' as {{ dbt.type_string() }}) as event_id,
        0 as is_held,
        0 as is_under_notice,
        0 as is_paused,
        cast(null as decimal(18, 4)) as amount,
        cast(null as {{ dbt.type_string() }}) as currency
    from subscription_spans
    where held_until is not null

    union all

    select
        subscription_id,
        occurred_at as happened_at,
        1 as change_rank,
        event_id,
        cast(null as {{ dbt.type_int() }}) as is_held,
        case kind when 'cancel_notice' then 1 when 'cancel_withdrawn' then 0 end as is_under_notice,
        case kind when 'pause' then 1 when 'resume' then 0 end as is_paused,
        cast(null as decimal(18, 4)) as amount,
        cast(null as {{ dbt.type_string() }}) as currency
    from subscription_events
    where kind in ('cancel_notice', 'cancel_withdrawn', 'pause', 'resume')

    union all

    -- what a pause or an end brings is nothing, and says nothing about the price
    select
        subscription_id,
        {{ counts_from('effective_on', 'occurred_at') }} as happened_at,
        2 as change_rank,
        event_id,
        cast(null as {{ dbt.type_int() }}) as is_held,
        cast(null as {{ dbt.type_int() }}) as is_under_notice,
        cast(null as {{ dbt.type_int() }}) as is_paused,
        recurring_amount_after as amount,
        coalesce(currency, '{{ var("reporting_currency") }}') as currency
    from subscription_events
    where
        kind not in ('pause', 'end')
        and recurring_amount_after is not null
),

carried_on as (
    select
        subscription_id,
        happened_at,
        lead(happened_at) over (partition by subscription_id order by happened_at, change_rank, event_id) as next_happened_at,
        {{ last_known('is_held', 'until_here') }} as is_held,
        {{ last_known('is_under_notice', 'until_here') }} as is_under_notice,
        {{ last_known('is_paused', 'until_here') }} as is_paused,
        {{ last_known('amount', 'until_here') }} as amount,
        {{ last_known('currency', 'until_here') }} as currency
    from changes
    window until_here as (
        partition by subscription_id
        order by happened_at, change_rank, event_id
        rows between unbounded preceding and current row
    )
),

last_of_each_instant as (
    select * from carried_on
    where
        next_happened_at is null
        or next_happened_at > happened_at
),

final as (
    select
        subscriptions.customer_id,
        last_of_each_instant.subscription_id,
        subscriptions.product_line_id,
        last_of_each_instant.happened_at as valid_from,
        last_of_each_instant.next_happened_at as valid_until,
        coalesce(last_of_each_instant.is_held, 0) = 1 as is_held,
        -- a trial costs nothing; a price that nobody told is one, and a pause does not end it
        coalesce(last_of_each_instant.is_held, 0) = 1 and coalesce(last_of_each_instant.amount, 1) <> 0 as is_paying,
        coalesce(last_of_each_instant.is_held, 0) = 1 and coalesce(last_of_each_instant.is_under_notice, 0) = 1 as is_under_notice,
        coalesce(last_of_each_instant.is_held, 0) = 1 and coalesce(last_of_each_instant.is_paused, 0) = 1 as is_paused,
        last_of_each_instant.amount as price,
        last_of_each_instant.currency
    from last_of_each_instant
    inner join subscriptions
        on last_of_each_instant.subscription_id = subscriptions.subscription_id
)

select * from final
