-- A failure means that a renewal or a recovery is judged before its window is over, or not at all after it (M28, M29): silence is no
-- success and no failure yet. What to do: compare is_mature of the row with as_of of its domain in int_as_of.
with

judged as (
    select
        term_event_id as row_id,
        is_mature,
        is_renewed as verdict
    from {{ ref('fct_renewals') }}

    union all

    select
        contact_id as row_id,
        is_mature,
        is_recovered as verdict
    from {{ ref('fct_recoveries') }}
)

select *
from judged
where is_mature <> (verdict is not null)
