-- One row per zone and span of time with one UTC offset: [valid_from, valid_to). Joining it is far cheaper for a large table than
-- asking the engine for the local time of every row. Offsets change on half hours, so days with a change are read by half hour.
{{ config(materialized='table') }}

with

zones as (
    select timezone from {{ ref('stg_queues') }}
    union
    select '{{ var("reporting_timezone") }}' as timezone
),

days as (
    select cast(date_day as {{ dbt.type_timestamp() }}) as instant from {{ ref('int_calendar') }}
),

day_offsets as (
    select
        zones.timezone,
        days.instant,
        {{ seconds_between('days.instant', to_local('days.instant', 'zones.timezone')) }} as utc_offset_seconds,
        {{ seconds_between(
            seconds_after('days.instant', 86400), to_local(seconds_after('days.instant', 86400), 'zones.timezone')
        ) }} as next_utc_offset_seconds
    from days
    cross join zones
),

half_hours as (
    select (generated_number - 1) * 1800 as seconds_into_day
    from ({{ whole_numbers(48) }}) as numbers
),

readings as (
    select
        timezone,
        instant,
        utc_offset_seconds
    from day_offsets
    where utc_offset_seconds = next_utc_offset_seconds

    union all

    select
        day_offsets.timezone,
        {{ seconds_after('day_offsets.instant', 'half_hours.seconds_into_day') }} as instant,
        {{ seconds_between(
            seconds_after('day_offsets.instant', 'half_hours.seconds_into_day'),
            to_local(seconds_after('day_offsets.instant', 'half_hours.seconds_into_day'), 'day_offsets.timezone')
        ) }} as utc_offset_seconds
    from day_offsets
    cross join half_hours
    where day_offsets.utc_offset_seconds <> day_offsets.next_utc_offset_seconds
),

changes as (
    select
        *,
        lag(utc_offset_seconds) over (partition by timezone order by instant) as previous_offset_seconds
    from readings
),

spans as (
    select
        timezone,
        utc_offset_seconds,
        instant,
        previous_offset_seconds,
        lead(instant) over (partition by timezone order by instant) as next_change_at
    from changes
    where previous_offset_seconds is null or previous_offset_seconds <> utc_offset_seconds
),

final as (
    select
        timezone,
        case
            when previous_offset_seconds is null then cast('1900-01-01' as {{ dbt.type_timestamp() }})
            else instant
        end as valid_from,
        coalesce(next_change_at, cast('2300-01-01' as {{ dbt.type_timestamp() }})) as valid_to,
        utc_offset_seconds
    from spans
)

select * from final
