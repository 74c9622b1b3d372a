-- A failure means that macros/engine/earliest.sql picks another row on this engine: the value of the first (last) row in the given
-- order, rows without a value left out, null where no row has one.
with

cases as (
    select 'a' as name, 1 as first_order, 2 as second_order, 'late' as value
    union all
    select 'a', 1, 1, null
    union all
    select 'a', 0, 9, 'early'
    union all
    select 'b', 1, 2, 'late'
    union all
    select 'b', 1, 1, 'early'
    union all
    select 'c', 1, 1, null
),

computed as (
    select
        name,
        {{ earliest('value', ['first_order', 'second_order']) }} as earliest_value,
        {{ latest('value', ['first_order', 'second_order']) }} as latest_value
    from cases
    group by name
)

select *
from computed
where
    earliest_value is distinct from case when name <> 'c' then 'early' end
    or latest_value is distinct from case when name <> 'c' then 'late' end
