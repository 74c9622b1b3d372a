-- One row per issue: the contacts of one customer about one reason until it stayed quiet for the reason's window (B.1, M12b).
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

as_of as (
    select as_of
    from {{ ref('int_as_of') }}
    where domain = 'resolution'
),

judged as (
    select
        issues.*,
        case
            when issues.ended_at is null then null
            when scheduled_queues.queue_id is null then {{ seconds_between('issues.started_at', 'issues.ended_at') }}
            else business_times.business_seconds
        end as business_seconds,
        {{ seconds_after('issues.covers_until', 3600 * var('ingestion_lag_hours')) }} as matures_at,
        coalesce(
            {{ seconds_after('issues.covers_until', 3600 * var('ingestion_lag_hours')) }} <= as_of.as_of, false
        ) as is_mature,
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
    left join as_of
        on true
),

explained as (
    select
        *,
        case
            when match_key is null then 'reason unknown'
            when ended_at is null then 'a contact is still open'
            when not is_mature then 'window or the delay of its feeds not over yet'
            when is_followed_up then 'follow-up by an agent delivered the answer'
            when is_exited then 'the customer left within the window'
            when not is_last_handled then 'no agent handled the last contact'
            when is_last_escalated then 'the last contact was escalated'
            else 'quiet for the whole window'
        end as resolution_reason
    from judged
),

final as (
    select
        issue_id,
        customer_id,
        reason_code,
        business_date,
        channel,
        queue_id,
        program_id,
        vendor_id,
        product_line_id,
        issue_id as first_contact_id,
        last_session_id as last_contact_id,
        started_at,
        ended_at,
        contact_count,
        handled_contact_count,
        agent_segment_count,
        agent_count,
        channel_count,
        transfer_count,
        escalation_count,
        handle_seconds,
        cast(handle_seconds / 60.0 as decimal(18, 6)) as agent_minutes,
        case when ended_at is not null then {{ seconds_between('started_at', 'ended_at') }} end as elapsed_seconds,
        business_seconds,
        matures_at,
        is_mature,
        case when match_key is not null and is_mature then has_repeat end as is_reopened,
        case
            when match_key is not null and is_mature and agent_count > 0
                then contact_count = 1 and agent_count = 1 and channel_count = 1
        end as is_seamless,
        case
            when resolution_reason in ('quiet for the whole window', 'follow-up by an agent delivered the answer') then true
            when resolution_reason = 'the last contact was escalated' then false
        end as is_resolved,
        resolution_reason
    from explained
)

select * from final
