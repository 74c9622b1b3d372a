-- One row per contact that takes part in a redial: a customer abandons a queue and contacts again within the redial window (M05).
-- Only identified customers can be recognised; ids that many people share are denied. On deferred channels nobody redials.
{{ config(materialized='table') }}

with

contacts as (
    select * from {{ ref('int_contacts_stitched') }}
),

legs as (
    select * from {{ ref('int_agent_legs') }}
    where {{ is_touched('contact_id') }}
),

waits as (
    select * from {{ ref('int_contact_waits') }}
),

channels as (
    select * from {{ ref('channels') }}
),

denied_customer_ids as (
    select * from {{ ref('denied_customer_ids') }}
),

answered as (
    select contact_id
    from legs
    where has_conversation
    group by contact_id
),

identified as (
    select
        contacts.contact_id,
        contacts.customer_id,
        contacts.started_at,
        contacts.ended_at,
        contacts.source_outcome,
        contacts.source_outcome is not null and contacts.source_outcome = 'answered'
        or answered.contact_id is not null and coalesce(contacts.source_outcome, 'callback') = 'callback' as is_answered,
        coalesce(contacts.callback_accepted, false) as callback_accepted
    from contacts
    inner join channels
        on contacts.channel = channels.channel
    left join answered
        on contacts.contact_id = answered.contact_id
    left join denied_customer_ids
        on
            contacts.customer_id = denied_customer_ids.customer_id
            and cast(contacts.started_at as date) between denied_customer_ids.effective_from and denied_customer_ids.effective_to
    where
        channels.is_live
        and contacts.customer_id is not null
        and denied_customer_ids.customer_id is null
        and contacts.direction = 'inbound'
),

unanswered as (
    select *
    from identified
    where
        not is_answered
        and ended_at >= started_at
        and not callback_accepted
        and coalesce(source_outcome, 'abandoned') = 'abandoned'
),

queued as (
    select unanswered.contact_id
    from waits
    inner join unanswered
        on waits.contact_id = unanswered.contact_id
    where waits.has_queue
),

customers_who_abandoned as (
    select unanswered.customer_id
    from unanswered
    inner join queued
        on unanswered.contact_id = queued.contact_id
    group by unanswered.customer_id
),

sequence as (
    select
        identified.contact_id,
        identified.customer_id,
        identified.started_at,
        identified.ended_at,
        identified.is_answered,
        queued.contact_id is not null as is_abandoned_in_queue
    from identified
    inner join customers_who_abandoned
        on identified.customer_id = customers_who_abandoned.customer_id
    left join queued
        on identified.contact_id = queued.contact_id
),

-- the window is (end, end + W]: of events at the same instant, starts come before ends
events as (
    select
        customer_id,
        contact_id,
        started_at as happened_at,
        0 as is_end,
        case when is_answered then started_at end as answered_start_at,
        cast(null as {{ dbt.type_timestamp() }}) as abandoned_end_at
    from sequence

    union all

    select
        customer_id,
        contact_id,
        ended_at as happened_at,
        1 as is_end,
        cast(null as {{ dbt.type_timestamp() }}) as answered_start_at,
        ended_at as abandoned_end_at
    from sequence
    where is_abandoned_in_queue
),

neighbours as (
    select
        *,
        max(abandoned_end_at) over (
            partition by customer_id
            order by happened_at, is_end, contact_id
            rows between unbounded preceding and 1 preceding
        ) as abandoned_before_at,
        min(answered_start_at) over (
            partition by customer_id
            order by happened_at, is_end, contact_id
            rows between 1 following and unbounded following
        ) as answered_later_at
    from events
),

flagged as (
    select
        contact_id,
        coalesce({{ dbt.bool_or(
            'is_end = 0 and happened_at <= ' ~ seconds_after('abandoned_before_at', 60 * var('redial_window_minutes'))
        ) }}, false) as is_redial,
        coalesce({{ dbt.bool_or(
            'is_end = 1 and answered_later_at <= ' ~ seconds_after('happened_at', 60 * var('redial_window_minutes'))
        ) }}, false) as is_answered_after_redial
    from neighbours
    group by contact_id
),

final as (
    select * from flagged where is_redial or is_answered_after_redial
)

select * from final
