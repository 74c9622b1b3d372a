-- One row per inbound contact that an agent handled, of an identified customer: what came next, however late, and what it followed itself
-- (M10, M11, M12). Reconnects are a part of the contact that they continue.
{{ config(materialized=kept(), incremental_strategy='touched', unique_key='customer_id') }}

with

sessions as (
    select * from {{ ref('int_contact_sessions') }}
),

repeats as (
    select * from {{ ref('int_reason_repeats') }}
),

customer_repeats as (
    select * from {{ ref('int_customer_repeats') }}
),

ticket_replies as (
    select * from {{ ref('int_ticket_replies') }}
),

offsets as (
    select * from {{ ref('int_timezone_offsets') }}
),

handled as (
    select
        sessions.*,
        coalesce(repeats.issue_id, sessions.session_id) as issue_id,
        coalesce(repeats.is_repeat, false) as has_one_before,
        coalesce(repeats.is_parallel, false) as is_parallel,
        repeats.previous_session_id,
        repeats.next_session_id,
        repeats.next_started_at,
        repeats.next_reopening_at,
        repeats.next_follow_up_at,
        repeats.next_follow_up_id,
        customer_repeats.next_follow_up_at as next_unknown_follow_up_at,
        customer_repeats.next_follow_up_id as next_unknown_follow_up_id,
        customer_repeats.next_exited_at,
        customer_repeats.next_started_at as next_any_started_at,
        coalesce(ticket_replies.agent_message_count, 0) as agent_message_count
    from sessions
    left join repeats
        on sessions.session_id = repeats.session_id
    left join customer_repeats
        on sessions.session_id = customer_repeats.session_id
    left join ticket_replies
        on sessions.session_id = ticket_replies.session_id
    where sessions.is_handled
),

-- the end of the next local day is at most 49 hours away (a day has up to 25), so that later contacts need no local time
next_days as (
    select
        handled.session_id,
        cast({{ seconds_after(
            seconds_after('handled.next_started_at', 'offsets_at_next.utc_offset_seconds'), -3600 * var('business_day_start_hour')
        ) }} as date) as next_business_date,
        cast({{ seconds_after(
            seconds_after('handled.ended_at', 'offsets_at_end.utc_offset_seconds'), 86400 - 3600 * var('business_day_start_hour')
        ) }} as date) as day_after_end
    from handled
    inner join offsets as offsets_at_next
        on
            handled.business_timezone = offsets_at_next.timezone
            and handled.next_started_at >= offsets_at_next.valid_from
            and handled.next_started_at < offsets_at_next.valid_to
    inner join offsets as offsets_at_end
        on
            handled.business_timezone = offsets_at_end.timezone
            and handled.ended_at >= offsets_at_end.valid_from
            and handled.ended_at < offsets_at_end.valid_to
    where handled.next_started_at <= {{ seconds_after('handled.ended_at', 49 * 3600) }}
),

final as (
    select
        handled.session_id as contact_id,
        handled.issue_id,
        handled.customer_id,
        handled.business_date,
        handled.business_timezone,
        handled.channel,
        handled.queue_id,
        handled.program_id,
        handled.vendor_id,
        handled.reason_code,
        handled.product_line_id,
        handled.last_agent_id,
        handled.started_at,
        handled.ended_at,
        handled.piece_count,
        handled.window_hours,
        handled.is_eligible,
        handled.handle_seconds,
        handled.transfer_count,
        handled.escalation_count,
        handled.long_wait_count,
        handled.match_key is not null as is_reason_known,
        case when handled.match_key is not null then handled.has_one_before end as is_repeat,
        handled.is_parallel,
        handled.previous_session_id as previous_contact_id,
        handled.next_session_id as next_contact_id,
        handled.next_started_at,
        handled.next_reopening_at,
        case
            when
                handled.next_follow_up_at <= handled.next_unknown_follow_up_at or handled.next_unknown_follow_up_at is null
                then handled.next_follow_up_at
            else handled.next_unknown_follow_up_at
        end as next_follow_up_at,
        case
            when
                handled.next_follow_up_at <= handled.next_unknown_follow_up_at or handled.next_unknown_follow_up_at is null
                then handled.next_follow_up_id
            else handled.next_unknown_follow_up_id
        end as next_follow_up_id,
        handled.next_exited_at,
        handled.next_any_started_at,
        coalesce(next_days.next_business_date <= next_days.day_after_end, false) as is_next_by_next_day,
        not handled.is_live as is_deferred,
        handled.agent_message_count,
        handled.agent_logged_resolved as is_agent_logged_resolved
    from handled
    left join next_days
        on handled.session_id = next_days.session_id
)

select * from final
