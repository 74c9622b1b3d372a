-- A failure means that splitting agents' seconds over half hours lost or added some: a queue's workload must be the handle time of its
-- legs, to the second. What to do: look for a leg of this queue that lies across a clock change or over more than two days in
-- int_queue_workload.
with

legs as (
    select
        legs.queue_id,
        sum(legs.handle_seconds) as handle_seconds
    from {{ ref('int_agent_legs') }} as legs
    inner join {{ ref('dim_queue') }} as queues
        on legs.queue_id = queues.queue_id
    group by legs.queue_id
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
where coalesce(legs.handle_seconds, 0) is distinct from coalesce(intervals.workload_seconds, 0)
