-- One row per month of the books, pool and vendor: what contacts, capacity and the rest add up to from the bottom, what the ledger says,
-- and what bridges the two (M36). Contact + capacity + unallocated + variance + difference is the ledger in scope, to the last digit; the
-- difference is what nothing explains, and the status says whether it matters.
with

contact_amounts as (
    select * from {{ ref('int_contact_pool_amounts') }}
),

capacity_costs as (
    select * from {{ ref('fct_capacity_costs') }}
),

ledger_months as (
    select * from {{ ref('int_ledger_months') }}
),

currency_bridges as (
    select * from {{ ref('int_currency_bridges') }}
),

cost_pools as (
    select * from {{ ref('cost_pools') }}
),

as_of as (
    select as_of
    from {{ ref('int_as_of') }}
    where domain = 'cost'
),

parts as (
    select
        period_month,
        pool,
        vendor_id,
        contact_amount,
        cut_off_amount,
        cast(0 as decimal(18, 6)) as unused_capacity_amount,
        cast(0 as decimal(18, 6)) as non_contact_amount,
        cast(0 as decimal(18, 6)) as unowned_amount,
        cast(0 as decimal(18, 6)) as unallocated_amount,
        cast(0 as decimal(18, 6)) as ledger_amount,
        cast(0 as decimal(18, 6)) as out_of_scope_amount,
        cast(0 as decimal(18, 6)) as accrual_amount,
        cast(0 as decimal(18, 6)) as currency_amount
    from contact_amounts

    union all

    select
        period_month,
        pool,
        vendor_id,
        0 as contact_amount,
        0 as cut_off_amount,
        case when kind = 'unused_capacity' then cost_amount else 0 end as unused_capacity_amount,
        case when kind = 'non_contact' then cost_amount else 0 end as non_contact_amount,
        case when kind = 'unowned' then cost_amount else 0 end as unowned_amount,
        case when kind = 'unallocated' then cost_amount else 0 end as unallocated_amount,
        0 as ledger_amount,
        0 as out_of_scope_amount,
        0 as accrual_amount,
        0 as currency_amount
    from capacity_costs

    union all

    select
        period_month,
        pool,
        vendor_id,
        0 as contact_amount,
        0 as cut_off_amount,
        0 as unused_capacity_amount,
        0 as non_contact_amount,
        0 as unowned_amount,
        0 as unallocated_amount,
        coalesce(ledger_amount, 0) as ledger_amount,
        coalesce(out_of_scope_amount, 0) as out_of_scope_amount,
        coalesce(settlement_amount, 0) as accrual_amount,
        0 as currency_amount
    from ledger_months

    union all

    -- what the next month's settlement corrects was wrong in this one's estimate
    select
        cast({{ dbt.dateadd('month', -1, 'period_month') }} as date) as period_month,
        pool,
        vendor_id,
        0 as contact_amount,
        0 as cut_off_amount,
        0 as unused_capacity_amount,
        0 as non_contact_amount,
        0 as unowned_amount,
        0 as unallocated_amount,
        0 as ledger_amount,
        0 as out_of_scope_amount,
        -coalesce(settlement_amount, 0) as accrual_amount,
        0 as currency_amount
    from ledger_months
    where settlement_amount <> 0

    union all

    select
        period_month,
        pool,
        vendor_id,
        0 as contact_amount,
        0 as cut_off_amount,
        0 as unused_capacity_amount,
        0 as non_contact_amount,
        0 as unowned_amount,
        0 as unallocated_amount,
        0 as ledger_amount,
        0 as out_of_scope_amount,
        0 as accrual_amount,
        currency_amount
    from currency_bridges
),

summed as (
    select
        period_month,
        pool,
        vendor_id,
        cast(sum(contact_amount) as decimal(18, 6)) as contact_amount,
        cast(sum(cut_off_amount) as decimal(18, 6)) as cut_off_amount,
        cast(sum(unused_capacity_amount) as decimal(18, 6)) as unused_capacity_amount,
        cast(sum(non_contact_amount) as decimal(18, 6)) as non_contact_amount,
        cast(sum(unowned_amount) as decimal(18, 6)) as unowned_amount,
        cast(sum(unallocated_amount) as decimal(18, 6)) as unallocated_amount,
        cast(sum(ledger_amount) as decimal(18, 6)) as ledger_amount,
        cast(sum(out_of_scope_amount) as decimal(18, 6)) as out_of_scope_amount,
        cast(sum(accrual_amount) as decimal(18, 6)) as accrual_amount,
        cast(sum(currency_amount) as decimal(18, 6)) as currency_amount
    from parts
    group by period_month, pool, vendor_id
),

-- a pool that is shared out is the ledger itself: nothing is left to bridge
bridged as (
    select
        summed.period_month,
        summed.pool,
        summed.vendor_id,
        summed.contact_amount,
        summed.cut_off_amount,
        summed.unused_capacity_amount,
        summed.non_contact_amount,
        summed.unowned_amount,
        summed.unused_capacity_amount + summed.non_contact_amount + summed.unowned_amount as capacity_amount,
        summed.unallocated_amount,
        summed.ledger_amount,
        summed.out_of_scope_amount,
        cast(
            case
                when coalesce(cost_pools.evidence, 'traced') = 'traced' and summed.pool not in ('projects', 'unknown')
                    then summed.accrual_amount
                else 0
            end as decimal(18, 6)
        ) as accrual_amount,
        summed.currency_amount
    from summed
    left join cost_pools
        on
            summed.pool = cost_pools.pool
            and summed.period_month between cost_pools.effective_from and cost_pools.effective_to
),

compared as (
    select
        *,
        ledger_amount - contact_amount - capacity_amount - unallocated_amount - accrual_amount - currency_amount as unexplained_amount
    from bridged
),

rounded as (
    select
        *,
        cast(case when abs(unexplained_amount) < 0.01 then unexplained_amount else 0 end as decimal(18, 6)) as rounding_amount
    from compared
),

final as (
    select
        rounded.period_month,
        rounded.pool,
        rounded.vendor_id,
        rounded.contact_amount,
        cast(rounded.capacity_amount as decimal(18, 6)) as capacity_amount,
        rounded.unused_capacity_amount,
        rounded.non_contact_amount,
        rounded.unowned_amount,
        rounded.unallocated_amount,
        rounded.accrual_amount,
        rounded.currency_amount,
        rounded.rounding_amount,
        cast(rounded.accrual_amount + rounded.currency_amount + rounded.rounding_amount as decimal(18, 6)) as variance_amount,
        rounded.ledger_amount,
        cast(rounded.unexplained_amount - rounded.rounding_amount as decimal(18, 6)) as difference_amount,
        rounded.cut_off_amount,
        rounded.out_of_scope_amount,
        coalesce(
            cast({{ dbt.dateadd('month', 1, 'rounded.period_month') }} as {{ dbt.type_timestamp() }}) <= as_of.as_of, false
        ) as is_month_over,
        case
            when rounded.unexplained_amount - rounded.rounding_amount = 0 then 'reconciled'
            when
                abs(rounded.unexplained_amount) <= {{ var('ledger_tolerance_amount') }}
                and abs(rounded.unexplained_amount) <= {{ var('ledger_tolerance_share') }} * abs(rounded.ledger_amount)
                then 'within_tolerance'
            else 'open'
        end as status
    from rounded
    left join as_of
        on true
    where
        rounded.contact_amount <> 0
        or rounded.capacity_amount <> 0
        or rounded.unallocated_amount <> 0
        or rounded.ledger_amount <> 0
        or rounded.out_of_scope_amount <> 0
)

select * from final
