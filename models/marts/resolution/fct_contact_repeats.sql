-- One row per inbound contact that an agent handled, of an identified customer: whether another one about the same reason followed it,
-- and whether it followed one itself (M11, M12). Reconnects are a part of the contact that they continue.
{%- set own_window_end = repeat_window_end('handled.ended_at', 'handled.window_hours', 'handled.business_timezone') %}

with

sessions as (
    select * from {{ ref('int_contact_sessions') }}
),

repeats as (
    select * from {{ ref('int_reason_repeats') }}
),

ticket_replies as (
    select * from {{ ref('int_ticket_replies') }}
),

offsets as (
    select * from {{ ref('int_timezone_offsets') }}
),

as_of as (
    select as_of
    from {{ ref('int_as_of') }}
    where domain = 'resolution'
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
        coalesce(ticket_replies.agent_message_count, 0) as agent_message_count,
        {{ seconds_after('as_of.as_of', -3600 * var('ingestion_lag_hours')) }} as known_until,
        sessions.match_key is not null and sessions.ended_at is not null as is_judged
    from sessions
    left join repeats
        on sessions.session_id = repeats.session_id
    left join ticket_replies
        on sessions.session_id = ticket_replies.session_id
    left join as_of
        on true
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
        handled.match_key is not null as is_reason_known,
        case when handled.match_key is not null then handled.has_one_before end as is_repeat,
        handled.is_parallel,
        handled.previous_session_id as previous_contact_id,
        handled.next_session_id as next_contact_id,
        cast({{ seconds_between('handled.ended_at', 'handled.next_started_at') }} / 3600.0 as decimal(18, 6)) as hours_to_next,
        {{ seconds_after(own_window_end, 3600 * var('ingestion_lag_hours')) }} as matures_at,
        coalesce(
            {{ own_window_end }} <= handled.known_until, false
        ) as is_mature,
        case
            when handled.is_judged and {{ own_window_end }} <= handled.known_until
                then coalesce(
                    handled.next_started_at <= {{ own_window_end }}, false
                )
        end as is_repeated,
        {%- for hours in [24, 72, 168, 336, 720] %}
        {%- set window_end = repeat_window_end('handled.ended_at', hours, 'handled.business_timezone') %}
        case
            when handled.is_judged and {{ window_end }} <= handled.known_until
                then coalesce(handled.next_started_at <= {{ window_end }}, false)
        end as is_repeated_{{ hours }}h,
        {%- endfor %}
        case
            when handled.is_judged and {{ seconds_after('handled.ended_at', 49 * 3600) }} <= handled.known_until
                then coalesce(next_days.next_business_date <= next_days.day_after_end, false)
        end as is_repeated_by_next_day,
        case
            when handled.match_key is null then 'reason unknown'
            when handled.ended_at is null then 'contact still open'
            when handled.known_until is null then 'no watermark'
            when {{ own_window_end }} > handled.known_until then 'window open'
        end as repeat_null_reason,
        not handled.is_live as is_deferred,
        handled.agent_message_count,
        case
            when
                not handled.is_live
                and handled.is_judged
                and {{ seconds_after('handled.ended_at', 3600 * var('reopen_window_hours')) }} <= handled.known_until
                then coalesce(
                    handled.next_reopening_at <= {{ seconds_after('handled.ended_at', 3600 * var('reopen_window_hours')) }}, false
                )
        end as is_reopened,
        handled.agent_logged_resolved as is_agent_logged_resolved
    from handled
    left join next_days
        on handled.session_id = next_days.session_id
)

select * from final
