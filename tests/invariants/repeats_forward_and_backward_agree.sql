-- A failure means that a repeat does not point back to a contact that ended before it within a window of the issue, or that the contact
-- before it does not see it as the next one: the two directions would tell different stories (M11). What to do: look at the two contacts
-- in int_reason_repeats.
with

repeats as (
    select * from {{ ref('fct_repeat_contacts') }}
),

contact_repeats as (
    select * from {{ ref('fct_contact_repeats') }}
)

select repeats.contact_id
from repeats
left join contact_repeats
    on repeats.previous_contact_id = contact_repeats.contact_id
where
    repeats.is_repeat
    and (
        repeats.previous_ended_at is null
        or repeats.started_at <= repeats.previous_ended_at
        or (contact_repeats.contact_id is not null and contact_repeats.hours_to_next > repeats.hours_between)
        or (contact_repeats.contact_id is not null and contact_repeats.next_contact_id is null)
    )
