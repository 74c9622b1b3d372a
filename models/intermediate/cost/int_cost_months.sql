-- One row per month of the books and calendar month in UTC that it reaches into. The books are kept in the reporting time zone; joined on
-- the month in UTC, an instant finds its month of the books among two rows at the most.
{{ config(materialized='table') }}

with

days as (
    select * from {{ ref('int_cost_days') }}
),

months as (
    select
        month_start_date as period_month,
        cast({{ dbt.dateadd('month', 1, 'month_start_date') }} as date) as next_month
    from days
    group by month_start_date
),

bounded as (
    select
        period_month,
        {{ to_utc('cast(period_month as ' ~ dbt.type_timestamp() ~ ')', "'" ~ var('reporting_timezone') ~ "'") }} as begins_at,
        {{ to_utc('cast(next_month as ' ~ dbt.type_timestamp() ~ ')', "'" ~ var('reporting_timezone') ~ "'") }} as ends_at
    from months
),

final as (
    select
        period_month,
        cast({{ dbt.date_trunc('month', 'begins_at') }} as date) as utc_month,
        begins_at,
        ends_at
    from bounded
    union
    select
        period_month,
        cast({{ dbt.date_trunc('month', seconds_after('ends_at', -1)) }} as date) as utc_month,
        begins_at,
        ends_at
    from bounded
)

select * from final
