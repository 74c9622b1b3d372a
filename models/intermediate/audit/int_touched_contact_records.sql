-- One row per contact record of a contact that is made anew.
{{ config(materialized='table') }}

with

touched_contacts as (
    select * from {{ ref('int_touched_contacts') }}
),

links as (
    select * from {{ ref('int_contact_links') }}
),

final as (
    select touched_id from touched_contacts
    union
    select links.contact_record_id as touched_id
    from links
    inner join touched_contacts
        on links.contact_id = touched_contacts.touched_id
)

select * from final
where {{ is_needed_to_touch() }}
