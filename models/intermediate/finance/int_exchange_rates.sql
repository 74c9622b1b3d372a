-- One row per currency and day of the months of the books, or on which something was sold: what one unit is worth in the reporting
-- currency, at the rate of the day or the last one before it. A day before the first rate of a currency has no row: what is not known is
-- not converted.
{{ config(materialized='table') }}

with

rates as (
    select *
    from {{ ref('stg_fx_rates') }}
    where
        rate_to_reporting > 0
        and currency <> '{{ var("reporting_currency") }}'
),

days as (
    select date_day
    from {{ ref('int_cost_days') }}

    union

    select cast(occurred_at as date) as date_day
    from {{ ref('stg_transactions') }}
    where occurred_at is not null
),

currencies as (
    select currency
    from rates
    group by currency
),

rates_and_days as (
    select
        currency,
        rate_on as date_day,
        0 as is_day,
        rate_to_reporting
    from rates

    union all

    select
        currencies.currency,
        days.date_day,
        1 as is_day,
        cast(null as decimal(18, 6)) as rate_to_reporting
    from days
    cross join currencies
),

carried as (
    select
        currency,
        date_day,
        is_day,
        {{ last_known('rate_to_reporting', 'until_here') }} as rate_to_reporting
    from rates_and_days
    window until_here as (
        partition by currency
        order by date_day, is_day
        rows between unbounded preceding and current row
    )
),

final as (
    select
        currency,
        date_day,
        rate_to_reporting
    from carried
    where
        is_day = 1
        and rate_to_reporting is not null

    union all

    select
        '{{ var("reporting_currency") }}' as currency,
        date_day,
        cast(1 as decimal(18, 6)) as rate_to_reporting
    from days
)

select * from final
