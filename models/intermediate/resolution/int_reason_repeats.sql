-- One row per session that shares its customer and reason with another one, or is followed by an agent's answer: its neighbours in
-- time, and the issue that it belongs to (M10, M11). Starts, ends and follow-ups stand in one list per customer and reason, so that one
-- pass finds them all; the window opens after the end, so of events at the same instant starts come before ends.
-- A session that begins while another one runs is parallel to it; an open one runs for ever.
{{ config(materialized='table') }}

with

sessions as (
    select
        session_id,
        customer_id,
        channel,
        match_key,
        started_at,
        ended_at,
        {{ repeat_window_end('ended_at', 'window_hours', 'business_timezone') }} as covers_until,
        is_closed_without_reply
    from {{ ref('int_contact_sessions') }}
    where match_key is not null
),

answers as (
    select
        contact_id,
        customer_id,
        reason_code,
        channel,
        started_at
    from {{ ref('int_built_contacts') }}
    where
        exclusion_reason is null
        and is_identified
        and direction = 'outbound'
        and purpose = 'follow_up_answer'
),

{%- if var('repeat_channel_scope') == 'same' %}

channels as (
    select
        customer_id,
        channel
    from sessions
    group by customer_id, channel
),

-- an answer may come in any channel, also where only contacts in the same one repeat each other
answers_by_channel as (
    select
        answers.contact_id,
        answers.customer_id,
        answers.reason_code,
        channels.channel,
        answers.started_at
    from answers
    inner join channels
        on answers.customer_id = channels.customer_id
),
{%- endif %}

follow_ups as (
    select
        contacts.contact_id,
        contacts.customer_id,
        {{ repeat_match_key('contacts', 'reasons') }} as match_key,
        contacts.started_at
    from {{ 'answers_by_channel' if var('repeat_channel_scope') == 'same' else 'answers' }} as contacts
    left join {{ ref('stg_reasons') }} as reasons
        on contacts.reason_code = reasons.reason_code
),

members as (
    select
        customer_id,
        match_key
    from sessions
    union all
    select
        customer_id,
        match_key
    from follow_ups
),

shared as (
    select
        customer_id,
        match_key
    from members
    group by customer_id, match_key
    having count(*) > 1
),

events as (
    select
        sessions.customer_id,
        sessions.match_key,
        sessions.session_id as event_id,
        'start' as kind,
        sessions.started_at as happened_at,
        0 as is_end,
        sessions.is_closed_without_reply,
        cast(null as {{ dbt.type_timestamp() }}) as covers_until
    from sessions
    inner join shared
        on
            sessions.customer_id = shared.customer_id
            and sessions.match_key = shared.match_key

    union all

    select
        sessions.customer_id,
        sessions.match_key,
        sessions.session_id as event_id,
        'end' as kind,
        sessions.ended_at as happened_at,
        1 as is_end,
        sessions.is_closed_without_reply,
        sessions.covers_until
    from sessions
    inner join shared
        on
            sessions.customer_id = shared.customer_id
            and sessions.match_key = shared.match_key
    where sessions.ended_at is not null

    union all

    select
        customer_id,
        match_key,
        contact_id as event_id,
        'follow_up' as kind,
        started_at as happened_at,
        0 as is_end,
        false as is_closed_without_reply,
        cast(null as {{ dbt.type_timestamp() }}) as covers_until
    from follow_ups
    where match_key is not null
),

neighbours as (
    select
        *,
        coalesce(sum(case kind when 'start' then 1 when 'end' then -1 else 0 end) over before_it, 0) as running_count,
        max(covers_until) over before_it as covered_until,
        coalesce(
            {{ last_known("case when kind = 'end' then event_id end", 'before_it') }},
            {{ last_known("case when kind = 'start' then event_id end", 'before_it') }}
        ) as previous_session_id,
        min(case when kind = 'start' then happened_at end) over after_it as next_started_at,
        {{ first_known("case when kind = 'start' then event_id end", 'after_it') }} as next_session_id,
        min(case when kind = 'start' and not is_closed_without_reply then happened_at end) over after_it as next_reopening_at,
        min(case when kind = 'follow_up' then happened_at end) over after_it as next_follow_up_at,
        {{ first_known("case when kind = 'follow_up' then event_id end", 'after_it') }} as next_follow_up_id
    from events
    window
        before_it as (
            partition by customer_id, match_key
            order by happened_at, is_end, event_id
            rows between unbounded preceding and 1 preceding
        ),
        after_it as (
            partition by customer_id, match_key
            order by happened_at, is_end, event_id
            rows between 1 following and unbounded following
        )
),

starts as (
    select
        customer_id,
        match_key,
        event_id as session_id,
        happened_at as started_at,
        running_count > 0 as is_parallel,
        coalesce(happened_at <= covered_until, false) as is_repeat,
        previous_session_id
    from neighbours
    where kind = 'start'
),

ends as (
    select
        event_id as session_id,
        next_started_at,
        next_session_id,
        next_reopening_at,
        next_follow_up_at,
        next_follow_up_id
    from neighbours
    where kind = 'end'
),

in_issues as (
    select
        *,
        {{ last_known('case when not is_repeat and not is_parallel then session_id end', 'until_here') }} as issue_id
    from starts
    window until_here as (
        partition by customer_id, match_key
        order by started_at, session_id
        rows between unbounded preceding and current row
    )
),

final as (
    select
        in_issues.session_id,
        in_issues.issue_id,
        in_issues.is_repeat,
        in_issues.is_parallel,
        case when in_issues.is_repeat or in_issues.is_parallel then in_issues.previous_session_id end as previous_session_id,
        ends.next_started_at,
        ends.next_session_id,
        ends.next_reopening_at,
        ends.next_follow_up_at,
        ends.next_follow_up_id
    from in_issues
    left join ends
        on in_issues.session_id = ends.session_id
)

select * from final
