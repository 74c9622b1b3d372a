-- A failure means that what the payroll paid in a month is not what contacts, capacity and unallocated cost carry of it: pay was lost or
-- doubled on the way (M34). It looks at the months that the last build made anew. What to do: compare int_labour_costs with the rows of
-- the month in int_contact_pool_amounts and fct_capacity_costs.
with

pay_days as (
    select
        period_month,
        sum(coalesce(premium_amount, 0)) as premium_amount,
        sum(coalesce(on_cost_amount, 0) + coalesce(premium_on_cost_amount, 0)) as on_costs_amount
    from {{ ref('int_agent_pay_days') }}
    group by period_month
),

labour as (
    select
        period_month,
        sum(case when labour_pool = 'agent_pay' then coalesce(labour_amount, 0) else 0 end) as pay_amount
    from {{ ref('int_labour_costs') }}
    group by period_month
),

contact_amounts as (
    select * from {{ ref('int_contact_pool_amounts') }}
),

capacity_costs as (
    select * from {{ ref('fct_capacity_costs') }}
),

carried as (
    select
        period_month,
        pool,
        contact_amount as amount
    from contact_amounts
    where vendor_id = 'in_house'

    union all

    select
        period_month,
        pool,
        cost_amount as amount
    from capacity_costs
    where vendor_id = 'in_house'
),

carried_by_month as (
    select
        period_month,
        sum(case when pool = 'agent_pay' then amount else 0 end) as pay_amount,
        sum(case when pool = 'overtime_premium' then amount else 0 end) as premium_amount,
        sum(case when pool = 'on_costs' then amount else 0 end) as on_costs_amount
    from carried
    group by period_month
),

final as (
    select
        labour.period_month,
        labour.pay_amount,
        carried_by_month.pay_amount as carried_pay_amount,
        pay_days.premium_amount,
        carried_by_month.premium_amount as carried_premium_amount,
        pay_days.on_costs_amount,
        carried_by_month.on_costs_amount as carried_on_costs_amount
    from labour
    left join pay_days
        on labour.period_month = pay_days.period_month
    left join carried_by_month
        on labour.period_month = carried_by_month.period_month
    where
        labour.pay_amount <> coalesce(carried_by_month.pay_amount, 0)
        or coalesce(pay_days.premium_amount, 0) <> coalesce(carried_by_month.premium_amount, 0)
        or coalesce(pay_days.on_costs_amount, 0) <> coalesce(carried_by_month.on_costs_amount, 0)
)

select * from final
