-- One row per issue: its contacts put together, and what is known of its end, whether or not its window is over (M12b).
{{ config(materialized=kept(), incremental_strategy='touched', unique_key='customer_id') }}

with

issues as (
    select * from {{ ref('int_issues') }}
),

business_times as (
    select * from {{ ref('int_issue_business_times') }}
),

-- most issues have neither
follow_ups as (
    select
        session_id,
        next_follow_up_at
    from {{ ref('int_reason_repeats') }}
    where next_follow_up_at is not null
),

unknown_follow_ups_and_exits as (
    select
        session_id,
        next_follow_up_at,
        next_exited_at
    from {{ ref('int_customer_repeats') }}
    where
        next_follow_up_at is not null
        or next_exited_at is not null
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
        issues.is_last_handled,
        issues.is_last_escalated,
        coalesce(
            follow_ups.next_follow_up_at <= issues.covers_until
            or unknown_follow_ups_and_exits.next_follow_up_at <= issues.covers_until,
            false
        ) as is_followed_up,
        coalesce(unknown_follow_ups_and_exits.next_exited_at <= issues.covers_until, false) as is_exited
    from issues
    left join follow_ups
        on issues.last_session_id = follow_ups.session_id
    left join unknown_follow_ups_and_exits
        on issues.last_session_id = unknown_follow_ups_and_exits.session_id
    left join business_times
        on issues.issue_id = business_times.issue_id
    left join scheduled_queues
        on issues.queue_id = scheduled_queues.queue_id
)

select * from final
