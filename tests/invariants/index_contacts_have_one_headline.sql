-- A failure means that an index contact counts twice in first contact resolution, or not at all: it has a row per standard window of the
-- seed repeat_windows, one for its reason's own window, and exactly one of them is the headline. What to do: look at the windows of the
-- contact in fct_first_contact_resolution.
with

windows as (
    select count(*) as window_count from {{ ref('repeat_windows') }}
),

index_contacts as (
    select
        contact_id,
        count(*) as row_count,
        count(case when is_headline then 1 end) as headline_count
    from {{ ref('fct_first_contact_resolution') }}
    group by contact_id
)

select index_contacts.*
from index_contacts
cross join windows
where
    index_contacts.headline_count <> 1
    or index_contacts.row_count not in (windows.window_count, windows.window_count + 1)
