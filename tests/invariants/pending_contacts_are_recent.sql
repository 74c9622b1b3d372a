-- A warning means that more than a quarter of the index contacts older than 60 days are still pending: their windows are over by far, so a
-- feed stopped, or contacts stay open for ever. What to do: look at the watermarks of the feeds of the domain resolution, and at
-- contacts without ended_at.
{{ config(severity='warn') }}

with

headlines as (
    select
        resolution.contact_id,
        resolution.is_mature
    from {{ ref('fct_first_contact_resolution') }} as resolution
    cross join {{ ref('int_as_of') }} as as_of
    where
        resolution.is_headline
        and as_of.domain = 'contacts'
        and resolution.business_date < cast({{ dbt.dateadd('day', -60, 'as_of.as_of') }} as date)
),

counted as (
    select
        count(*) as contact_count,
        count(case when not is_mature then 1 end) as immature_count
    from headlines
)

select *
from counted
where 4 * immature_count > contact_count
