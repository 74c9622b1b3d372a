-- A failure means that splitting agents' seconds over half hours lost or added some: a queue's workload must be the handle time of its
-- legs, to the second; a leg that knows no queue works for that of its contact. What to do: look for a leg of this queue that lies
-- across a clock change or over more than two days in int_queue_workload.
with

legs as (
    select
        coalesce(legs.queue_id, contacts.queue_id) as queue_id,
        sum(legs.handle_seconds) as handle_seconds
    from {{ ref('int_agent_legs') }} as legs
    left join {{ ref('fct_contacts') }} as contacts
        on legs.contact_id = contacts.contact_id
    group by coalesce(legs.queue_id, contacts.queue_id)
),

intervals as (
    select
        queue_id,
        sum(workload_seconds) as workload_seconds
    from {{ ref('fct_queue_intervals') }}
    group by queue_id
)

select
    coalesce(legs.queue_id, intervals.queue_id) as queue_id,
    legs.handle_seconds,
    intervals.workload_seconds
from legs
full outer join intervals
    on legs.queue_id = intervals.queue_id
where
    (legs.queue_id is not null or intervals.queue_id is not null)
    and coalesce(legs.handle_seconds, 0) is distinct from coalesce(intervals.workload_seconds, 0)
