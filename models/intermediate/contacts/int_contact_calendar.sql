-- One row per contact with its queue's programme, vendor and local time: business date, half-hour interval of arrival in the queue,
-- and whether the queue was open then.
with

contacts as (
    select * from {{ ref('int_contact_outcomes') }}
),

queues as (
    select * from {{ ref('stg_queues') }}
),

offsets as (
    select * from {{ ref('int_timezone_offsets') }}
),

open_periods as (
    select * from {{ ref('int_queue_open_periods') }}
),

-- a queue with hours is not always open, also where none of them fall into the days of the data
scheduled_queues as (
    select queue_id
    from {{ ref('stg_queue_hours') }}
    group by queue_id
),

located as (
    select
        contacts.*,
        queues.program_id,
        queues.vendor_id,
        coalesce(queues.timezone, '{{ var("reporting_timezone") }}') as business_timezone,
        queues.queue_id is not null as is_known_queue
    from contacts
    left join queues
        on contacts.queue_id = queues.queue_id
),

local_times as (
    select
        located.*,
        {{ seconds_after('located.started_at', 'offsets_at_start.utc_offset_seconds') }} as started_local,
        {{ seconds_after('located.queued_at', 'offsets_at_queue.utc_offset_seconds') }} as queued_local
    from located
    inner join offsets as offsets_at_start
        on
            located.business_timezone = offsets_at_start.timezone
            and located.started_at >= offsets_at_start.valid_from
            and located.started_at < offsets_at_start.valid_to
    inner join offsets as offsets_at_queue
        on
            located.business_timezone = offsets_at_queue.timezone
            and located.queued_at >= offsets_at_queue.valid_from
            and located.queued_at < offsets_at_queue.valid_to
),

dated as (
    select
        *,
        cast({{ seconds_after('started_local', -3600 * var('business_day_start_hour')) }} as date) as business_date,
        cast(queued_local as date) as queued_local_date,
        -- seconds since the last local half hour: whole half hours east or west of UTC leave it as it is
        cast(extract(minute from queued_local) as integer) % 30 * 60 + cast(floor(extract(second from queued_local)) as integer)
            as seconds_into_interval
    from local_times
),

final as (
    select
        dated.*,
        {{ dbt.date_trunc('second', seconds_after('dated.queued_at', '-dated.seconds_into_interval')) }} as interval_started_at,
        case
            when scheduled_queues.queue_id is null then true
            else open_periods.queue_id is not null
        end as is_in_opening_hours
    from dated
    left join scheduled_queues
        on dated.queue_id = scheduled_queues.queue_id
    left join open_periods
        on
            dated.queue_id = open_periods.queue_id
            and dated.queued_local_date = open_periods.date_day
            and dated.queued_at >= open_periods.opens_at
            and dated.queued_at < open_periods.closes_at
)

select * from final
