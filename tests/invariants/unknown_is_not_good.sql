-- A failure means that something not known is shown as known, and as good: an open contact that was answered or has a handle time, an
-- unknown outcome with a flag, an unknown wait that was in time, a reply in time that nobody wrote. What to do: the column claim names
-- it; the flag must be null, or false where only a good one could be true, until the fact is there.
with

judged as (
    select
        contact_id,
        case
            when contact_outcome = 'open' and (is_answered or is_abandoned or is_handled) then 'open contact with an outcome'
            when contact_outcome = 'open' and is_out_of_queue_in_time then 'open contact out of the queue in time'
            when
                ended_at is null and (handle_seconds is not null or talk_seconds is not null or wrap_seconds is not null)
                then 'open contact with a handle time'
            when
                contact_outcome is null
                and (
                    is_answered is not null
                    or is_abandoned is not null
                    or is_offered is not null
                    or is_handled is not null
                    or is_service_level_contact is not null
                )
                then 'flag of an unknown outcome'
            when contact_outcome is null and contact_outcome_reason is null then 'unknown outcome without a reason'
            when queue_seconds is null and (is_out_of_queue_in_time or is_short_abandon) then 'unknown wait that was short'
            when
                has_invalid_duration
                and (handle_seconds is not null or talk_seconds is not null or hold_seconds is not null or wrap_seconds is not null)
                then 'seconds of an invalid duration'
            when is_responded_in_time and first_response_at is null then 'reply in time that nobody wrote'
            when
                is_responded_in_time is not null and first_response_at is null and ended_at is not null
                then 'verdict on a contact that ended without a reply'
        end as claim
    from {{ ref('fct_contacts') }}
)

select *
from judged
where claim is not null
