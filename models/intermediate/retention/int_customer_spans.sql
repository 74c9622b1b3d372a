-- One row per customer and span of time as a paying customer (M24 to M26). With subscriptions: while any of them was held at a price, or
-- at one that nobody told; a gap after a failed payment is none when it was paid within the grace. Without: from a purchase until the
-- silence after one lasts longer than the customer's own purchases ever lay apart, at the 95th percentile, and a year at the most.
{{ config(materialized='table') }}
{%- set grace = 86400 * var('churn_grace_days') %}

with

states as (
    select * from {{ ref('int_subscription_states') }}
),

subscription_ends as (
    select
        subscription_id,
        occurred_at,
        coalesce(end_reason, 'voluntary') as end_reason
    from {{ ref('stg_subscription_events') }}
    where kind = 'end'
),

transactions as (
    select * from {{ ref('stg_transactions') }}
    where
        kind <> 'refund'
        and customer_id is not null
        and occurred_at is not null
),

subscribers as (
    select customer_id
    from {{ ref('stg_subscriptions') }}
    where customer_id is not null
    group by customer_id
),

denied_customer_ids as (
    select customer_id
    from {{ ref('denied_customer_ids') }}
    group by customer_id
),

paying_states as (
    select
        customer_id,
        subscription_id,
        valid_from,
        case when is_paying then 1 else 0 end as is_paying
    from states
),

compared as (
    select
        *,
        coalesce(lag(is_paying) over (partition by subscription_id order by valid_from), 0) as was_paying
    from paying_states
),

turns as (
    select
        compared.customer_id,
        compared.valid_from as happened_at,
        compared.subscription_id,
        compared.is_paying - compared.was_paying as paying_change,
        subscription_ends.end_reason
    from compared
    left join subscription_ends
        on
            compared.subscription_id = subscription_ends.subscription_id
            and compared.valid_from = subscription_ends.occurred_at
    where compared.is_paying <> compared.was_paying
),

counted as (
    select
        *,
        sum(paying_change) over (
            partition by customer_id
            order by happened_at, -paying_change, subscription_id, end_reason
            rows between unbounded preceding and current row
        ) as paying_count
    from turns
),

-- where the first subscription came and the last one went
edges as (
    select
        customer_id,
        happened_at,
        paying_change,
        end_reason,
        lag(happened_at) over by_time as previous_happened_at,
        lag(end_reason) over by_time as previous_end_reason,
        lead(happened_at) over by_time as next_happened_at
    from counted
    where
        (paying_change > 0 and paying_count = 1)
        or (paying_change < 0 and paying_count = 0)
    window by_time as (
        partition by customer_id
        order by happened_at, -paying_change
    )
),

edges_that_count as (
    select * from edges
    where not (
        -- the gap was a failed payment, made up for in time
        (
            paying_change > 0
            and coalesce(previous_end_reason = 'payment' and happened_at <= {{ seconds_after('previous_happened_at', grace) }}, false)
        )
        or (
            paying_change < 0
            and coalesce(end_reason = 'payment' and next_happened_at <= {{ seconds_after('happened_at', grace) }}, false)
        )
    )
),

contractual_spans as (
    select
        customer_id,
        paying_change,
        happened_at as active_from,
        lead(happened_at) over (partition by customer_id order by happened_at, -paying_change) as active_until,
        coalesce(lead(end_reason) over (partition by customer_id order by happened_at, -paying_change), 'voluntary') as end_reason
    from edges_that_count
),

purchases as (
    select
        transactions.customer_id,
        transactions.occurred_at
    from transactions
    left join subscribers
        on transactions.customer_id = subscribers.customer_id
    left join denied_customer_ids
        on transactions.customer_id = denied_customer_ids.customer_id
    where
        subscribers.customer_id is null
        and denied_customer_ids.customer_id is null
    group by transactions.customer_id, transactions.occurred_at
),

gaps as (
    select
        customer_id,
        occurred_at,
        {{ seconds_between('lag(occurred_at) over (partition by customer_id order by occurred_at)', 'occurred_at') }} as gap_seconds
    from purchases
),

ranked_gaps as (
    select
        customer_id,
        gap_seconds,
        row_number() over (partition by customer_id order by gap_seconds, occurred_at) as gap_rank,
        count(*) over (partition by customer_id) as gap_count
    from gaps
    where gap_seconds is not null
),

-- the smallest gap that 95 % of the customer's gaps do not exceed
longest_silences as (
    select
        customer_id,
        min(case when 20 * gap_rank >= 19 * gap_count then gap_seconds end) as silence_seconds
    from ranked_gaps
    group by customer_id
),

purchases_in_turn as (
    select
        gaps.customer_id,
        gaps.occurred_at,
        gaps.gap_seconds,
        case
            when longest_silences.silence_seconds < {{ 86400 * var('inactivity_days') }} then longest_silences.silence_seconds
            else {{ 86400 * var('inactivity_days') }}
        end as silence_seconds
    from gaps
    left join longest_silences
        on gaps.customer_id = longest_silences.customer_id
),

spells as (
    select
        *,
        sum(case when gap_seconds is null or gap_seconds > silence_seconds then 1 else 0 end) over (
            partition by customer_id
            order by occurred_at
            rows between unbounded preceding and current row
        ) as spell_number
    from purchases_in_turn
),

purchase_spans as (
    select
        customer_id,
        min(occurred_at) as active_from,
        {{ seconds_after('max(occurred_at)', 'min(silence_seconds)') }} as active_until
    from spells
    group by customer_id, spell_number
),

all_spans as (
    select
        customer_id,
        'contractual' as basis,
        active_from,
        active_until,
        case when active_until is not null then end_reason end as end_reason
    from contractual_spans
    where paying_change > 0

    union all

    select
        customer_id,
        'non_contractual' as basis,
        active_from,
        active_until,
        'inactive' as end_reason
    from purchase_spans
),

with_gaps as (
    select
        *,
        row_number() over (partition by customer_id order by active_from) as span_number,
        case
            when
                lag(active_until) over (partition by customer_id order by active_from)
                >= {{ seconds_after('active_from', -86400 * var('tenure_gap_days')) }}
                then 0
            else 1
        end as is_new_tenure
    from all_spans
),

final as (
    select
        customer_id,
        basis,
        span_number,
        active_from,
        active_until,
        end_reason,
        -- a longer gap begins the tenure anew
        max(case when is_new_tenure = 1 then active_from end) over (
            partition by customer_id
            order by active_from
            rows between unbounded preceding and current row
        ) as tenure_from
    from with_gaps
)

select * from final
