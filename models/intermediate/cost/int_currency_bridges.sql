-- One row per month of the books, pool and vendor with postings in other currencies: how far their worth on the day of posting is from
-- the worth of what they pay for (M36).
with

postings as (
    select * from {{ ref('int_ledger_postings') }}
),

exchange_rates as (
    select * from {{ ref('int_exchange_rates') }}
),

month_rates as (
    select
        cast({{ dbt.date_trunc('month', 'date_day') }} as date) as period_month,
        currency,
        sum(rate_to_reporting) as rate_sum,
        count(*) as day_count,
        {{ latest('rate_to_reporting', ['date_day']) }} as last_rate_to_reporting
    from exchange_rates
    group by cast({{ dbt.date_trunc('month', 'date_day') }} as date), currency
),

-- what settles a month concerns that month
concerned as (
    select
        *,
        case
            when is_settlement then cast({{ dbt.dateadd('month', -1, 'period_month') }} as date)
            else period_month
        end as concerned_month
    from postings
    where
        is_in_scope
        and currency <> '{{ var("reporting_currency") }}'
        and pool in ('telecom', 'ai_usage', 'bpo_invoices')
),

-- what was used is worth the rates of its days, a month of a contract that of its last day, a posting that of its own
final as (
    select
        concerned.concerned_month as period_month,
        concerned.pool,
        concerned.vendor_id,
        cast(sum(
            cast(concerned.ledger_amount as decimal(18, 6))
            - case
                when concerned.pool = 'bpo_invoices' then cast(concerned.amount * month_rates.last_rate_to_reporting as decimal(18, 6))
                else cast({{ share_of(
                    'cast(concerned.amount * month_rates.rate_sum as decimal(18, 6))', 1, 'month_rates.day_count'
                ) }} as decimal(18, 6))
            end
        ) as decimal(18, 6)) as currency_amount
    from concerned
    inner join month_rates
        on
            concerned.concerned_month = month_rates.period_month
            and concerned.currency = month_rates.currency
    group by concerned.concerned_month, concerned.pool, concerned.vendor_id
)

select * from final
