-- A failure means that something costs less than nothing: a contact, waiting, or a minute (M34). A negative amount of a whole pool is
-- possible, where the ledger has more credits than charges; it is then in fct_capacity_costs as unallocated or in the difference of the
-- reconciliation, and not here. What to do: look at the prices and rates of the component.
with

contact_costs as (
    select * from {{ ref('fct_contact_costs') }}
),

capacity_costs as (
    select * from {{ ref('fct_capacity_costs') }}
),

minute_rates as (
    select * from {{ ref('fct_minute_rates') }}
),

final as (
    select
        contact_id as unit_id,
        component as part,
        cost_amount as amount
    from contact_costs
    where
        cost_amount < 0
        or driver_quantity < 0

    union all

    select
        queue_id as unit_id,
        activity as part,
        cost_amount as amount
    from capacity_costs
    where
        kind in ('unused_capacity', 'non_contact', 'unowned')
        and pool <> 'projects'
        and (cost_amount < 0 or agent_minutes < 0)

    union all

    select
        queue_id as unit_id,
        'minute rate' as part,
        capacity_rate as amount
    from minute_rates
    where
        capacity_rate < 0
        or cash_marginal_rate < 0
        or fully_absorbed_rate < capacity_rate
)

select * from final
