-- A failure means that talk + hold + wrap (+ dialling on outbound contacts) is not handle time, or that one part is null and another
-- is not: averages of the parts would no longer add up to the average of the whole (B.7, M01). What to do: look at the arithmetic of
-- parts in int_agent_legs, and at the conditions under which fct_contacts shows each part.
select
    contact_id,
    'contact' as grain
from {{ ref('fct_contacts') }}
where
    handle_seconds is distinct from talk_seconds + hold_seconds + wrap_seconds + dial_seconds
    or (handle_seconds is null and (talk_seconds is not null or hold_seconds is not null or wrap_seconds is not null))
    or least(talk_seconds, hold_seconds, wrap_seconds, dial_seconds) < 0

union all

select
    contact_id,
    'agent segment' as grain
from {{ ref('fct_agent_segments') }}
where
    handle_seconds is distinct from talk_seconds + hold_seconds + wrap_seconds
    or (handle_seconds is null and (talk_seconds is not null or hold_seconds is not null or wrap_seconds is not null))
    or least(talk_seconds, hold_seconds, wrap_seconds) < 0
