-- A failure means that contacts of identified customers were lost between fct_contacts and the issues, or stand in two of them: every
-- inbound one that counts is a contact of one issue, or a reconnect of one. What to do: compare int_contact_sessions with fct_contacts.
with

contacts as (
    select count(*) as contact_count
    from {{ ref('fct_contacts') }}
    where
        exclusion_reason is null
        and is_identified
        and direction = 'inbound'
),

reconnects as (
    select count(*) as reconnect_count
    from {{ ref('int_contact_reconnects') }}
    where is_reconnect
),

issues as (
    select
        coalesce(sum(contact_count), 0) as contact_count,
        coalesce(sum(handled_contact_count), 0) as handled_contact_count
    from {{ ref('fct_issues') }}
),

handled as (
    select count(*) as contact_count from {{ ref('fct_contact_repeats') }}
)

select
    contacts.contact_count,
    reconnects.reconnect_count,
    issues.contact_count as contacts_of_issues,
    issues.handled_contact_count,
    handled.contact_count as handled_contacts
from contacts
cross join reconnects
cross join issues
cross join handled
where
    contacts.contact_count - reconnects.reconnect_count <> issues.contact_count
    or issues.handled_contact_count <> handled.contact_count
