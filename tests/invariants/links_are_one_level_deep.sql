-- A warning means that records name as their first one a record that is itself a later one, more than one step deep or in a circle.
-- They are counted as contacts of their own, so volume is too high and handle time too low. What to do: deliver the id of the FIRST
-- record of the session in initial_contact_id (Amazon Connect: InitialContactId, not PreviousContactId).
{{ config(severity='warn') }}

with

records as (
    select * from {{ ref('stg_contacts') }}
),

links as (
    select * from {{ ref('int_contact_links') }}
),

too_deep as (
    select links.contact_record_id
    from links
    inner join links as firsts
        on links.contact_id = firsts.contact_record_id
    where links.contact_id <> firsts.contact_id
),

in_a_circle as (
    select records.contact_id as contact_record_id
    from records
    left join links
        on records.contact_id = links.contact_record_id
    where
        records.initial_contact_id <> records.contact_id
        and coalesce(records.initiation_method, '') <> 'monitor'
        and links.contact_record_id is null
)

select * from too_deep
union all
select * from in_a_circle
