-- One row per vendor and month: the terms of its contract at the beginning of the month, or those that first came into force in it, with
-- the price in the reporting currency at the month's last rate.
with

contracts as (
    select * from {{ ref('stg_vendor_contracts') }}
),

months as (
    select period_month
    from {{ ref('int_cost_months') }}
    group by period_month
),

rates as (
    select * from {{ ref('int_month_exchange_rates') }}
),

in_force as (
    select
        months.period_month,
        contracts.vendor_id,
        contracts.contract_version,
        contracts.payment_basis,
        contracts.unit_price,
        contracts.currency,
        row_number() over (
            partition by months.period_month, contracts.vendor_id
            order by
                case when coalesce(contracts.effective_from, months.period_month) <= months.period_month then 0 else 1 end,
                case
                    when coalesce(contracts.effective_from, months.period_month) <= months.period_month then contracts.effective_from
                end desc nulls last,
                contracts.effective_from,
                contracts.contract_version desc
        ) as terms_rank
    from months
    inner join contracts
        on
            coalesce(contracts.effective_from, months.period_month) < {{ dbt.dateadd('month', 1, 'months.period_month') }}
            and coalesce(contracts.effective_to, cast('2999-12-31' as date)) > months.period_month
),

final as (
    select
        in_force.period_month,
        in_force.vendor_id,
        in_force.contract_version,
        in_force.payment_basis,
        cast(in_force.unit_price * rates.rate_to_reporting as decimal(18, 6)) as unit_price_amount
    from in_force
    left join rates
        on
            in_force.period_month = rates.period_month
            and coalesce(in_force.currency, '{{ var("reporting_currency") }}') = rates.currency
    where in_force.terms_rank = 1
)

select * from final
