-- One row per contact, month of the books, vendor whose books bear the cost, and pool of the labour: everything that the contact cost,
-- side by side. fct_contact_costs shows it component by component. A month is made anew as a whole: a late bill changes what each of its
-- contacts bears.
-- noqa: disable=LT02
{%- set amounts = agent_activities()
    + ['on_costs', 'vendor_fee', 'overtime_premium', 'premium_on_cost', 'channel', 'technology'] + shared_pools() %}
{{ config(materialized=kept(), incremental_strategy='touched', unique_key='period_month') }}

with

labour as (
    select * from {{ ref('int_contact_labour_costs') }}
),

vendor_fees as (
    select * from {{ ref('int_contact_vendor_fees') }}
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

-- what follows a supervisor's time on a contact stands with what follows the agents', so that each component is there once
staff_labour as (
    select * from labour
    where labour_pool in ('supervision', 'workforce_management')
),

agent_labour as (
    select * from labour
    where labour_pool not in ('supervision', 'workforce_management')
),

parts as (
    {%- for part, own_amounts, vendor, pool in [
        ('agent_labour', agent_activities() + ['on_costs'] + shared_pools(), 'vendor_id', 'labour_pool'),
        ('staff_labour', agent_activities(), 'vendor_id', 'labour_pool'),
        ('staff_labour', ['on_costs'] + shared_pools(), 'vendor_id', "'agent_pay'"),
        ('vendor_fees', ['vendor_fee'], 'vendor_id', "'bpo_invoices'"),
        ('channel_costs', ['channel'], "'in_house'", "'agent_pay'"),
        ('technology_costs', ['technology'], "'in_house'", "'agent_pay'"),
        ('premiums', ['overtime_premium', 'premium_on_cost'], "'in_house'", "'agent_pay'"),
    ] %}
    {{ 'union all' if not loop.first }}
    select
        period_month,
        contact_id,
        {{ vendor }} as vendor_id,
        {{ pool }} as labour_pool,
        {%- for activity in agent_activities() %}
        {{ activity ~ '_units' if 'talk' in own_amounts else 'cast(0 as bigint)' }} as {{ activity }}_units,
        {%- endfor %}
        {{ 'unpriced_units' if 'talk' in own_amounts else 'cast(0 as bigint)' }} as unpriced_units,
        {{ 'contact_units' if 'facilities' in own_amounts else 'cast(0 as bigint)' }} as contact_units,
        {{ 'handle_seconds' if part == 'vendor_fees' else 'cast(0 as bigint)' }} as fee_handle_seconds,
        {{ 'contact_units' if part == 'premiums' else 'cast(0 as bigint)' }} as premium_units,
        {{ 'channel_quantity' if part == 'channel_costs' else 'cast(0 as bigint)' }} as channel_quantity,
        {{ 'channel_unit' if part == 'channel_costs' else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as channel_unit,
        {{ 'usage_count' if part == 'technology_costs' else 'cast(0 as bigint)' }} as usage_count,
        {%- for amount in amounts %}
        {%- if amount in own_amounts %}
        {{ {'vendor_fee': 'fee', 'overtime_premium': 'premium'}.get(amount, amount) }}_amount
            as {{ amount }}_amount{{ ',' if not loop.last }}
        {%- else %}
        cast(0 as decimal(18, 6)) as {{ amount }}_amount{{ ',' if not loop.last }}
        {%- endif %}
        {%- endfor %}
    from {{ part }}
    {%- endfor %}
),

final as (
    select
        period_month,
        contact_id,
        vendor_id,
        labour_pool,
        {%- for quantity in agent_activities() + ['unpriced', 'contact'] %}
        cast(sum({{ quantity }}_units) as bigint) as {{ quantity }}_units,
        {%- endfor %}
        cast(sum(fee_handle_seconds) as bigint) as fee_handle_seconds,
        cast(sum(premium_units) as bigint) as premium_units,
        cast(sum(channel_quantity) as bigint) as channel_quantity,
        max(channel_unit) as channel_unit,
        cast(sum(usage_count) as bigint) as usage_count,
        {%- for amount in amounts %}
        cast(sum({{ amount }}_amount) as decimal(18, 6)) as {{ amount }}_amount{{ ',' if not loop.last }}
        {%- endfor %}
    from parts
    group by period_month, contact_id, vendor_id, labour_pool
)

select * from final
