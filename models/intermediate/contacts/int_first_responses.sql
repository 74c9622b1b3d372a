-- One row per inbound contact on a deferred channel: when the first reply by a person came, and how long that took on the calendar
-- and on the queue's business clock (M06). A contact without a reply yet has waited until as_of.
{{ config(materialized='table') }}

with

contacts as (
    select * from {{ ref('int_contacts_stitched') }}
),

channels as (
    select * from {{ ref('channels') }}
),

legs as (
    select * from {{ ref('int_agent_legs') }}
    where {{ is_touched('contact_id') }}
),

open_periods as (
    select * from {{ ref('int_queue_open_periods') }}
),

waits as (
    select * from {{ ref('int_contact_waits') }}
),

as_of as (
    select * from {{ ref('int_as_of') }}
),

deferred as (
    select
        contacts.contact_id,
        contacts.queue_id,
        contacts.started_at,
        contacts.ended_at
    from contacts
    inner join channels
        on contacts.channel = channels.channel
    where
        not channels.is_live
        and contacts.channel <> 'self_service'
        and contacts.direction = 'inbound'
),

replies as (
    select
        deferred.contact_id,
        min(legs.conversation_started_at) as first_response_at,
        {{ earliest('legs.queue_id', ['legs.agent_segment_number']) }} as agent_queue_id
    from legs
    inner join deferred
        on legs.contact_id = deferred.contact_id
    group by deferred.contact_id
),

waited as (
    select
        deferred.contact_id,
        coalesce(deferred.queue_id, waits.first_queue_id, replies.agent_queue_id) as queue_id,
        deferred.started_at,
        replies.first_response_at,
        coalesce(replies.first_response_at, deferred.ended_at, as_of.as_of) as waited_until
    from deferred
    left join replies
        on deferred.contact_id = replies.contact_id
    left join waits
        on deferred.contact_id = waits.contact_id
    left join as_of
        on as_of.domain = 'contacts'
),

-- a queue with hours is not always open, also where none of them fall into the days of the data
scheduled_queues as (
    select queue_id
    from {{ ref('stg_queue_hours') }}
    group by queue_id
),

-- seconds that the queue had been open, since its first opening period, at both ends of the wait
final as (
    select
        waited.contact_id,
        waited.first_response_at,
        case
            when waited.waited_until >= waited.started_at then {{ seconds_between('waited.started_at', 'waited.waited_until') }}
        end as wait_seconds,
        case
            when waited.waited_until < waited.started_at then null
            when scheduled_queues.queue_id is null then {{ seconds_between('waited.started_at', 'waited.waited_until') }}
            else
                coalesce(
                    until.open_seconds_before
                    + least({{ seconds_between('until.opens_at', 'waited.waited_until') }}, until.open_seconds), 0
                )
                - coalesce(
                    since.open_seconds_before
                    + least({{ seconds_between('since.opens_at', 'waited.started_at') }}, since.open_seconds), 0
                )
        end as business_wait_seconds
    from waited
    left join scheduled_queues
        on waited.queue_id = scheduled_queues.queue_id
    left join open_periods as since
        on
            waited.queue_id = since.queue_id
            and waited.started_at >= since.opens_at
            and waited.started_at < since.next_opens_at
    left join open_periods as until
        on
            waited.queue_id = until.queue_id
            and waited.waited_until >= until.opens_at
            and waited.waited_until < until.next_opens_at
)

select * from final
