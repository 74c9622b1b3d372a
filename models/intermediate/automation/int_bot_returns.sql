-- One row per attempt after which its customer contacted again within the longest return window (M08, M11): the first contact about
-- one of the attempt's reasons, and the first about anything. Any channel counts, self-service and abandoned contacts included. What
-- the attempt itself brought about (the contact that it ran in, the one it was handed to) is no return.
{{ config(materialized='table') }}
{%- set match = {
    'reason_l1': 'reasons.reason_l1', 'reason_l2': 'reasons.reason_l2, reasons.reason_l1', 'reason_code': 'reasons.reason_code', 'any': 'null',
}[var('repeat_match')] %}
{%- set longest_window_hours = [72, var('deflection_window_hours')] | max %}

with

attempts as (
    select * from {{ ref('int_bot_attempts') }}
    where is_identified and exclusion_reason is null and ended_at is not null
),

attempt_sessions as (
    select * from {{ ref('int_bot_attempt_sessions') }}
    where {{ is_touched('session_id') }}
),

contacts as (
    select * from {{ ref('int_built_contacts') }}
    where is_identified and exclusion_reason is null and direction = 'inbound'
),

reasons as (
    select * from {{ ref('stg_reasons') }}
),

customers as (
    select customer_id
    from attempts
    group by customer_id
),

-- several attempts, also of other customers, may lead to one contact: it is no return for any of them
named_contacts as (
    select
        own_contact_id as contact_id,
        attempt_first_ended_at as first_ended_at
    from {{ ref('int_bot_attempt_sessions') }}
    where
        is_identified
        and exclusion_reason is null
        and {{ is_touched('own_contact_id', 'int_touched_contacts') }}

    union all

    select
        handed_off_contact_id as contact_id,
        attempt_first_ended_at as first_ended_at
    from {{ ref('int_bot_attempt_sessions') }}
    where
        is_identified
        and exclusion_reason is null
        and {{ is_touched('handed_off_contact_id', 'int_touched_contacts') }}
),

own_contacts as (
    select
        contact_id,
        min(first_ended_at) as first_ended_at
    from named_contacts
    where contact_id is not null
    group by contact_id
),

numbered_contacts as (
    select
        contacts.customer_id,
        contacts.contact_id,
        contacts.channel,
        contacts.started_at,
        case when contacts.reason_code is not null then coalesce({{ match }}, contacts.reason_code) end as matched_reason,
        coalesce(lower(contacts.reason_code) in ('{{ var("confirmation_reasons") | join("', '") }}'), false) as is_confirmation,
        -- an attempt's own contact that begins after it is put before it, and so follows only earlier attempts
        case when own_contacts.first_ended_at < contacts.started_at then own_contacts.first_ended_at else contacts.started_at end
            as happened_at,
        row_number() over (
            partition by contacts.customer_id
            order by contacts.started_at, contacts.contact_id
        ) as contact_number
    from contacts
    inner join customers
        on contacts.customer_id = customers.customer_id
    left join reasons
        on contacts.reason_code = reasons.reason_code
    left join own_contacts
        on contacts.contact_id = own_contacts.contact_id
),

returning_contacts as (
    select *
    from numbered_contacts
    {%- if not var('confirmation_counts') %}
    where not is_confirmation
    {%- endif %}
),

attempt_reasons as (
    select
        attempts.attempt_id,
        attempts.customer_id,
        attempts.first_ended_at,
        coalesce({{ match }}, attempt_sessions.reason_code) as matched_reason
    from attempts
    inner join attempt_sessions
        on attempts.attempt_id = attempt_sessions.attempt_id
    left join reasons
        on attempt_sessions.reason_code = reasons.reason_code
    where attempt_sessions.reason_code is not null
    group by
        attempts.attempt_id,
        attempts.customer_id,
        attempts.first_ended_at,
        coalesce({{ match }}, attempt_sessions.reason_code)
),

-- the window is (end, end + W]: of events at the same instant, starts come before ends
customer_events as (
    select
        customer_id,
        first_ended_at as happened_at,
        1 as is_end,
        attempt_id as event_id,
        cast(null as bigint) as contact_number,
        false as is_confirmation
    from attempts

    union all

    select
        customer_id,
        happened_at,
        0 as is_end,
        contact_id as event_id,
        contact_number,
        is_confirmation
    from returning_contacts
),

followed_by_any as (
    select
        is_end,
        event_id,
        min(contact_number) over (
            partition by customer_id
            order by happened_at, is_end, event_id
            rows between 1 following and unbounded following
        ) as any_contact_number,
        min(case when is_confirmation then contact_number end) over (
            partition by customer_id
            order by happened_at, is_end, event_id
            rows between 1 following and unbounded following
        ) as confirmation_number
    from customer_events
),

reason_events as (
    select
        customer_id,
        matched_reason,
        first_ended_at as happened_at,
        1 as is_end,
        attempt_id as event_id,
        cast(null as bigint) as contact_number
    from attempt_reasons

    union all

    select
        customer_id,
        matched_reason,
        happened_at,
        0 as is_end,
        contact_id as event_id,
        contact_number
    from returning_contacts
    where matched_reason is not null
),

followed_by_reason as (
    select
        is_end,
        event_id,
        min(contact_number) over (
            partition by customer_id, matched_reason
            order by happened_at, is_end, event_id
            rows between 1 following and unbounded following
        ) as contact_number
    from reason_events
),

first_of_reasons as (
    select
        event_id as attempt_id,
        min(contact_number) as contact_number
    from followed_by_reason
    where is_end = 1
    group by event_id
),

numbers as (
    select
        attempts.attempt_id,
        attempts.customer_id,
        attempts.ended_at,
        followed_by_any.any_contact_number,
        case
            when {{ 'true' if var('repeat_match') == 'any' else 'attempts.reason_code is null' }} then followed_by_any.any_contact_number
            when followed_by_any.confirmation_number < first_of_reasons.contact_number then followed_by_any.confirmation_number
            else coalesce(first_of_reasons.contact_number, followed_by_any.confirmation_number)
        end as contact_number
    from attempts
    inner join followed_by_any
        on
            attempts.attempt_id = followed_by_any.event_id
            and followed_by_any.is_end = 1
    left join first_of_reasons
        on attempts.attempt_id = first_of_reasons.attempt_id
    where followed_by_any.any_contact_number is not null
),

final as (
    select
        numbers.attempt_id,
        matched.contact_id as return_contact_id,
        matched.channel as return_channel,
        matched.started_at as returned_at,
        followed.contact_id as any_return_contact_id,
        followed.channel as any_return_channel,
        followed.started_at as any_returned_at
    from numbers
    inner join returning_contacts as followed
        on
            numbers.customer_id = followed.customer_id
            and numbers.any_contact_number = followed.contact_number
            and followed.started_at <= {{ seconds_after('numbers.ended_at', 3600 * longest_window_hours) }}
    left join returning_contacts as matched
        on
            numbers.customer_id = matched.customer_id
            and numbers.contact_number = matched.contact_number
            and matched.started_at <= {{ seconds_after('numbers.ended_at', 3600 * longest_window_hours) }}
)

select * from final
