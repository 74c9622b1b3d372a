-- A failure means that an attempt's return is not what a plain search in fct_contacts finds: the customer's first inbound contact
-- about anything after the attempt and in its window that is neither its own nor the one that it was handed to. What to do: list the
-- customer's contacts by start beside int_bot_returns; the events there are out of order, or an own contact was taken for a return.
with

attempts as (
    select * from {{ ref('fct_bot_attempts') }}
    where is_eligible and ended_at is not null
),

opened as (
    select
        attempt_id,
        min(ended_at) as first_ended_at
    from {{ ref('int_bot_attempt_sessions') }}
    group by attempt_id
),

contacts as (
    select * from {{ ref('fct_contacts') }}
    where is_identified and exclusion_reason is null and direction = 'inbound'
    {%- if not var('confirmation_counts') %}
        and coalesce(lower(reason_code) not in ('{{ var("confirmation_reasons") | join("', '") }}'), true)
    {%- endif %}
),

attempt_contacts as (
    select
        opened.first_ended_at,
        sessions.own_contact_id as contact_id
    from {{ ref('int_bot_attempt_sessions') }} as sessions
    inner join opened
        on sessions.attempt_id = opened.attempt_id
    where sessions.own_contact_id is not null and sessions.is_identified and sessions.exclusion_reason is null

    union all

    select
        opened.first_ended_at,
        sessions.handed_off_contact_id as contact_id
    from {{ ref('int_bot_attempt_sessions') }} as sessions
    inner join opened
        on sessions.attempt_id = opened.attempt_id
    where sessions.handed_off_contact_id is not null and sessions.is_identified and sessions.exclusion_reason is null
),

-- asked for by the customer at the latest when the attempt ended that it belongs to
asked_for as (
    select
        contact_id,
        min(first_ended_at) as asked_at
    from attempt_contacts
    group by contact_id
),

found as (
    select
        attempts.attempt_id,
        min(contacts.started_at) as any_returned_at
    from attempts
    inner join opened
        on attempts.attempt_id = opened.attempt_id
    inner join contacts
        on
            attempts.customer_id = contacts.customer_id
            and opened.first_ended_at < contacts.started_at
            and {{ seconds_after('attempts.ended_at', 3600 * var('deflection_window_hours')) }} >= contacts.started_at
    left join asked_for
        on contacts.contact_id = asked_for.contact_id
    where coalesce(asked_for.asked_at > opened.first_ended_at, true)
    group by attempts.attempt_id
)

select
    attempts.attempt_id,
    attempts.is_returned_any_reason,
    attempts.any_returned_at as returned_at,
    found.any_returned_at as found_at
from attempts
left join found
    on attempts.attempt_id = found.attempt_id
where
    (found.attempt_id is not null) is distinct from coalesce(attempts.is_returned_any_reason, false)
    or found.any_returned_at is not null and (found.any_returned_at is distinct from attempts.any_returned_at)
    or coalesce(attempts.is_returned, false) and found.attempt_id is null
