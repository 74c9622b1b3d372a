-- A failure means that end_of_local_day (macros/resolution/repeat_window_end.sql) is wrong on this engine: G.13 and its neighbours, days
-- of 23 and 25 hours among them, with business days that begin at midnight.
with

cases as (
    -- G.13: the clocks went forward on 30 March
    select
        cast('2025-03-28 09:00:00' as {{ dbt.type_timestamp() }}) as instant,
        168 as hours,
        'Europe/London' as timezone,
        cast('2025-04-04 22:59:59' as {{ dbt.type_timestamp() }}) as expected_at
    union all
    select
        cast('2025-03-29 23:59:59' as {{ dbt.type_timestamp() }}),
        24,
        'Europe/London',
        cast('2025-03-30 22:59:59' as {{ dbt.type_timestamp() }})
    union all
    -- the last second of a local day, and the first one of the next
    select
        cast('2025-10-25 22:59:59' as {{ dbt.type_timestamp() }}),
        24,
        'Europe/London',
        cast('2025-10-26 23:59:59' as {{ dbt.type_timestamp() }})
    union all
    select
        cast('2025-10-25 23:00:00' as {{ dbt.type_timestamp() }}),
        24,
        'Europe/London',
        cast('2025-10-27 23:59:59' as {{ dbt.type_timestamp() }})
    union all
    -- a part of a day is a whole one
    select
        cast('2025-03-04 10:00:00' as {{ dbt.type_timestamp() }}),
        25,
        'Asia/Kathmandu',
        cast('2025-03-06 18:14:59' as {{ dbt.type_timestamp() }})
    union all
    -- the next midnight comes twice, or never
    select
        cast('2024-11-01 12:00:00' as {{ dbt.type_timestamp() }}),
        24,
        'America/Havana',
        cast('2024-11-03 03:59:59' as {{ dbt.type_timestamp() }})
    union all
    select
        cast('2024-03-08 12:00:00' as {{ dbt.type_timestamp() }}),
        24,
        'America/Havana',
        cast('2024-03-10 04:59:59' as {{ dbt.type_timestamp() }})
    union all
    select
        cast(null as {{ dbt.type_timestamp() }}),
        24,
        'Asia/Kathmandu',
        cast(null as {{ dbt.type_timestamp() }})
),

computed as (
    select
        *,
        {{ end_of_local_day('instant', 'hours', 'timezone') }} as computed_at
    from cases
)

select *
from computed
where
    computed_at is distinct from expected_at
    and {{ var('business_day_start_hour') }} = 0
