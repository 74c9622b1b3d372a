-- One row per segment of the contact records that this build makes anew; all of them in a full build. Segments are the largest table: it
-- is searched once for all that read them.
{{ config(materialized='working_set') }}

select * from {{ ref('stg_contact_segments') }}
where {{ is_touched('contact_id', 'int_touched_contact_records') }}
