-- One row per contact, month of the books, vendor whose books bear the cost, and pool of the labour: everything that the contact cost,
-- side by side. fct_contact_costs shows it component by component. A month is made anew as a whole: a late bill changes what each of its
-- contacts bears.
-- noqa: disable=LT02
{%- set amounts = agent_activities()
    + ['on_costs', 'vendor_fee', 'overtime_premium', 'premium_on_cost', 'channel', 'technology'] + shared_pools() %}
{%- set activities = agent_activities() %}
{%- set keys = ['period_month', 'contact_id', 'vendor_id', 'labour_pool'] %}
{%- set sources = ['channel_costs', 'technology_costs', 'premiums', 'vendor_fees', 'staff_shares', 'labour'] %}
{%- set shared_amounts = [] %}
{%- for pool in shared_pools() %}
    {%- do shared_amounts.append(pool ~ '_amount') %}
{%- endfor %}
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
    select
        *,
        'in_house' as vendor_id,
        'agent_pay' as labour_pool
    from {{ ref('int_contact_channel_costs') }}
),

technology_costs as (
    select
        *,
        'in_house' as vendor_id,
        'agent_pay' as labour_pool
    from {{ ref('int_technology_costs') }}
    where contact_id is not null
),

premiums as (
    select
        *,
        'in_house' as vendor_id,
        'agent_pay' as labour_pool
    from {{ ref('int_overtime_premium_costs') }}
    where contact_id is not null
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

side_by_side as (
    select
        {%- for key in keys %}
        coalesce({{ sources | join('.' ~ key ~ ', ') }}.{{ key }}) as {{ key }},
        {%- endfor %}
        {%- for quantity in activities + ['unpriced'] %}
        labour.{{ quantity }}_units,
        {%- endfor %}
        vendor_fees.handle_seconds as fee_handle_seconds,
        premiums.contact_units as premium_units,
        channel_costs.channel_quantity,
        channel_costs.channel_unit,
        technology_costs.usage_count,
        {%- for activity in activities %}
        labour.{{ activity }}_amount,
        {%- endfor %}
        vendor_fees.fee_amount as vendor_fee_amount,
        premiums.premium_amount as overtime_premium_amount,
        premiums.premium_on_cost_amount,
        channel_costs.channel_amount,
        technology_costs.technology_amount,
        {%- for shared in ['contact_units', 'on_costs_amount'] + shared_amounts %}
        case when labour.labour_pool in ('supervision', 'workforce_management') then 0 else coalesce(labour.{{ shared }}, 0) end
        + coalesce(staff_shares.{{ shared }}, 0) as {{ shared }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ sources[0] }}
    {%- for source in sources[1:] %}
    full join {{ source }}
        on
            {%- set before = sources[:loop.index] %}
            {%- for key in keys %}
            {{ 'and ' if not loop.first }}
            {{- 'coalesce(' ~ before | join('.' ~ key ~ ', ') ~ '.' ~ key ~ ')' if before | length > 1 else before[0] ~ '.' ~ key }} = {{ source }}.{{ key }}
            {%- endfor %}
    {%- endfor %}
),

final as (
    select
        period_month,
        contact_id,
        vendor_id,
        labour_pool,
        {%- for quantity in activities + ['unpriced', 'contact'] %}
        cast(coalesce({{ quantity }}_units, 0) as bigint) as {{ quantity }}_units,
        {%- endfor %}
        cast(coalesce(fee_handle_seconds, 0) as bigint) as fee_handle_seconds,
        cast(coalesce(premium_units, 0) as bigint) as premium_units,
        cast(coalesce(channel_quantity, 0) as bigint) as channel_quantity,
        channel_unit,
        cast(coalesce(usage_count, 0) as bigint) as usage_count,
        {%- for amount in amounts %}
        cast(coalesce({{ amount }}_amount, 0) as decimal(18, 6)) as {{ amount }}_amount{{ ',' if not loop.last }}
        {%- endfor %}
    from side_by_side
)

select * from final
