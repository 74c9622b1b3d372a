-- One row per bot session with the attempt that it belongs to: sessions of one customer belong together while the gap between the end of
-- all that went before and the next start is at most attempt_cluster_gap_minutes, over channels and bots (M08). A session without a
-- person that can be recognised, or that is excluded, is an attempt of its own.
{{ config(materialized=kept(), incremental_strategy='touched', unique_key='session_id') }}

with

sessions as (
    select * from {{ ref('int_bot_sessions') }}
),

clustered as (
    select
        session_id,
        customer_id,
        started_at,
        ended_at
    from sessions
    where
        is_identified
        and exclusion_reason is null
),

neighbours as (
    select
        *,
        max(coalesce(ended_at, started_at)) over (
            partition by customer_id
            order by started_at, session_id
            rows between unbounded preceding and 1 preceding
        ) as ended_before_at
    from clustered
),

numbered as (
    select
        *,
        sum(
            case
                when started_at <= {{ seconds_after('ended_before_at', 60 * var('attempt_cluster_gap_minutes')) }} then 0
                else 1
            end
        ) over (
            partition by customer_id
            order by started_at, session_id
            rows between unbounded preceding and current row
        ) as attempt_number
    from neighbours
),

ordered as (
    select
        session_id,
        first_value(session_id) over in_order as attempt_id,
        row_number() over in_order as session_number,
        lead(session_id) over in_order is null as is_last_session,
        min(ended_at) over same_attempt as attempt_first_ended_at,
        count(*) over same_attempt = count(ended_at) over same_attempt as is_attempt_ended
    from numbered
    window
        in_order as (partition by customer_id, attempt_number order by started_at, session_id),
        same_attempt as (partition by customer_id, attempt_number)
),

final as (
    select
        sessions.session_id,
        coalesce(ordered.attempt_id, sessions.session_id) as attempt_id,
        -- from here on a contact is a new one, also while the customer still tries the bot again
        case
            when ordered.session_id is null then sessions.ended_at
            when ordered.is_attempt_ended then ordered.attempt_first_ended_at
        end as attempt_first_ended_at,
        coalesce(ordered.session_number, 1) as session_number,
        coalesce(ordered.session_number, 1) = 1 as is_first_session,
        coalesce(ordered.is_last_session, true) as is_last_session,
        sessions.customer_id,
        sessions.is_identified,
        sessions.technology_id,
        sessions.channel,
        sessions.reason_code,
        sessions.business_date,
        sessions.started_at,
        sessions.ended_at,
        sessions.has_invalid_duration,
        sessions.turns,
        sessions.own_contact_id,
        sessions.handed_off_contact_id,
        sessions.is_in_scope,
        sessions.handoff_requested,
        sessions.vendor_outcome,
        sessions.evidence,
        sessions.intent_signal,
        sessions.model_version,
        sessions.exclusion_reason
    from sessions
    left join ordered
        on sessions.session_id = ordered.session_id
)

select * from final
