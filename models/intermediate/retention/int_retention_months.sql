-- One row per calendar month with its first and its last instant in the reporting zone, from the first whole month of contacts to the
-- last one that has begun by as_of, and whether all that can happen in it is known: the month, the grace of failed payments and the
-- feeds' delay are over.
{{ config(materialized='table') }}

with

calendar as (
    select * from {{ ref('int_calendar') }}
),

as_of as (
    select as_of
    from {{ ref('int_as_of') }}
    where domain = 'resolution'
),

months as (
    select
        date_day as month_start_date,
        cast({{ dbt.dateadd('month', 1, 'date_day') }} as date) as next_month_start_date
    from calendar
    where date_day = month_start_date
),

bounded as (
    select
        month_start_date,
        {{ to_utc('cast(month_start_date as ' ~ dbt.type_timestamp() ~ ')', "'" ~ var('reporting_timezone') ~ "'") }} as starts_at,
        {{ to_utc('cast(next_month_start_date as ' ~ dbt.type_timestamp() ~ ')', "'" ~ var('reporting_timezone') ~ "'") }} as ends_at
    from months
),

final as (
    select
        bounded.month_start_date,
        bounded.starts_at,
        bounded.ends_at,
        {{ seconds_after('bounded.ends_at', 86400 * var('churn_grace_days') + 3600 * var('ingestion_lag_hours')) }}
        <= as_of.as_of as is_mature
    from bounded
    inner join as_of
        on bounded.starts_at <= as_of.as_of
)

select * from final
