-- One row per issue: its contacts put together, and what is known of its end, whether or not its window is over (M12b).
{{ config(materialized=kept(), incremental_strategy='touched', unique_key='customer_id') }}

with

issues as (
    select * from {{ ref('int_issues') }}
),

business_times as (
    select * from {{ ref('int_issue_business_times') }}
),

sessions as (
    select * from {{ ref('int_contact_sessions') }}
),

reason_repeats as (
    select * from {{ ref('int_reason_repeats') }}
),

customer_repeats as (
    select * from {{ ref('int_customer_repeats') }}
),

-- a queue with hours has none open before the first of them
scheduled_queues as (
    select queue_id
    from {{ ref('stg_queue_hours') }}
    group by queue_id
),

final as (
    select
        issues.issue_id,
        issues.customer_id,
        issues.reason_code,
        issues.business_date,
        issues.channel,
        issues.queue_id,
        issues.program_id,
        issues.vendor_id,
        issues.product_line_id,
        issues.last_session_id as last_contact_id,
        issues.started_at,
        issues.ended_at,
        issues.covers_until,
        issues.contact_count,
        issues.handled_contact_count,
        issues.agent_segment_count,
        issues.agent_count,
        issues.channel_count,
        issues.transfer_count,
        issues.escalation_count,
        issues.handle_seconds,
        issues.has_repeat,
        issues.match_key is not null as is_reason_known,
        case
            when issues.ended_at is null then null
            when scheduled_queues.queue_id is null then {{ seconds_between('issues.started_at', 'issues.ended_at') }}
            else business_times.business_seconds
        end as business_seconds,
        last_sessions.is_handled as is_last_handled,
        last_sessions.escalation_count > 0 as is_last_escalated,
        coalesce(
            reason_repeats.next_follow_up_at <= issues.covers_until or customer_repeats.next_follow_up_at <= issues.covers_until, false
        ) as is_followed_up,
        coalesce(customer_repeats.next_exited_at <= issues.covers_until, false) as is_exited
    from issues
    inner join sessions as last_sessions
        on issues.last_session_id = last_sessions.session_id
    left join reason_repeats
        on issues.last_session_id = reason_repeats.session_id
    left join customer_repeats
        on issues.last_session_id = customer_repeats.session_id
    left join business_times
        on issues.issue_id = business_times.issue_id
    left join scheduled_queues
        on issues.queue_id = scheduled_queues.queue_id
)

select * from final
