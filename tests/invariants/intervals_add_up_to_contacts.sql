-- A failure means that the half hours of a queue do not hold the contacts that fct_contacts counts for it: a contact was dropped or
-- counted in two half hours. What to do: compare the queue's interval_started_at in both; a queue that is not in queues reads the
-- reporting zone.
with

contacts as (
    select
        queue_id,
        count(case when is_offered then 1 end) as offered_count,
        count(case when is_service_level_contact and is_answered then 1 end) as answered_count,
        count(case when is_service_level_contact and is_answered and is_out_of_queue_in_time then 1 end) as answered_in_time_count,
        count(case when is_service_level_contact and is_abandoned then 1 end) as abandoned_count,
        count(case when is_service_level_contact and is_short_abandon then 1 end) as short_abandon_count,
        count(case when is_offered and contact_outcome = 'callback' then 1 end) as callback_count,
        coalesce(sum(case when is_service_level_contact and is_answered then queue_seconds end), 0) as answered_queue_seconds
    from {{ ref('fct_contacts') }}
    where queue_id is not null
    group by queue_id
),

intervals as (
    select
        queue_id,
        sum(offered_count) as offered_count,
        sum(answered_count) as answered_count,
        sum(answered_in_time_count) as answered_in_time_count,
        sum(abandoned_count) as abandoned_count,
        sum(short_abandon_count) as short_abandon_count,
        sum(callback_count) as callback_count,
        sum(answered_queue_seconds) as answered_queue_seconds
    from {{ ref('fct_queue_intervals') }}
    group by queue_id
)

select
    coalesce(contacts.queue_id, intervals.queue_id) as queue_id,
    contacts.offered_count as contacts_offered,
    intervals.offered_count as intervals_offered
from contacts
full outer join intervals
    on contacts.queue_id = intervals.queue_id
where
    coalesce(contacts.offered_count, 0) is distinct from intervals.offered_count
    or coalesce(contacts.answered_count, 0) is distinct from intervals.answered_count
    or coalesce(contacts.answered_in_time_count, 0) is distinct from intervals.answered_in_time_count
    or coalesce(contacts.abandoned_count, 0) is distinct from intervals.abandoned_count
    or coalesce(contacts.short_abandon_count, 0) is distinct from intervals.short_abandon_count
    or coalesce(contacts.callback_count, 0) is distinct from intervals.callback_count
    or coalesce(contacts.answered_queue_seconds, 0) is distinct from intervals.answered_queue_seconds
