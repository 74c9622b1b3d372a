-- A failure means that the handle time of a contact is not that of its agent legs, that its handles are not its legs, or that a leg of
-- a delivered record has no contact. Time on records that were not delivered is kept in int_agent_legs and belongs to no contact
-- (segments_have_their_contact warns of it). What to do: compare the legs of the contact_id with its row in fct_contacts; a fan-out in
-- int_contact_handling doubles, a wrong link loses.
with

contacts as (
    select * from {{ ref('fct_contacts') }}
),

legs as (
    select * from {{ ref('int_agent_legs') }}
),

records as (
    select * from {{ ref('stg_contacts') }}
),

worked as (
    select
        contact_id,
        sum(handle_seconds) as handle_seconds,
        count(case when has_conversation then 1 end) as agent_segment_count
    from legs
    group by contact_id
),

different as (
    select
        contacts.contact_id,
        'contact differs from its legs' as problem
    from contacts
    left join worked
        on contacts.contact_id = worked.contact_id
    where
        contacts.agent_segment_count is distinct from coalesce(worked.agent_segment_count, 0)
        or (
            contacts.handle_seconds is not null
            and contacts.handle_seconds - contacts.dial_seconds is distinct from worked.handle_seconds
        )
),

lost as (
    select
        legs.contact_id,
        'leg of a delivered record without a contact' as problem
    from legs
    inner join records
        on legs.contact_record_id = records.contact_id
    left join contacts
        on legs.contact_id = contacts.contact_id
    where contacts.contact_id is null
)

select * from different
union all
select * from lost
