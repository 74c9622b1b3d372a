-- One row per contact that this build makes anew; all of them in a full build. What depends on the contacts around it is made from these.
{{ config(materialized='working_set') }}

select * from {{ ref('fct_contacts') }}
where {{ is_touched('contact_id') }}
