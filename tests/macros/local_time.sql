-- A failure means that macros/engine/time_zones.sql reads local time differently on this engine. The last two local times are the hard
-- ones: Berlin's 02:30 that the clocks skip is read as 03:30, and the 02:30 that comes twice as its second pass.
with

cases as (
    select
        'Europe/Berlin' as timezone,
        cast('2025-03-30 00:59:59' as {{ dbt.type_timestamp() }}) as instant,
        cast('2025-03-30 01:59:59' as {{ dbt.type_timestamp() }}) as local_time
    union all
    select
        'Europe/Berlin',
        cast('2025-03-30 01:00:00' as {{ dbt.type_timestamp() }}),
        cast('2025-03-30 03:00:00' as {{ dbt.type_timestamp() }})
    union all
    select
        'Asia/Kathmandu',
        cast('2025-03-04 18:15:00' as {{ dbt.type_timestamp() }}),
        cast('2025-03-05 00:00:00' as {{ dbt.type_timestamp() }})
    union all
    select
        'America/New_York',
        cast('2025-07-01 03:59:59' as {{ dbt.type_timestamp() }}),
        cast('2025-06-30 23:59:59' as {{ dbt.type_timestamp() }})
    union all
    select
        'Europe/Berlin',
        cast('2025-03-30 01:30:00' as {{ dbt.type_timestamp() }}),
        cast('2025-03-30 02:30:00' as {{ dbt.type_timestamp() }})
    union all
    select
        'Europe/Berlin',
        cast('2025-10-26 01:30:00' as {{ dbt.type_timestamp() }}),
        cast('2025-10-26 02:30:00' as {{ dbt.type_timestamp() }})
),

computed as (
    select
        *,
        {{ to_local('instant', 'timezone') }} as computed_local_time,
        {{ to_utc('local_time', 'timezone') }} as computed_instant
    from cases
)

select *
from computed
where
    computed_instant is distinct from instant
    or (
        computed_local_time is distinct from local_time
        and local_time <> cast('2025-03-30 02:30:00' as {{ dbt.type_timestamp() }})
    )
