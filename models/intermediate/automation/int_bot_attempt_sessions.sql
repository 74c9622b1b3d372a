-- One row per bot session with the attempt that it belongs to: sessions of one customer belong together while the gap between the end of
-- all that went before and the next start is at most attempt_cluster_gap_minutes, over channels and bots (M08). A session without a
-- person that can be recognised, or that is excluded, is an attempt of its own.
{{ config(materialized=kept(), incremental_strategy='touched', unique_key='session_id') }}

with

sessions as (
    select
        *,
        case when is_identified and exclusion_reason is null then customer_id end as clustered_customer_id,
        case when not is_identified or exclusion_reason is not null then session_id end as lone_session_id
    from {{ ref('int_bot_sessions') }}
),

neighbours as (
    select
        *,
        max(coalesce(ended_at, started_at)) over (
            partition by clustered_customer_id, lone_session_id
            order by started_at, session_id
            rows between unbounded preceding and 1 preceding
        ) as ended_before_at
    from sessions
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
            partition by clustered_customer_id, lone_session_id
            order by started_at, session_id
            rows between unbounded preceding and current row
        ) as attempt_number
    from neighbours
),

ordered as (
    select
        *,
        row_number() over (
            partition by clustered_customer_id, lone_session_id, attempt_number
            order by started_at, session_id
        ) as session_number,
        first_value(session_id) over (
            partition by clustered_customer_id, lone_session_id, attempt_number
            order by started_at, session_id
            rows between unbounded preceding and current row
        ) as attempt_id,
        min(ended_at) over same_attempt as attempt_first_ended_at,
        count(*) over same_attempt = count(ended_at) over same_attempt as is_attempt_ended,
        lead(session_id) over (
            partition by clustered_customer_id, lone_session_id, attempt_number
            order by started_at, session_id
        ) as next_session_id
    from numbered
    window same_attempt as (partition by clustered_customer_id, lone_session_id, attempt_number)
),

final as (
    select
        session_id,
        attempt_id,
        -- from here on a contact is a new one, also while the customer still tries the bot again
        case when is_attempt_ended then attempt_first_ended_at end as attempt_first_ended_at,
        session_number,
        session_number = 1 as is_first_session,
        next_session_id is null as is_last_session,
        customer_id,
        is_identified,
        technology_id,
        channel,
        reason_code,
        business_date,
        started_at,
        ended_at,
        has_invalid_duration,
        turns,
        own_contact_id,
        handed_off_contact_id,
        is_in_scope,
        handoff_requested,
        vendor_outcome,
        evidence,
        intent_signal,
        model_version,
        exclusion_reason
    from ordered
)

select * from final
