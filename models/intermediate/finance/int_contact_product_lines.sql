-- One row per contact and product line that one of its records names (M42). The records of a session that was handed on may name several:
-- the contact is shared equally by them. A contact without a row is untagged.
{{ config(materialized='table') }}

with

records as (
    select
        contact_id as contact_record_id,
        product_line_id
    from {{ ref('stg_contacts') }}
    where product_line_id is not null
),

links as (
    select * from {{ ref('int_contact_links') }}
),

named as (
    select
        coalesce(links.contact_id, records.contact_record_id) as contact_id,
        records.product_line_id
    from records
    left join links
        on records.contact_record_id = links.contact_record_id
    group by coalesce(links.contact_id, records.contact_record_id), records.product_line_id
),

final as (
    select
        contact_id,
        product_line_id,
        row_number() over (partition by contact_id order by product_line_id) as line_number,
        count(*) over (partition by contact_id) as line_count
    from named
)

select * from final
