-- One row per contact that is made anew: those that changed, and all of the customers who are touched, since a contact is judged by those
-- around it (redials, M05; repeats, M10). Ids of contacts that are no longer there are among them: their rows go.
{{ config(materialized='table') }}

with

changed_records as (
    select * from {{ ref('int_changed_contact_records') }}
),

touched_customers as (
    select * from {{ ref('int_touched_customers') }}
),

contacts as (
    select * from {{ ref('stg_contacts') }}
),

links as (
    select * from {{ ref('int_contact_links') }}
),

records as (
    select touched_id as contact_record_id from changed_records
    union
    select contacts.contact_id as contact_record_id
    from contacts
    inner join touched_customers
        on contacts.customer_id = touched_customers.touched_id
),

final as (
    select contact_record_id as touched_id from records
    union
    select links.contact_id as touched_id
    from links
    inner join records
        on links.contact_record_id = records.contact_record_id
)

select * from final
where {{ is_needed_to_touch() }}
