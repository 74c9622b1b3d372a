-- One row per cancellation that a customer asked for and did not take back: the first notice of several, or the end itself where nothing
-- announced it. A notice that was withdrawn, or after which the subscription was reactivated, is none (M25).
{{ config(materialized='table') }}

with

subscriptions as (
    select * from {{ ref('stg_subscriptions') }}
    where customer_id is not null
),

subscription_events as (
    select * from {{ ref('stg_subscription_events') }}
    where kind in ('cancel_notice', 'cancel_withdrawn', 'end', 'start', 'reactivation')
),

compared as (
    select
        *,
        lag(kind) over (partition by subscription_id order by occurred_at, event_id) as event_before
    from subscription_events
),

-- the first of events of one kind in a row
turns as (
    select
        *,
        lag(kind) over by_time as kind_before,
        lead(kind) over by_time as next_kind,
        lead(occurred_at) over by_time as next_occurred_at,
        lead(end_reason) over by_time as next_end_reason
    from compared
    where
        event_before is null
        or event_before <> kind
    window by_time as (
        partition by subscription_id
        order by occurred_at, event_id
    )
),

cancellations as (
    select
        event_id as cancellation_id,
        subscription_id,
        occurred_at as requested_at,
        kind = 'cancel_notice' as has_notice,
        case when kind = 'end' then occurred_at else next_occurred_at end as ended_at,
        case when kind = 'end' then end_reason else coalesce(next_end_reason, end_reason) end as end_reason
    from turns
    where
        (kind = 'cancel_notice' and coalesce(next_kind, 'end') = 'end')
        or (kind = 'end' and coalesce(kind_before, 'none') <> 'cancel_notice')
),

final as (
    select
        cancellations.cancellation_id,
        cancellations.subscription_id,
        subscriptions.customer_id,
        cancellations.requested_at,
        cancellations.ended_at,
        cancellations.has_notice,
        cancellations.end_reason,
        -- a reason that nobody gave is the customer's own
        coalesce(cancellations.end_reason, 'voluntary') = 'voluntary' as is_voluntary
    from cancellations
    inner join subscriptions
        on cancellations.subscription_id = subscriptions.subscription_id
)

select * from final
