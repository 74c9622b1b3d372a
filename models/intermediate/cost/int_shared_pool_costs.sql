-- One row per month, pool, vendor of the ledger and agent: the agent's share of a pool that no single contact causes, by the driver that
-- the seed cost_pools names (M34). A pool that finds nothing to follow has one row without an agent: it stays unallocated. Pay that was
-- traced to contacts of supervisors and the office is no longer in their pool.
{{ config(materialized='table') }}

with

labour as (
    select * from {{ ref('int_labour_costs') }}
),

ledger_months as (
    select * from {{ ref('int_ledger_months') }}
    where
        pool in ('{{ shared_pools() | join("', '") }}')
        and {{ is_touched('period_month') }}
),

cost_pools as (
    select * from {{ ref('cost_pools') }}
),

traced as (
    select
        period_month,
        labour_pool as pool,
        vendor_id,
        sum(labour_amount) as traced_amount
    from labour
    where labour_pool in ('supervision', 'workforce_management')
    group by period_month, labour_pool, vendor_id
),

to_share as (
    select
        ledger_months.period_month,
        ledger_months.pool,
        ledger_months.vendor_id,
        cast(
            greatest(
                ledger_months.ledger_amount
                - coalesce(traced.traced_amount, 0),
                0
            ) as decimal(18, 6)
        ) as amount,
        coalesce(cost_pools.driver, 'agent_time') as driver,
        coalesce(cost_pools.covers_outsourced, false) as covers_outsourced
    from ledger_months
    left join traced
        on
            ledger_months.period_month = traced.period_month
            and ledger_months.pool = traced.pool
            and ledger_months.vendor_id = traced.vendor_id
    left join cost_pools
        on
            ledger_months.pool = cost_pools.pool
            and ledger_months.period_month between cost_pools.effective_from and cost_pools.effective_to

    union all

    -- on-costs of supervisors and the office serve the agents
    select
        period_month,
        'on_costs' as pool,
        'in_house' as vendor_id,
        cast(sum(staff_on_costs_amount) as decimal(18, 6)) as amount,
        'agent_time' as driver,
        false as covers_outsourced
    from labour
    group by period_month
    having sum(staff_on_costs_amount) > 0
),

candidates as (
    select
        to_share.*,
        labour.agent_id,
        -- quality is spread over contacts alone
        case when to_share.pool = 'quality' then labour.used_units else labour.shared_base_units end as shared_base_units,
        labour.evaluation_count,
        cast({{ millionths('(coalesce(labour.labour_amount, 0) + labour.on_costs_amount)') }} as bigint) as direct_cost_millionths
    from to_share
    inner join labour
        on
            to_share.period_month = labour.period_month
            and (
                to_share.vendor_id = labour.vendor_id
                or (to_share.vendor_id = 'in_house' and (not labour.is_outsourced or to_share.covers_outsourced))
            )
    where case when to_share.pool = 'quality' then labour.used_units else labour.shared_base_units end > 0
),

-- where nobody was evaluated, quality follows time as the others do
measured as (
    select
        *,
        case
            when driver = 'evaluations' and sum(evaluation_count) over whole_pool > 0 then evaluation_count
            when driver = 'direct_cost' and sum(direct_cost_millionths) over whole_pool > 0 then direct_cost_millionths
            else shared_base_units
        end as driver_quantity
    from candidates
    window whole_pool as (partition by period_month, pool, vendor_id)
),

running as (
    select
        *,
        cast(sum(driver_quantity) over (
            partition by period_month, pool, vendor_id
            order by agent_id
            rows between unbounded preceding and current row
        ) as bigint) as quantity_through,
        cast(sum(driver_quantity) over (partition by period_month, pool, vendor_id) as bigint) as quantity_of_all
    from measured
),

shared as (
    select
        period_month,
        pool,
        vendor_id,
        agent_id,
        driver,
        {{ share_between('amount', 'quantity_through - driver_quantity', 'quantity_through', 'quantity_of_all') }} as amount
    from running
),

final as (
    select * from shared

    union all

    select
        to_share.period_month,
        to_share.pool,
        to_share.vendor_id,
        cast(null as {{ dbt.type_string() }}) as agent_id,
        to_share.driver,
        to_share.amount
    from to_share
    left join candidates
        on
            to_share.period_month = candidates.period_month
            and to_share.pool = candidates.pool
            and to_share.vendor_id = candidates.vendor_id
    where
        candidates.pool is null
        and to_share.amount <> 0
)

select * from final
