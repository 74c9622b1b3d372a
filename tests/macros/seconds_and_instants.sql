-- A failure means that macros/engine/seconds.sql counts other seconds on this engine: fractions are dropped at both ends, so that
-- parts add up, and a day may be added to an instant second by second.
with

cases as (
    select
        cast('2025-03-04 10:00:00.900' as {{ dbt.type_timestamp() }}) as from_instant,
        cast('2025-03-04 10:00:02.100' as {{ dbt.type_timestamp() }}) as to_instant,
        2 as seconds
    union all
    select
        cast('2025-03-04 10:00:02' as {{ dbt.type_timestamp() }}),
        cast('2025-03-04 10:00:00' as {{ dbt.type_timestamp() }}),
        -2
    union all
    select
        cast('2024-02-28 00:00:00' as {{ dbt.type_timestamp() }}),
        cast('2024-03-01 00:00:00' as {{ dbt.type_timestamp() }}),
        172800
    union all
    select cast('2024-02-28 00:00:00' as {{ dbt.type_timestamp() }}), null, null
),

computed as (
    select
        *,
        {{ seconds_between('from_instant', 'to_instant') }} as computed_seconds,
        {{ seconds_after('from_instant', 'seconds') }} as computed_instant
    from cases
)

select *
from computed
where
    computed_seconds is distinct from seconds
    or (to_instant is null and computed_instant is not null)
    or {{ seconds_between('computed_instant', 'to_instant') }} <> 0
