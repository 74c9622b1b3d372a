-- A warning names the months in which more than unknown_owner_share_warn of the cost from the bottom up is unowned: time that time sheets
-- call contact without any contact, and use that leads to none (B.2). What to do: see whether segments of some agents, or contacts of
-- some sessions, are missing.
{{ config(severity='warn') }}

with

reconciliation as (
    select * from {{ ref('fct_ledger_reconciliation') }}
),

final as (
    select
        period_month,
        sum(unowned_amount) as unowned_amount,
        sum(contact_amount + capacity_amount + unallocated_amount) as bottom_up_amount
    from reconciliation
    where is_month_over
    group by period_month
    having sum(unowned_amount) > {{ var('unknown_owner_share_warn') }} * sum(contact_amount + capacity_amount + unallocated_amount)
)

select * from final
