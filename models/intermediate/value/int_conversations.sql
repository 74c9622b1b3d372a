-- One row per handled contact on a live channel: its conversation from the first agent's answer on, how far its talk lies beyond the
-- queue's median, and whether it was lengthy (M48). Talk counts, hold and wrap-up do not: 25 minutes of hold make no conversation.
{{ config(materialized='table') }}

with

contacts as (
    select
        *,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as month_start_date
    from {{ ref('fct_contacts') }}
    where
        {{ is_conversation() }}
),

thresholds as (
    select * from {{ ref('int_lengthy_thresholds') }}
),

final as (
    select
        contacts.contact_id,
        case when contacts.is_identified then contacts.customer_id end as customer_id,
        contacts.direction,
        contacts.channel,
        contacts.queue_id,
        contacts.program_id,
        contacts.vendor_id,
        contacts.reason_code,
        contacts.product_line_id,
        contacts.last_agent_id,
        contacts.business_date,
        contacts.month_start_date,
        coalesce(contacts.answered_at, contacts.started_at) as conversation_started_at,
        contacts.ended_at as conversation_ended_at,
        contacts.talk_seconds,
        contacts.hold_seconds,
        contacts.handle_seconds,
        coalesce(thresholds.threshold_seconds, {{ 60 * var('lengthy_minutes') }}) as threshold_seconds,
        coalesce(thresholds.threshold_rule, 'minutes: queue unknown') as threshold_rule,
        contacts.talk_seconds >= coalesce(thresholds.threshold_seconds, {{ 60 * var('lengthy_minutes') }}) as is_lengthy,
        case
            when contacts.talk_seconds > coalesce(thresholds.median_seconds, 0)
                then contacts.talk_seconds - coalesce(thresholds.median_seconds, 0)
            else 0
        end as excess_seconds
    from contacts
    left join thresholds
        on
            contacts.queue_id = thresholds.queue_id
            and contacts.channel = thresholds.channel
            and contacts.month_start_date = thresholds.month_start_date
)

select * from final
