-- A failure means that lengthy contacts of a queue share more callers who gave up than there were, or that the bounds of a contact are not
-- in order (M48). What to do: look at int_lengthy_abandons for the queue; a conversation is in its sweep twice, or seconds beyond the
-- median are taken off that were never put on.
with

lengthy as (
    select * from {{ ref('fct_lengthy_interactions') }}
),

abandons as (
    select
        queue_id,
        count(*) as abandon_count
    from {{ ref('fct_contacts') }}
    where is_abandoned
    group by queue_id
),

queues as (
    select
        queue_id,
        sum(shared_abandon_count) as shared_abandon_count
    from lengthy
    group by queue_id
),

shared_too_often as (
    select
        'queue ' as subject,
        queues.queue_id as subject_id
    from queues
    left join abandons
        on queues.queue_id = abandons.queue_id
    where queues.shared_abandon_count > coalesce(abandons.abandon_count, 0) + 0.001
),

out_of_order as (
    select
        'contact ' as subject,
        contact_id as subject_id
    from lengthy
    where
        shared_abandon_count > capacity_abandon_count + 0.001
        or capacity_abandon_count + unknown_staffing_abandon_count > abandon_count
        or expected_loss_low_amount > expected_loss_amount
        or expected_loss_amount > expected_loss_high_amount + 0.001
)

select * from shared_too_often
union all
select * from out_of_order
