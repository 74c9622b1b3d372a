-- One row per contact, month of the books, vendor whose books bear the cost, and pool of the labour: everything that the contact cost,
-- side by side. fct_contact_costs shows it component by component. A month is made anew as a whole: a late bill changes what each of its
-- contacts bears.
-- noqa: disable=LT02
{%- set amounts = agent_activities()
    + ['on_costs', 'vendor_fee', 'overtime_premium', 'premium_on_cost', 'channel', 'technology'] + shared_pools() %}
{%- set activities = agent_activities() %}
{%- set keys = ['period_month', 'contact_id', 'vendor_id', 'labour_pool'] %}
{{ config(materialized=kept(), incremental_strategy='touched', unique_key='period_month') }}

with

labour as (
    select * from {{ ref('int_contact_labour_costs') }}
),

vendor_fees as (
    select
        *,
        'bpo_invoices' as labour_pool
    from {{ ref('int_contact_vendor_fees') }}
),

channel_costs as (
    select * from {{ ref('int_contact_channel_costs') }}
),

technology_costs as (
    select * from {{ ref('int_technology_costs') }}
    where contact_id is not null
),

premiums as (
    select * from {{ ref('int_overtime_premium_costs') }}
    where contact_id is not null
),

-- what no agent's line bears
other_costs as (
    select
        coalesce(channel_costs.period_month, technology_costs.period_month, premiums.period_month) as period_month,
        coalesce(channel_costs.contact_id, technology_costs.contact_id, premiums.contact_id) as contact_id,
        'in_house' as vendor_id,
        'agent_pay' as labour_pool,
        premiums.contact_units as premium_units,
        channel_costs.channel_quantity,
        channel_costs.channel_unit,
        technology_costs.usage_count,
        premiums.premium_amount as overtime_premium_amount,
        premiums.premium_on_cost_amount,
        channel_costs.channel_amount,
        technology_costs.technology_amount
    from channel_costs
    full join technology_costs
        on
            channel_costs.period_month = technology_costs.period_month
            and channel_costs.contact_id = technology_costs.contact_id
    full join premiums
        on
            coalesce(channel_costs.period_month, technology_costs.period_month) = premiums.period_month
            and coalesce(channel_costs.contact_id, technology_costs.contact_id) = premiums.contact_id
),

-- what follows a supervisor's time on a contact stands with what follows the agents', so that each component is there once
staff_shares as (
    select
        period_month,
        contact_id,
        vendor_id,
        'agent_pay' as labour_pool,
        sum(contact_units) as contact_units,
        {%- for amount in ['on_costs'] + shared_pools() %}
        sum({{ amount }}_amount) as {{ amount }}_amount{{ ',' if not loop.last }}
        {%- endfor %}
    from labour
    where labour_pool in ('supervision', 'workforce_management')
    group by period_month, contact_id, vendor_id
),

labour_and_other as (
    select
        {%- for key in keys %}
        coalesce(labour.{{ key }}, other_costs.{{ key }}) as {{ key }},
        {%- endfor %}
        {%- for activity in activities %}
        labour.{{ activity }}_units,
        labour.{{ activity }}_amount,
        {%- endfor %}
        labour.unpriced_units,
        case when labour.labour_pool not in ('supervision', 'workforce_management') then labour.contact_units end as contact_units,
        {%- for amount in ['on_costs'] + shared_pools() %}
        case when labour.labour_pool not in ('supervision', 'workforce_management') then labour.{{ amount }}_amount end
            as {{ amount }}_amount,
        {%- endfor %}
        other_costs.premium_units,
        other_costs.channel_quantity,
        other_costs.channel_unit,
        other_costs.usage_count,
        other_costs.overtime_premium_amount,
        other_costs.premium_on_cost_amount,
        other_costs.channel_amount,
        other_costs.technology_amount
    from labour
    full join other_costs
        on
            {%- for key in keys %}
            {{ 'and ' if not loop.first }}labour.{{ key }} = other_costs.{{ key }}
            {%- endfor %}
),

with_fees as (
    select
        {%- for key in keys %}
        coalesce(labour_and_other.{{ key }}, vendor_fees.{{ key }}) as full_{{ key }},
        {%- endfor %}
        labour_and_other.*,
        vendor_fees.handle_seconds as fee_handle_seconds,
        vendor_fees.fee_amount as vendor_fee_amount
    from labour_and_other
    full join vendor_fees
        on
            {%- for key in keys %}
            {{ 'and ' if not loop.first }}labour_and_other.{{ key }} = vendor_fees.{{ key }}
            {%- endfor %}
),

final as (
    select
        {%- for key in keys %}
        coalesce(with_fees.full_{{ key }}, staff_shares.{{ key }}) as {{ key }},
        {%- endfor %}
        {%- for quantity in activities + ['unpriced'] %}
        cast(coalesce(with_fees.{{ quantity }}_units, 0) as bigint) as {{ quantity }}_units,
        {%- endfor %}
        cast(coalesce(with_fees.contact_units, 0) + coalesce(staff_shares.contact_units, 0) as bigint) as contact_units,
        cast(coalesce(with_fees.fee_handle_seconds, 0) as bigint) as fee_handle_seconds,
        cast(coalesce(with_fees.premium_units, 0) as bigint) as premium_units,
        cast(coalesce(with_fees.channel_quantity, 0) as bigint) as channel_quantity,
        with_fees.channel_unit,
        cast(coalesce(with_fees.usage_count, 0) as bigint) as usage_count,
        {%- for amount in amounts %}
        cast(
            coalesce(with_fees.{{ amount }}_amount, 0)
            {%- if amount == 'on_costs' or amount in shared_pools() %} + coalesce(staff_shares.{{ amount }}_amount, 0){% endif %}
            as decimal(18, 6)
        ) as {{ amount }}_amount{{ ',' if not loop.last }}
        {%- endfor %}
    from with_fees
    full join staff_shares
        on
            {%- for key in keys %}
            {{ 'and ' if not loop.first }}with_fees.full_{{ key }} = staff_shares.{{ key }}
            {%- endfor %}
)

select * from final
