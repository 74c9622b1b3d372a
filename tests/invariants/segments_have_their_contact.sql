-- A warning means that segments were delivered for records that were not: their seconds are in fct_agent_segments and in no contact.
-- What to do: deliver contacts for the same time span as contact_segments, and look in quarantined_rows whether the record broke a
-- rule.
{{ config(severity='warn') }}

select
    segments.contact_id,
    count(*) as segment_count
from {{ ref('stg_contact_segments') }} as segments
left join {{ ref('stg_contacts') }} as records
    on segments.contact_id = records.contact_id
where records.contact_id is null
group by segments.contact_id
