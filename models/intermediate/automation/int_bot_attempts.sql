-- One row per attempt: its sessions put together. The first session says which bot it was, the first known reason what it was about, any
-- session whether a person was asked for, and the last one how it ended: proof of an earlier session does not outlive a new try.
{{ config(materialized='table') }}

with

sessions as (
    select * from {{ ref('int_bot_attempt_sessions') }}
    where {{ is_touched('session_id') }}
),

grouped as (
    select
        attempt_id,
        max(customer_id) as customer_id,
        {{ dbt.bool_or('is_identified') }} as is_identified,
        max(exclusion_reason) as exclusion_reason,
        max(case when is_first_session then technology_id end) as technology_id,
        max(case when is_first_session then channel end) as channel,
        max(case when is_first_session then model_version end) as model_version,
        min(business_date) as business_date,
        {{ earliest('reason_code', ['started_at', 'session_id']) }} as reason_code,
        case
            when count(case when intent_signal = 'explicit' then 1 end) > 0 then 'explicit'
            when count(case when intent_signal = 'implicit' then 1 end) > 0 then 'implicit'
            else 'none'
        end as intent_signal,
        min(started_at) as started_at,
        max(attempt_first_ended_at) as first_ended_at,
        case when count(*) = count(ended_at) then max(ended_at) end as ended_at,
        count(*) as session_count,
        case when count(*) = count(turns) then cast(sum(turns) as bigint) end as turn_count,
        case
            when count(case when is_in_scope then 1 end) > 0 then true
            when count(*) = count(is_in_scope) then false
        end as is_in_scope,
        count(case when handoff_requested or vendor_outcome = 'handed_off' then 1 end) as handoff_request_count,
        count(*) - count(handoff_requested) as handoff_unknown_count,
        {{ earliest('handed_off_contact_id', ['started_at', 'session_id']) }} as handed_off_contact_id,
        max(case when is_last_session then vendor_outcome end) as vendor_outcome,
        max(case when is_last_session then evidence end) as evidence,
        count(vendor_outcome) as vendor_outcome_count,
        count(case when vendor_outcome in ('resolved', 'assumed_resolved') then 1 end) as vendor_resolved_session_count
    from sessions
    group by attempt_id
),

final as (
    select
        attempt_id,
        customer_id,
        is_identified,
        exclusion_reason,
        technology_id,
        channel,
        model_version,
        business_date,
        reason_code,
        intent_signal,
        started_at,
        first_ended_at,
        ended_at,
        session_count,
        turn_count,
        is_in_scope,
        case
            when handoff_request_count > 0 then true
            when handoff_unknown_count = 0 then false
        end as is_handoff_requested,
        handed_off_contact_id is not null as is_handed_off,
        handed_off_contact_id,
        vendor_outcome,
        vendor_resolved_session_count,
        case when vendor_outcome_count > 0 then vendor_resolved_session_count > 0 end as is_vendor_resolved,
        evidence,
        case
            when evidence is not null then evidence
            when vendor_outcome in ('resolved', 'assumed_resolved') then 'vendor_assumed'
        end as evidence_class
    from grouped
)

select * from final
