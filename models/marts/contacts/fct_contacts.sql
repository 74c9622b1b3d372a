-- One row per stitched contact: what happened to it, how long each part took, and whether each metric counts it.
{{ config(
    materialized=kept(), incremental_strategy='touched', unique_key='contact_id', on_schema_change='fail'
) }}
with

contacts as (
    select * from {{ ref('int_contact_exclusions') }}
),

service_level_targets as (
    select * from {{ ref('service_level_targets') }}
),

duration_limits as (
    select * from {{ ref('duration_limits') }}
),

denied_customer_ids as (
    select * from {{ ref('denied_customer_ids') }}
),

redials as (
    select * from {{ ref('int_redials') }}
),

first_responses as (
    select * from {{ ref('int_first_responses') }}
),

reasons as (
    select * from {{ ref('stg_reasons') }}
),

as_of as (
    select * from {{ ref('int_as_of') }}
),

with_decisions as (
    select
        contacts.*,
        coalesce(queue_targets.answer_within_seconds, channel_targets.answer_within_seconds) as answer_within_seconds,
        coalesce(queue_targets.short_abandon_seconds, channel_targets.short_abandon_seconds) as short_abandon_seconds,
        coalesce(queue_targets.clock, channel_targets.clock) as response_clock,
        duration_limits.longest_handle_seconds,
        contacts.customer_id is not null and denied_customer_ids.customer_id is null as is_identified,
        reasons.is_failure_demand,
        coalesce(redials.is_redial, false) as is_redial,
        coalesce(redials.is_answered_after_redial, false) as is_answered_after_redial,
        first_responses.contact_id is not null as is_response_expected,
        first_responses.first_response_at,
        first_responses.wait_seconds as response_calendar_seconds,
        case
            when coalesce(queue_targets.clock, channel_targets.clock) = 'business' then first_responses.business_wait_seconds
            else first_responses.wait_seconds
        end as response_wait_seconds,
        as_of.as_of
    from contacts
    left join service_level_targets as queue_targets
        on
            contacts.channel = queue_targets.channel
            and contacts.queue_id = queue_targets.queue_id
            and contacts.business_date between queue_targets.effective_from and queue_targets.effective_to
    left join service_level_targets as channel_targets
        on
            contacts.channel = channel_targets.channel
            and channel_targets.queue_id = 'any'
            and contacts.business_date between channel_targets.effective_from and channel_targets.effective_to
    left join duration_limits
        on
            contacts.channel = duration_limits.channel
            and contacts.business_date between duration_limits.effective_from and duration_limits.effective_to
    left join denied_customer_ids
        on
            contacts.customer_id = denied_customer_ids.customer_id
            and contacts.business_date between denied_customer_ids.effective_from and denied_customer_ids.effective_to
    left join redials
        on contacts.contact_id = redials.contact_id
    left join first_responses
        on contacts.contact_id = first_responses.contact_id
    left join reasons
        on contacts.reason_code = reasons.reason_code
    left join as_of
        on as_of.domain = 'contacts'
),

judged as (
    select
        *,
        contact_outcome = 'answered' as is_answered,
        contact_outcome = 'abandoned' as is_abandoned,
        -- a platform that says abandoned is believed, even where it also reports agent time
        contact_outcome = 'answered' or contact_outcome = 'callback' and agent_segment_count > 0 as is_handled,
        case
            when contact_outcome is null then null
            when direction <> 'inbound' or exclusion_reason is not null then false
            when not is_live then channel <> 'self_service'
            else is_in_opening_hours and (has_queue or contact_outcome = 'answered')
        end as is_offered,
        -- an agent connection that took no time at all was not recorded (B.7)
        case
            when has_invalid_duration then coalesce(invalid_duration_reason, 'never closed')
            -- dialling is a part of the handle time of outbound contacts
            when direction = 'outbound' and invalid_ring_reason is not null then invalid_ring_reason
            when agent_segment_count > 0 and coalesce(handle_seconds, 0) = 0 then 'zero'
            when contact_outcome = 'answered' and agent_segment_count = 0 then 'no agent segment'
        end as duration_problem
    from with_decisions
),

final as (
    select
        contact_id,
        contact_record_count,
        customer_id,
        identity_confidence,
        is_identified,
        channel,
        is_live,
        direction,
        initiation_method,
        purpose,
        queue_id,
        program_id,
        vendor_id,
        reason_code,
        is_failure_demand,
        product_line_id,
        campaign_id,
        business_date,
        business_timezone,
        started_at,
        ended_at,
        queued_at,
        interval_started_at,
        answered_at,
        disconnect_reason,
        exclusion_reason,
        is_in_opening_hours,
        contact_outcome,
        contact_outcome_reason,
        has_contradicting_segments,
        is_offered,
        is_answered,
        is_handled,
        is_abandoned,
        abandoned_in,
        case
            when contact_outcome is not null
                then is_abandoned and abandoned_in = 'queue' and not has_invalid_wait and queue_seconds <= short_abandon_seconds
        end as is_short_abandon,
        is_redial,
        is_answered_after_redial,
        answer_within_seconds,
        short_abandon_seconds,
        is_offered and is_live and contact_outcome in ('answered', 'abandoned') as is_service_level_contact,
        case
            when contact_outcome is not null
                then
                    is_offered and is_live and not has_invalid_wait and queue_seconds <= answer_within_seconds
                    and contact_outcome in ('answered', 'abandoned', 'callback')
        end as is_out_of_queue_in_time,
        case when not has_invalid_wait then queue_seconds end as queue_seconds,
        case when not has_invalid_wait then customer_wait_seconds end as customer_wait_seconds,
        ring_seconds,
        ivr_seconds,
        bot_seconds,
        consult_seconds,
        case when is_handled and duration_problem is null and ended_at is not null then talk_seconds end as talk_seconds,
        case when is_handled and duration_problem is null and ended_at is not null then hold_seconds end as hold_seconds,
        case when is_handled and duration_problem is null and ended_at is not null then wrap_seconds end as wrap_seconds,
        case
            when is_handled and duration_problem is null and ended_at is not null
                then case when direction = 'outbound' then ring_seconds else 0 end
        end as dial_seconds,
        case
            when is_handled and duration_problem is null and ended_at is not null
                then handle_seconds + case when direction = 'outbound' then ring_seconds else 0 end
        end as handle_seconds,
        longest_hold_seconds,
        longest_handle_seconds,
        case
            when is_handled is not null then is_handled and ended_at is not null and duration_problem is not null
        end as has_invalid_duration,
        case
            when is_handled and ended_at is null then 'open'
            when is_handled then duration_problem
        end as duration_null_reason,
        has_capped_wrap,
        agent_segment_count,
        transfer_count,
        escalation_count,
        first_agent_id,
        last_agent_id,
        agent_logged_resolved,
        stated_cancel_intent,
        is_complaint,
        applications_used,
        coalesce(callback_offered, false) or coalesce(callback_accepted, false) as is_callback_offered,
        coalesce(callback_accepted, false) as is_callback_accepted,
        callback_attempt_count,
        is_callback_reached,
        case
            when first_callback_at >= started_at then {{ seconds_between('started_at', 'first_callback_at') }}
        end as callback_wait_seconds,
        is_response_expected,
        first_response_at,
        cast(response_wait_seconds as bigint) as response_wait_seconds,
        response_calendar_seconds,
        case
            when not is_response_expected then null
            when first_response_at is not null then response_wait_seconds <= answer_within_seconds
            when ended_at is null and response_wait_seconds > answer_within_seconds then false
        end as is_responded_in_time,
        case
            when not is_response_expected then null
            when first_response_at is not null then response_calendar_seconds <= answer_within_seconds
            when ended_at is null and response_calendar_seconds > answer_within_seconds then false
        end as is_responded_in_calendar_time,
        cast(
            case
                when is_response_expected and coalesce(first_ended_at, as_of) >= started_at
                    then {{ seconds_between('started_at', 'coalesce(first_ended_at, as_of)') }} / 3600.0
            end as decimal(18, 6)
        ) as first_resolution_exposure_hours,
        case when is_response_expected then first_ended_at is not null end as is_first_resolved,
        cast(
            case
                when is_response_expected and coalesce(ended_at, as_of) >= started_at
                    then {{ seconds_between('started_at', 'coalesce(ended_at, as_of)') }} / 3600.0
            end as decimal(18, 6)
        ) as resolution_exposure_hours,
        case when is_response_expected then ended_at is not null end as is_closed
    from judged
)

select * from final
