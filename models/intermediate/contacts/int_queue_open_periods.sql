-- One row per queue and opening period of a local day, in UTC, with overlapping periods made one. A queue without any hours is
-- always open and has no row here.
{{ config(materialized='table') }}

with

queues as (
    select * from {{ ref('stg_queues') }}
),

queue_hours as (
    select * from {{ ref('stg_queue_hours') }}
),

queue_holidays as (
    select * from {{ ref('stg_queue_holidays') }}
),

dates as (
    select * from {{ ref('int_calendar') }}
),

offsets as (
    select * from {{ ref('int_timezone_offsets') }}
),

scheduled as (
    select
        queue_hours.queue_id,
        queues.timezone,
        dates.date_day,
        cast(
            {{ dbt.concat(["cast(dates.date_day as " ~ dbt.type_string() ~ ")", "' '", "queue_hours.opens_at"]) }}
            as {{ dbt.type_timestamp() }}
        ) as opens_local,
        -- 24:00 or nothing is the end of the day
        case
            when coalesce(queue_hours.closes_at, '24:00') = '24:00'
                then cast({{ dbt.dateadd('day', 1, 'dates.date_day') }} as {{ dbt.type_timestamp() }})
            else cast(
                {{ dbt.concat(["cast(dates.date_day as " ~ dbt.type_string() ~ ")", "' '", "queue_hours.closes_at"]) }}
                as {{ dbt.type_timestamp() }}
            )
        end as closes_local
    from queue_hours
    inner join queues
        on queue_hours.queue_id = queues.queue_id
    inner join dates
        on queue_hours.weekday = dates.iso_weekday
    left join queue_holidays
        on
            queue_hours.queue_id = queue_holidays.queue_id
            and dates.date_day = queue_holidays.holiday_on
    where queue_holidays.queue_id is null
),

-- open is what the queue's wall clock says, with each offset of the day: an hour that comes twice is open twice, one that never comes
-- never
periods as (
    select
        scheduled.queue_id,
        scheduled.date_day,
        greatest({{ seconds_after('scheduled.opens_local', '-offsets.utc_offset_seconds') }}, offsets.valid_from) as opens_at,
        least({{ seconds_after('scheduled.closes_local', '-offsets.utc_offset_seconds') }}, offsets.valid_to) as closes_at
    from scheduled
    inner join offsets
        on
            scheduled.timezone = offsets.timezone
            and {{ seconds_after('scheduled.opens_local', '-offsets.utc_offset_seconds') }} < offsets.valid_to
            and {{ seconds_after('scheduled.closes_local', '-offsets.utc_offset_seconds') }} > offsets.valid_from
    where scheduled.closes_local > scheduled.opens_local
),

grouped as (
    select
        *,
        case
            when opens_at > max(closes_at) over (
                partition by queue_id, date_day
                order by opens_at, closes_at
                rows between unbounded preceding and 1 preceding
            ) then 1
            else 0
        end as starts_new_period
    from periods
),

numbered as (
    select
        *,
        sum(starts_new_period) over (
            partition by queue_id, date_day
            order by opens_at, closes_at
            rows between unbounded preceding and current row
        ) as period_number
    from grouped
),

merged as (
    select
        queue_id,
        date_day,
        period_number,
        min(opens_at) as opens_at,
        max(closes_at) as closes_at
    from numbered
    group by queue_id, date_day, period_number
),

final as (
    select
        queue_id,
        date_day,
        opens_at,
        closes_at,
        {{ seconds_between('opens_at', 'closes_at') }} as open_seconds,
        coalesce(cast(sum({{ seconds_between('opens_at', 'closes_at') }}) over (
            partition by queue_id
            order by opens_at
            rows between unbounded preceding and 1 preceding
        ) as bigint), 0) as open_seconds_before,
        coalesce(
            lead(opens_at) over (partition by queue_id order by opens_at),
            cast('2300-01-01' as {{ dbt.type_timestamp() }})
        ) as next_opens_at
    from merged
)

select * from final
