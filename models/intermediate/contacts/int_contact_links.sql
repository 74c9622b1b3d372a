-- One row per contact record that is part of a contact of several records. Platforms that open a new record per transfer or
-- callback name the first record on each; a record that names a later one is followed one step further.
{{ config(materialized='table') }}

with

records as (
    select * from {{ ref('stg_contacts') }}
),

continuations as (
    select
        contact_id,
        initial_contact_id,
        initiation_method
    from records
    where
        initial_contact_id <> contact_id
        -- a supervisor who listens is no part of the contact
        and coalesce(initiation_method, '') <> 'monitor'
),

resolved as (
    select
        continuations.contact_id as contact_record_id,
        coalesce(named.initial_contact_id, continuations.initial_contact_id) as contact_id,
        continuations.initiation_method
    from continuations
    left join continuations as named
        on continuations.initial_contact_id = named.contact_id
),

later_records as (
    select * from resolved where contact_record_id <> contact_id
),

first_records as (
    select later_records.contact_id
    from later_records
    left join later_records as also_later
        on later_records.contact_id = also_later.contact_record_id
    where also_later.contact_record_id is null
    group by later_records.contact_id
),

final as (
    select
        contact_record_id,
        contact_id,
        initiation_method = 'callback' as is_callback_attempt
    from later_records

    union all

    select
        contact_id as contact_record_id,
        contact_id,
        false as is_callback_attempt
    from first_records
)

select * from final
