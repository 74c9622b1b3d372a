-- One row per local calendar day that the data covers.
with

calendar as (
    select * from {{ ref('int_calendar') }}
)

select * from calendar
