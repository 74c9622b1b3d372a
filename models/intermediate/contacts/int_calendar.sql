-- One row per local calendar day, from two days before the first contact record to two days after the last change of one.
{{ config(materialized='table') }}

with

contacts as (
    select * from {{ ref('stg_contacts') }}
),

covered as (
    select
        cast({{ dbt.dateadd('day', -2, 'min(started_at)') }} as date) as first_day,
        cast({{ dbt.dateadd('day', 2, 'greatest(max(started_at), max(updated_at))') }} as date) as last_day
    from contacts
),

numbers as (
    {{ whole_numbers(var('calendar_days')) }}
),

days as (
    select
        cast({{ dbt.dateadd(
            'day', 'cast(generated_number - 1 as integer)', "cast('" ~ var('calendar_first_day') ~ "' as date)"
        ) }} as date) as date_day
    from numbers
),

final as (
    select
        days.date_day,
        {{ iso_weekday('days.date_day') }} as iso_weekday,
        cast({{ dbt.date_trunc('week', 'days.date_day') }} as date) as week_start_date,
        cast({{ dbt.date_trunc('month', 'days.date_day') }} as date) as month_start_date,
        cast({{ dbt.last_day('days.date_day', 'month') }} as date) as month_end_date,
        cast(extract(day from {{ dbt.last_day('days.date_day', 'month') }}) as integer) as days_in_month
    from days
    inner join covered
        on days.date_day between covered.first_day and covered.last_day
)

select * from final
