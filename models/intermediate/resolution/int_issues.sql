-- One row per issue: the sessions of one customer about one reason, each begun within the window of one before it, or while one ran
-- (B.1, M12b). A session of unknown reason is an issue of its own.
{{ config(materialized='table') }}

with

sessions as (
    select * from {{ ref('int_contact_sessions') }}
),

repeats as (
    select * from {{ ref('int_reason_repeats') }}
),

reconnects as (
    select * from {{ ref('int_contact_reconnects') }}
),

legs as (
    select * from {{ ref('int_agent_legs') }}
    where {{ is_touched('contact_id') }}
),

single_sessions as (
    select
        sessions.session_id as issue_id,
        sessions.session_id as last_session_id,
        sessions.customer_id,
        sessions.match_key,
        sessions.reason_code,
        sessions.channel,
        sessions.queue_id,
        sessions.program_id,
        sessions.vendor_id,
        sessions.product_line_id,
        sessions.business_date,
        sessions.started_at,
        sessions.ended_at,
        {{ repeat_window_end('sessions.ended_at', 'sessions.window_hours', 'sessions.business_timezone') }} as covers_until,
        cast(1 as bigint) as contact_count,
        cast(case when sessions.is_handled then 1 else 0 end as bigint) as handled_contact_count,
        cast(1 as bigint) as channel_count,
        sessions.agent_segment_count,
        sessions.transfer_count,
        sessions.escalation_count,
        case when sessions.is_handled then sessions.handle_seconds end as handle_seconds,
        false as has_repeat,
        sessions.is_handled as is_last_handled,
        sessions.escalation_count > 0 as is_last_escalated
    from sessions
    left join repeats
        on sessions.session_id = repeats.session_id
    where repeats.session_id is null
),

chains as (
    select
        repeats.issue_id,
        -- an open one ends last
        {{ latest(
            'sessions.session_id',
            ["coalesce(sessions.ended_at, cast('2300-01-01' as " ~ dbt.type_timestamp() ~ "))", 'sessions.session_id']
        ) }} as last_session_id,
        case when count(sessions.ended_at) = count(*) then max(sessions.ended_at) end as ended_at,
        case
            when count(sessions.ended_at) = count(*)
                then max({{ repeat_window_end('sessions.ended_at', 'sessions.window_hours', 'sessions.business_timezone') }})
        end as covers_until,
        count(*) as contact_count,
        count(case when sessions.is_handled then 1 end) as handled_contact_count,
        count(distinct sessions.channel) as channel_count,
        cast(sum(sessions.agent_segment_count) as bigint) as agent_segment_count,
        cast(sum(sessions.transfer_count) as bigint) as transfer_count,
        cast(sum(sessions.escalation_count) as bigint) as escalation_count,
        -- a sum of the known ones would look like a short issue
        case
            when count(case when sessions.is_handled and sessions.handle_seconds is null then 1 end) = 0
                then cast(sum(case when sessions.is_handled then sessions.handle_seconds end) as bigint)
        end as handle_seconds,
        {{ dbt.bool_or('repeats.is_repeat') }} as has_repeat
    from sessions
    inner join repeats
        on sessions.session_id = repeats.session_id
    group by repeats.issue_id
),

chained_sessions as (
    select
        chains.issue_id,
        chains.last_session_id,
        first_sessions.customer_id,
        first_sessions.match_key,
        first_sessions.reason_code,
        first_sessions.channel,
        first_sessions.queue_id,
        first_sessions.program_id,
        first_sessions.vendor_id,
        first_sessions.product_line_id,
        first_sessions.business_date,
        first_sessions.started_at,
        chains.ended_at,
        chains.covers_until,
        chains.contact_count,
        chains.handled_contact_count,
        chains.channel_count,
        chains.agent_segment_count,
        chains.transfer_count,
        chains.escalation_count,
        chains.handle_seconds,
        chains.has_repeat,
        last_sessions.is_handled as is_last_handled,
        last_sessions.escalation_count > 0 as is_last_escalated
    from chains
    inner join sessions as first_sessions
        on chains.issue_id = first_sessions.session_id
    inner join sessions as last_sessions
        on chains.last_session_id = last_sessions.session_id
),

issues as (
    select * from single_sessions
    union all
    select * from chained_sessions
),

-- one segment is one employee; more may be the same one again
sessions_of_several as (
    select
        sessions.session_id,
        coalesce(repeats.issue_id, sessions.session_id) as issue_id
    from sessions
    left join repeats
        on sessions.session_id = repeats.session_id
    where repeats.session_id is not null or sessions.agent_segment_count > 1
),

agents as (
    select
        sessions_of_several.issue_id,
        count(distinct coalesce(legs.agent_id, '')) as agent_count
    from legs
    left join reconnects
        on legs.contact_id = reconnects.contact_id
    inner join sessions_of_several
        on coalesce(reconnects.session_id, legs.contact_id) = sessions_of_several.session_id
    where legs.has_conversation
    group by sessions_of_several.issue_id
),

final as (
    select
        issues.*,
        coalesce(agents.agent_count, issues.agent_segment_count) as agent_count
    from issues
    left join agents
        on issues.issue_id = agents.issue_id
)

select * from final
