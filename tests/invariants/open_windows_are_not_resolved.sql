-- A failure means that a contact whose window or feeds are not over yet is called resolved or not repeated, or that one of unknown reason
-- is: silence that nobody could have heard (B.5). What to do: look at is_mature and as_of of the domain resolution in int_as_of.
select
    contact_id,
    'resolved' as problem
from {{ ref('fct_first_contact_resolution') }}
where
    (outcome = 'resolved' and not is_mature)
    or (outcome = 'pending' and is_mature)
    or (outcome is not null and reason_code is null and '{{ var("repeat_match") }}' <> 'any')
    or (is_mature and matures_at is null)

union all

select
    contact_id,
    'not repeated' as problem
from {{ ref('fct_contact_repeats') }}
where
    (is_repeated is not null and not is_mature)
    or (is_repeated is null) is distinct from (repeat_null_reason is not null)

union all

select
    issue_id as contact_id,
    'issue' as problem
from {{ ref('fct_issues') }}
where not is_mature and (is_resolved is not null or is_seamless is not null or is_reopened is not null)
