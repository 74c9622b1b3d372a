-- One row per inbound contact that an agent handled, of an identified customer: whether another one about the same reason followed it, and
-- whether it followed one itself (M11, M12). What came next is kept (int_contact_repeats); which windows are over is seen when it is read,
-- by as_of.
{{ config(materialized=judged_when_read()) }}
{%- set own_window_end = repeat_window_end('ended_at', 'window_hours', 'business_timezone') %}

with

repeats as (
    select * from {{ ref('int_contact_repeats') }}
),

as_of as (
    select as_of
    from {{ ref('int_as_of') }}
    where domain = 'resolution'
),

judged as (
    select
        repeats.*,
        {{ seconds_after('as_of.as_of', -3600 * var('ingestion_lag_hours')) }} as known_until,
        repeats.is_reason_known and repeats.ended_at is not null as is_judged
    from repeats
    left join as_of
        on true
),

final as (
    select
        contact_id,
        issue_id,
        customer_id,
        business_date,
        channel,
        queue_id,
        program_id,
        vendor_id,
        reason_code,
        product_line_id,
        last_agent_id,
        started_at,
        ended_at,
        piece_count,
        window_hours,
        is_reason_known,
        is_repeat,
        is_parallel,
        previous_contact_id,
        next_contact_id,
        cast({{ seconds_between('ended_at', 'next_started_at') }} / 3600.0 as decimal(18, 6)) as hours_to_next,
        {{ seconds_after(own_window_end, 3600 * var('ingestion_lag_hours')) }} as matures_at,
        coalesce({{ own_window_end }} <= known_until, false) as is_mature,
        case
            when is_judged and {{ own_window_end }} <= known_until
                then coalesce(next_started_at <= {{ own_window_end }}, false)
        end as is_repeated,
        {%- for hours in [24, 72, 168, 336, 720] %}
        {%- set window_end = repeat_window_end('ended_at', hours, 'business_timezone') %}
        case
            when is_judged and {{ window_end }} <= known_until then coalesce(next_started_at <= {{ window_end }}, false)
        end as is_repeated_{{ hours }}h,
        {%- endfor %}
        case
            when is_judged and {{ seconds_after('ended_at', 49 * 3600) }} <= known_until then is_next_by_next_day
        end as is_repeated_by_next_day,
        case
            when not is_reason_known then 'reason unknown'
            when ended_at is null then 'contact still open'
            when known_until is null then 'no watermark'
            when {{ own_window_end }} > known_until then 'window open'
        end as repeat_null_reason,
        is_deferred,
        agent_message_count,
        case
            when is_deferred and is_judged and {{ seconds_after('ended_at', 3600 * var('reopen_window_hours')) }} <= known_until
                then coalesce(next_reopening_at <= {{ seconds_after('ended_at', 3600 * var('reopen_window_hours')) }}, false)
        end as is_reopened,
        is_agent_logged_resolved
    from judged
)

select * from final
