-- A failure means that a contact's flags say something else than its outcome, so that two metrics would count it in two ways. What to
-- do: the column disagreement names the pair; both stand in fct_contacts and must follow from contact_outcome there.
with

judged as (
    select
        contact_id,
        case
            when ((contact_outcome = 'answered') is distinct from is_answered) then 'is_answered and contact_outcome'
            when ((contact_outcome = 'abandoned') is distinct from is_abandoned) then 'is_abandoned and contact_outcome'
            when abandoned_in is not null and (contact_outcome is distinct from 'abandoned') then 'abandoned_in and contact_outcome'
            when
                is_short_abandon
                and ((abandoned_in is distinct from 'queue') or coalesce(queue_seconds > short_abandon_seconds, true))
                then 'is_short_abandon and queue_seconds'
            when is_offered and (exclusion_reason is not null or direction <> 'inbound') then 'is_offered and exclusion_reason'
            when is_offered and is_live and not is_in_opening_hours then 'is_offered and is_in_opening_hours'
            when
                ((is_offered and is_live and (is_answered or is_abandoned)) is distinct from is_service_level_contact)
                then 'is_service_level_contact and is_offered'
            when
                is_out_of_queue_in_time and (not is_offered or coalesce(queue_seconds > answer_within_seconds, true))
                then 'is_out_of_queue_in_time and queue_seconds'
            when is_handled and contact_outcome not in ('answered', 'callback') then 'is_handled and contact_outcome'
            when is_answered and not is_handled then 'is_answered and is_handled'
            when handle_seconds is not null and (is_handled is distinct from true) then 'handle_seconds and is_handled'
            when
                is_handled and (handle_seconds is null) = (duration_null_reason is null)
                then 'handle_seconds and duration_null_reason'
            when has_invalid_duration and duration_null_reason is null then 'has_invalid_duration and duration_null_reason'
            when first_agent_id is not null and agent_segment_count = 0 then 'first_agent_id and agent_segment_count'
            when transfer_count < escalation_count then 'transfer_count and escalation_count'
            when is_responded_in_time is not null and not is_response_expected then 'is_responded_in_time and is_response_expected'
            when is_response_expected and ((ended_at is not null) is distinct from is_closed) then 'is_closed and ended_at'
            when not is_response_expected and is_closed is not null then 'is_closed and is_response_expected'
            when is_callback_reached and callback_attempt_count = 0 then 'is_callback_reached and callback_attempt_count'
            when (is_redial or is_answered_after_redial) and customer_id is null then 'is_redial and customer_id'
            when is_answered_after_redial and not is_abandoned then 'is_answered_after_redial and is_abandoned'
        end as disagreement
    from {{ ref('fct_contacts') }}
)

select *
from judged
where disagreement is not null
