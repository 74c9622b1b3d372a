-- One row per currency and month: what one unit is worth in the reporting currency on the month's last known day, when its books are
-- closed.
with

rates as (
    select * from {{ ref('int_exchange_rates') }}
),

final as (
    select
        cast({{ dbt.date_trunc('month', 'date_day') }} as date) as period_month,
        currency,
        {{ latest('rate_to_reporting', ['date_day']) }} as rate_to_reporting
    from rates
    group by cast({{ dbt.date_trunc('month', 'date_day') }} as date), currency
)

select * from final
