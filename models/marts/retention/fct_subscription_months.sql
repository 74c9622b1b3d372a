-- One row per subscription and month at whose start or end it was held at a price: what it brought then and then, and how it got from one
-- to the other (M31). Both are valued at the rate of the month's first day, so that no exchange rate looks like growth.
with

states as (
    select * from {{ ref('int_subscription_states') }}
),

months as (
    select * from {{ ref('int_retention_months') }}
),

subscription_ends as (
    select
        subscription_id,
        occurred_at,
        end_reason
    from {{ ref('stg_subscription_events') }}
    where kind = 'end'
),

customers as (
    select
        customer_id,
        segment
    from {{ ref('stg_customers') }}
),

exchange_rates as (
    select * from {{ ref('int_exchange_rates') }}
),

instants as (
    select starts_at as instant from months
    union
    select ends_at as instant from months
),

snapshots as (
    select
        states.subscription_id,
        states.customer_id,
        states.product_line_id,
        instants.instant,
        states.is_paying as is_active,
        states.is_paused,
        states.is_under_notice,
        case when states.is_paused then cast(0 as decimal(18, 4)) else states.price end as price,
        states.currency
    from states
    inner join instants
        on
            states.valid_from <= instants.instant
            and (states.valid_until is null or states.valid_until > instants.instant)
),

-- without an earlier snapshot it had not begun
compared as (
    select
        *,
        coalesce(lag(is_active) over by_time, false) as was_active,
        lag(price) over by_time as previous_price,
        lag(currency) over by_time as previous_currency
    from snapshots
    window by_time as (
        partition by subscription_id
        order by instant
    )
),

moved as (
    select
        compared.subscription_id,
        compared.customer_id,
        compared.product_line_id,
        months.month_start_date,
        months.starts_at,
        months.ends_at,
        months.is_mature,
        compared.was_active as is_active_at_start,
        compared.is_active as is_active_at_end,
        compared.is_paused as is_paused_at_end,
        compared.is_under_notice as is_under_notice_at_end,
        case when compared.was_active then compared.previous_price else cast(0 as decimal(18, 4)) end as start_price,
        compared.previous_currency as start_currency,
        case when compared.is_active then compared.price else cast(0 as decimal(18, 4)) end as end_price,
        compared.currency as end_currency
    from compared
    inner join months
        on compared.instant = months.ends_at
    where
        compared.was_active
        or compared.is_active
),

last_ends as (
    select
        moved.subscription_id,
        moved.month_start_date,
        {{ latest('subscription_ends.end_reason', ['subscription_ends.occurred_at', 'subscription_ends.end_reason']) }} as end_reason
    from moved
    inner join subscription_ends
        on
            moved.subscription_id = subscription_ends.subscription_id
            and moved.starts_at < subscription_ends.occurred_at
            and moved.ends_at >= subscription_ends.occurred_at
    where
        moved.is_active_at_start
        and not moved.is_active_at_end
    group by moved.subscription_id, moved.month_start_date
),

valued as (
    select
        moved.*,
        customers.segment,
        coalesce(last_ends.end_reason, 'voluntary') as end_reason,
        case
            when moved.start_price = 0 then cast(0 as decimal(18, 6))
            else cast(moved.start_price * start_rates.rate_to_reporting as decimal(18, 6))
        end as start_amount,
        case
            when not moved.is_mature then null
            when moved.end_price = 0 then cast(0 as decimal(18, 6))
            else cast(moved.end_price * end_rates.rate_to_reporting as decimal(18, 6))
        end as end_amount
    from moved
    left join customers
        on moved.customer_id = customers.customer_id
    left join last_ends
        on
            moved.subscription_id = last_ends.subscription_id
            and moved.month_start_date = last_ends.month_start_date
    left join exchange_rates as start_rates
        on
            moved.start_currency = start_rates.currency
            and moved.month_start_date = start_rates.date_day
    left join exchange_rates as end_rates
        on
            moved.end_currency = end_rates.currency
            and moved.month_start_date = end_rates.date_day
),

final as (
    select
        subscription_id,
        month_start_date,
        customer_id,
        product_line_id,
        segment,
        is_mature,
        is_active_at_start,
        case when is_mature then is_active_at_end end as is_active_at_end,
        case when is_mature then is_active_at_end and is_paused_at_end end as is_paused_at_end,
        case when is_mature then is_active_at_end and is_under_notice_at_end end as is_under_notice_at_end,
        case when is_mature and is_active_at_start then not is_active_at_end end as is_churned,
        case when is_mature and is_active_at_start and not is_active_at_end then end_reason end as end_reason,
        start_amount,
        end_amount,
        cast(case
            when not is_active_at_start or not is_active_at_end then 0 * end_amount
            when end_amount > start_amount then end_amount - start_amount
            when end_amount <= start_amount then 0
        end as decimal(18, 6)) as expansion_amount,
        cast(case
            when not is_active_at_start or not is_active_at_end then 0 * end_amount
            when end_amount < start_amount then start_amount - end_amount
            when end_amount >= start_amount then 0
        end as decimal(18, 6)) as contraction_amount,
        cast(case
            when is_mature and is_active_at_start and not is_active_at_end then start_amount
            when is_mature then 0
        end as decimal(18, 6)) as churned_amount,
        cast(case
            when is_mature and not is_active_at_start then end_amount
            when is_mature then 0
        end as decimal(18, 6)) as new_amount
    from valued
)

select * from final
