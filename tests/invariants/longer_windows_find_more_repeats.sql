-- A failure means that a contact is repeated within a window and not within a longer one that is over as well, or that what is resolved in
-- a long window is not in a shorter one. What to do: look at the contact's rows; the windows are (end, end + W] from the same end.
select contact_id
from {{ ref('fct_contact_repeats') }}
where
    is_repeated_24h and not is_repeated_72h
    or is_repeated_72h and not is_repeated_168h
    or is_repeated_168h and not is_repeated_336h
    or is_repeated_336h and not is_repeated_720h
    or is_repeated_24h and not is_repeated_by_next_day

union all

select longer.contact_id
from {{ ref('fct_first_contact_resolution') }} as longer
inner join {{ ref('fct_first_contact_resolution') }} as shorter
    on
        longer.contact_id = shorter.contact_id
        and longer.window_hours > shorter.window_hours
where
    longer.outcome = 'resolved'
    and shorter.outcome is distinct from 'resolved'
