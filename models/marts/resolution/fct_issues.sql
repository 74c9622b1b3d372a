-- One row per issue: the contacts of one customer about one reason until it stayed quiet for the reason's window (B.1, M12b). The issue is
-- kept (int_issue_endings); whether its window is over is seen when it is read, by as_of.
{{ config(materialized=judged_when_read()) }}

with

issues as (
    select * from {{ ref('int_issue_endings') }}
),

as_of as (
    select as_of
    from {{ ref('int_as_of') }}
    where domain = 'resolution'
),

judged as (
    select
        issues.*,
        {{ seconds_after('issues.covers_until', 3600 * var('ingestion_lag_hours')) }} as matures_at,
        coalesce(
            {{ seconds_after('issues.covers_until', 3600 * var('ingestion_lag_hours')) }} <= as_of.as_of, false
        ) as is_mature
    from issues
    left join as_of
        on true
),

explained as (
    select
        *,
        case
            when not is_reason_known then 'reason unknown'
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
        last_contact_id,
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
        case when is_reason_known and is_mature then has_repeat end as is_reopened,
        case
            when is_reason_known and is_mature and agent_count > 0
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
