-- A failure means that the ledger has a pool in a month for which the seed cost_pools names no driver, or a driver that the pool cannot
-- follow (M36). What to do: add a row for it to seeds/cost/cost_pools.csv.
with

ledger_months as (
    select * from {{ ref('int_ledger_months') }}
    where pool <> 'unknown'
),

cost_pools as (
    select * from {{ ref('cost_pools') }}
),

final as (
    select
        ledger_months.period_month,
        ledger_months.pool,
        cost_pools.driver
    from ledger_months
    left join cost_pools
        on
            ledger_months.pool = cost_pools.pool
            and ledger_months.period_month between cost_pools.effective_from and cost_pools.effective_to
    where
        cost_pools.pool is null
        or (
            cost_pools.evidence in ('cause_and_effect', 'allocated')
            and cost_pools.driver not in ('agent_time', 'evaluations', 'direct_cost')
        )
)

select * from final
