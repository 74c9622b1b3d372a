-- One row per contact that may have influenced what its customer did next: a service contact that solved its matter, or a sales contact
-- in which an agent spoke to the customer (M30). Whether a matter was solved is known when its window is over.
{{ config(materialized='table') }}

with

contact_results as (
    select * from {{ ref('fct_contact_results') }}
    where is_solved
),

contacts as (
    select * from {{ ref('fct_contacts') }}
),

final as (
    select
        contact_id,
        customer_id,
        'service' as contact_type,
        ended_at
    from contact_results
    where ended_at is not null

    union all

    select
        contact_id,
        customer_id,
        'sales' as contact_type,
        ended_at
    from contacts
    where
        direction = 'outbound'
        and purpose = 'sales'
        and is_handled
        and is_identified
        and ended_at is not null
)

select * from final
