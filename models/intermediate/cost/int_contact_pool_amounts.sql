-- One row per month of the books, pool and vendor: what contacts cost of it. Kept beside fct_contact_costs, so that the ledger is
-- compared without reading every contact again.
-- noqa: disable=LT02
{%- set parts = [('labour', 'labour_pool'), ('vendor_fee', "'bpo_invoices'"), ('overtime_premium', "'overtime_premium'"),
    ('on_costs', "'on_costs'"), ('channel', "'telecom'"), ('technology', "'ai_usage'")] %}
{%- for pool in shared_pools() %}
    {%- do parts.append((pool, "'" ~ pool ~ "'")) %}
{%- endfor %}
{{ config(materialized=kept(), incremental_strategy='touched', unique_key='period_month') }}

with

contact_costs as (
    select * from {{ ref('int_contact_cost_amounts') }}
    where {{ is_touched('period_month') }}
),

contacts as (
    select
        contact_id,
        business_date
    from {{ ref('fct_contacts') }}
),

side_by_side as (
    select
        contact_costs.period_month,
        contact_costs.vendor_id,
        contact_costs.labour_pool,
        coalesce(cast({{ dbt.date_trunc('month', 'contacts.business_date') }} as date) <> contact_costs.period_month, false) as is_cut_off,
        sum(
            {%- for activity in agent_activities() %}
            {{ '+ ' if not loop.first }}contact_costs.{{ activity }}_amount
            {%- endfor %}
        ) as labour_amount,
        sum(contact_costs.vendor_fee_amount) as vendor_fee_amount,
        sum(contact_costs.overtime_premium_amount) as overtime_premium_amount,
        sum(contact_costs.on_costs_amount + contact_costs.premium_on_cost_amount) as on_costs_amount,
        sum(contact_costs.channel_amount) as channel_amount,
        sum(contact_costs.technology_amount) as technology_amount,
        {%- for pool in shared_pools() %}
        sum(contact_costs.{{ pool }}_amount) as {{ pool }}_amount{{ ',' if not loop.last }}
        {%- endfor %}
    from contact_costs
    left join contacts
        on contact_costs.contact_id = contacts.contact_id
    group by
        contact_costs.period_month,
        contact_costs.vendor_id,
        contact_costs.labour_pool,
        coalesce(cast({{ dbt.date_trunc('month', 'contacts.business_date') }} as date) <> contact_costs.period_month, false)
),

one_below_the_other as (
    {%- for column, pool in parts %}
    {{ 'union all' if not loop.first }}
    select
        period_month,
        {{ pool }} as pool,
        vendor_id,
        is_cut_off,
        {{ column }}_amount as contact_amount
    from side_by_side
    {%- endfor %}
),

final as (
    select
        period_month,
        pool,
        vendor_id,
        cast(sum(contact_amount) as decimal(18, 6)) as contact_amount,
        cast(sum(case when is_cut_off then contact_amount else 0 end) as decimal(18, 6)) as cut_off_amount
    from one_below_the_other
    group by period_month, pool, vendor_id
    having sum(contact_amount) <> 0
)

select * from final
