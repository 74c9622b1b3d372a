-- A failure means that a contact was lost on the way from staging to fct_contacts, or that a row there stands for no delivered record.
-- What to do: find the contact_id in int_contacts_stitched, then in each model after it; an inner join that finds no partner (a time
-- zone without an offset) loses contacts, a join that finds two doubles them.
with

records as (
    select * from {{ ref('stg_contacts') }}
),

links as (
    select * from {{ ref('int_contact_links') }}
),

delivered as (
    select
        coalesce(links.contact_id, records.contact_id) as contact_id,
        count(*) as contact_record_count
    from records
    left join links
        on records.contact_id = links.contact_record_id
    group by coalesce(links.contact_id, records.contact_id)
),

contacts as (
    select
        contact_id,
        count(*) as row_count,
        max(contact_record_count) as contact_record_count
    from {{ ref('fct_contacts') }}
    group by contact_id
)

select
    coalesce(delivered.contact_id, contacts.contact_id) as contact_id,
    delivered.contact_record_count as delivered_record_count,
    contacts.contact_record_count,
    contacts.row_count
from delivered
full outer join contacts
    on delivered.contact_id = contacts.contact_id
where
    contacts.row_count is distinct from 1
    or delivered.contact_record_count is distinct from contacts.contact_record_count
