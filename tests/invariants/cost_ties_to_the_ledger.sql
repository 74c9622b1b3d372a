-- A failure means that a month, pool and vendor of fct_ledger_reconciliation does not add up: that its parts are not the ledger, or that
-- its amounts are not those of fct_contact_costs and fct_capacity_costs (M36). What to do: see which amount differs; a fan-out doubles
-- contact_amount, a month that was not made anew leaves an old one.
with

reconciliation as (
    select * from {{ ref('fct_ledger_reconciliation') }}
),

contact_costs as (
    select
        period_month,
        pool,
        vendor_id,
        sum(cost_amount) as contact_amount
    from {{ ref('fct_contact_costs') }}
    group by period_month, pool, vendor_id
),

capacity_costs as (
    select
        period_month,
        pool,
        vendor_id,
        sum(case when kind = 'unallocated' then 0 else cost_amount end) as capacity_amount,
        sum(case when kind = 'unallocated' then cost_amount else 0 end) as unallocated_amount
    from {{ ref('fct_capacity_costs') }}
    group by period_month, pool, vendor_id
),

parts as (
    select
        coalesce(contact_costs.period_month, capacity_costs.period_month) as period_month,
        coalesce(contact_costs.pool, capacity_costs.pool) as pool,
        coalesce(contact_costs.vendor_id, capacity_costs.vendor_id) as vendor_id,
        coalesce(contact_costs.contact_amount, 0) as contact_amount,
        coalesce(capacity_costs.capacity_amount, 0) as capacity_amount,
        coalesce(capacity_costs.unallocated_amount, 0) as unallocated_amount
    from contact_costs
    full outer join capacity_costs
        on
            contact_costs.period_month = capacity_costs.period_month
            and contact_costs.pool = capacity_costs.pool
            and contact_costs.vendor_id = capacity_costs.vendor_id
),

final as (
    select
        coalesce(reconciliation.period_month, parts.period_month) as period_month,
        coalesce(reconciliation.pool, parts.pool) as pool,
        coalesce(reconciliation.vendor_id, parts.vendor_id) as vendor_id,
        reconciliation.contact_amount,
        parts.contact_amount as contact_amount_of_contacts,
        reconciliation.capacity_amount,
        parts.capacity_amount as capacity_amount_of_capacity
    from reconciliation
    full outer join parts
        on
            reconciliation.period_month = parts.period_month
            and reconciliation.pool = parts.pool
            and reconciliation.vendor_id = parts.vendor_id
    where
        coalesce(reconciliation.contact_amount, 0) <> coalesce(parts.contact_amount, 0)
        or coalesce(reconciliation.capacity_amount, 0) <> coalesce(parts.capacity_amount, 0)
        or coalesce(reconciliation.unallocated_amount, 0) <> coalesce(parts.unallocated_amount, 0)
        or reconciliation.contact_amount + reconciliation.capacity_amount + reconciliation.unallocated_amount
        + reconciliation.variance_amount + reconciliation.difference_amount <> reconciliation.ledger_amount
)

select * from final
