-- One row per local calendar day, from two days before the first contact record or bot session to two days after the last change of one,
-- or after the last watermark: until then open contacts wait. A watermark in a far future adds a year at the most.
{{ config(materialized='table') }}

with

contacts as (
    select * from {{ ref('stg_contacts') }}
),

bot_sessions as (
    select * from {{ ref('stg_bot_sessions') }}
),

feed_watermarks as (
    select * from {{ ref('stg_feed_watermarks') }}
),

delivered as (
    select
        min(started_at) as first_at,
        greatest(max(started_at), max(updated_at)) as last_at
    from (
        select
            started_at,
            updated_at
        from contacts

        union all

        select
            started_at,
            updated_at
        from bot_sessions
    ) as records
),

watermark as (
    select max(complete_through) as complete_through
    from feed_watermarks
),

covered as (
    select
        cast({{ dbt.dateadd('day', -2, 'delivered.first_at') }} as date) as first_day,
        cast({{ dbt.dateadd('day', 2, 'delivered.last_at') }} as date) as last_day_of_contacts,
        cast({{ dbt.dateadd('day', 2, 'watermark.complete_through') }} as date) as last_day_of_waits,
        cast({{ dbt.dateadd('day', 366, 'delivered.last_at') }} as date) as last_day_at_all
    from delivered
    cross join watermark
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
        on
            days.date_day between covered.first_day and covered.last_day_at_all
            and (days.date_day <= covered.last_day_of_contacts or days.date_day <= covered.last_day_of_waits)
)

select * from final
