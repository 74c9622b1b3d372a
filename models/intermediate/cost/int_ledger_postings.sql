-- One row per posting of the ledger in the reporting currency, at the rate of its day: its pool, whether it is in scope, and whether it
-- settles an earlier month. A posting that takes back one of the month before, to the last digit, takes back an estimate; the first
-- positive posting to the same account after it is the invoice that takes the estimate's place. Both concern the earlier month (M36).
with

entries as (
    select * from {{ ref('stg_ledger_entries') }}
),

accounts as (
    select * from {{ ref('stg_ledger_accounts') }}
),

exchange_rates as (
    select * from {{ ref('int_exchange_rates') }}
),

month_rates as (
    select * from {{ ref('int_month_exchange_rates') }}
),

placed as (
    select
        entries.entry_id,
        cast({{ dbt.date_trunc('month', 'entries.period_month') }} as date) as period_month,
        entries.account_id,
        coalesce(entries.vendor_id, 'in_house') as vendor_id,
        coalesce(entries.site, '') as site,
        coalesce(entries.posted_on, cast('2999-12-31' as date)) as posted_on,
        entries.amount,
        entries.currency,
        coalesce(accounts.pool, 'unknown') as pool,
        coalesce(accounts.is_in_scope, true) as is_in_scope,
        accounts.scope_reason
    from entries
    left join accounts
        on entries.account_id = accounts.account_id
),

estimates as (
    select
        cast({{ dbt.dateadd('month', 1, 'period_month') }} as date) as next_month,
        account_id,
        vendor_id,
        site,
        currency,
        amount
    from placed
    where amount > 0
    group by cast({{ dbt.dateadd('month', 1, 'period_month') }} as date), account_id, vendor_id, site, currency, amount
),

taken_back as (
    select
        placed.*,
        estimates.amount is not null as is_reversal
    from placed
    left join estimates
        on
            placed.period_month = estimates.next_month
            and placed.account_id = estimates.account_id
            and placed.vendor_id = estimates.vendor_id
            and placed.site = estimates.site
            and placed.currency = estimates.currency
            and -placed.amount = estimates.amount
),

counted as (
    select
        *,
        sum(case when is_reversal then 1 else 0 end) over in_order as reversals_so_far,
        sum(case when not is_reversal and amount > 0 then 1 else 0 end) over in_order as charges_so_far,
        sum(case when not is_reversal and amount > 0 then 1 else 0 end) over (
            partition by period_month, account_id, vendor_id, site, currency
        ) as charge_count
    from taken_back
    window in_order as (
        partition by period_month, account_id, vendor_id, site, currency
        order by posted_on, entry_id
        rows between unbounded preceding and current row
    )
),

final as (
    select
        counted.entry_id,
        counted.period_month,
        counted.account_id,
        counted.pool,
        counted.vendor_id,
        counted.currency,
        counted.amount,
        counted.is_in_scope,
        counted.scope_reason,
        coalesce(exchange_rates.rate_to_reporting, month_rates.rate_to_reporting) as rate_to_reporting,
        -- a last charge in the month is its own estimate, not the invoice of the month before
        counted.is_reversal
        or (
            not counted.is_reversal
            and counted.amount > 0
            and counted.reversals_so_far > 0
            and counted.charges_so_far = 1
            and (counted.charge_count > 1 or counted.posted_on < {{ dbt.last_day('counted.period_month', 'month') }})
        ) as is_settlement,
        cast(
            counted.amount * coalesce(exchange_rates.rate_to_reporting, month_rates.rate_to_reporting) as decimal(18, 6)
        ) as ledger_amount
    from counted
    left join exchange_rates
        on
            counted.currency = exchange_rates.currency
            and counted.posted_on = exchange_rates.date_day
    left join month_rates
        on
            counted.currency = month_rates.currency
            and counted.period_month = month_rates.period_month
)

select * from final
