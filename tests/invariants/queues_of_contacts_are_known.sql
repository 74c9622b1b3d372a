-- A warning means that contacts name a queue that was not delivered in queues: they have no programme, no vendor and no opening hours,
-- and their day is that of the reporting zone. What to do: deliver the queue, with its zone; look in quarantined_rows for one with a
-- wrong zone.
{{ config(severity='warn') }}

select
    contacts.queue_id,
    count(*) as contact_count
from {{ ref('fct_contacts') }} as contacts
left join {{ ref('dim_queue') }} as queues
    on contacts.queue_id = queues.queue_id
where
    contacts.queue_id is not null
    and queues.queue_id is null
group by contacts.queue_id
