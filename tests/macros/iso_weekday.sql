-- A failure means that macros/engine/iso_weekday.sql counts weekdays differently on this engine: 1 is Monday and 7 is Sunday.
with

cases as (
    select cast('2025-03-03' as date) as day, 1 as weekday
    union all
    select cast('2024-02-29' as date), 4
    union all
    select cast('2025-03-08' as date), 6
    union all
    select cast('2025-03-09' as date), 7
)

select *
from cases
where {{ iso_weekday('day') }} <> weekday
