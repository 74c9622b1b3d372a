-- One row per agent and month of the books that this build makes anew: what the agent's time costs, from which pool, and over how much of
-- it the cost is spread. Staff of the company cost their pay; agents' pay is spread over all that they do when they are there, others' (a
-- supervisor who takes calls) is traced to the contacts they serve, and the rest stays with their pool. Outsourced staff cost what the
-- contract says, never the company's rates (M34): by productive hour or full-time month here, by minute, contact or outcome with the
-- contact.
{%- set units = time_units_per_second() %}
{{ config(materialized='table') }}

with

agent_months as (
    select
        *,
        used_units + unowned_units + unused_units + other_work_units as capacity_units
    from {{ ref('int_agent_months') }}
),

terms as (
    select * from {{ ref('int_vendor_terms') }}
),

with_terms as (
    select
        agent_months.*,
        terms.payment_basis,
        terms.unit_price_amount
    from agent_months
    left join terms
        on
            agent_months.period_month = terms.period_month
            and agent_months.vendor_id = terms.vendor_id
),

priced as (
    select
        *,
        case
            when is_outsourced then 'bpo_invoices'
            when role = 'agent' then 'agent_pay'
            when role = 'supervisor' then 'supervision'
            else 'workforce_management'
        end as labour_pool,
        case
            when is_outsourced and payment_basis = 'productive_hour' then used_units + unowned_units + unused_units
            when is_outsourced or role = 'agent' then capacity_units
            else used_units
        end as labour_base_units,
        case
            -- a vendor's supervisor who helps for a moment is in the price of the agents' hours; one who takes a shift has a time sheet
            when is_outsourced and payment_basis in ('productive_hour', 'fte') and role <> 'agent' and capacity_basis = 'contacts only'
                then case when unit_price_amount is not null then 0 end
            when is_outsourced and payment_basis = 'productive_hour'
                then {{ share_of('unit_price_amount', 'practical_units', 3600 * units) }}
            when is_outsourced and payment_basis = 'fte'
                then {{ share_of(
                    'unit_price_amount', 'practical_units + other_work_units', 60 * var('full_time_minutes_per_month') * units
                ) }}
            when is_outsourced and payment_basis in ('minute', 'contact', 'outcome') and unit_price_amount is not null then 0
            when is_outsourced then null
            when role = 'agent' then straight_amount
            else {{ share_of('straight_amount', 'used_units', 'capacity_units') }}
        end as labour_amount,
        case
            when is_outsourced then 0
            when role = 'agent' then on_cost_amount
            else coalesce({{ share_of('on_cost_amount', 'used_units', 'capacity_units') }}, 0)
        end as on_costs_amount
    from with_terms
),

final as (
    select
        period_month,
        agent_id,
        role,
        vendor_id,
        is_outsourced,
        payment_basis,
        labour_pool,
        used_units,
        capacity_units,
        evaluation_count,
        labour_base_units,
        -- time of the company's own staff that no pay rate prices costs nothing that is known
        cast(case when is_outsourced or straight_amount > 0 then labour_amount end as decimal(18, 6)) as labour_amount,
        cast(on_costs_amount as decimal(18, 6)) as on_costs_amount,
        cast(case when is_outsourced or role = 'agent' then 0 else on_cost_amount - on_costs_amount end as decimal(18, 6))
            as staff_on_costs_amount,
        -- what follows agents' time follows all of an agent's, and of others that with contacts
        cast(case when role = 'agent' then capacity_units else used_units end as bigint) as shared_base_units
    from priced
)

select * from final
