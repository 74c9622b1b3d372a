-- One row per month of the books, pool, vendor, queue, kind, activity and half hour of cost that belongs to no contact (M34): waiting,
-- other work, time and use that no contact owns, and what finds nothing to follow. With fct_contact_costs it is all that the center cost
-- from the bottom up.
{{ config(materialized=kept(), incremental_strategy='touched', unique_key='period_month', on_schema_change='fail') }}

with

time_costs as (
    select * from {{ ref('int_capacity_time_costs') }}
),

labour as (
    select * from {{ ref('int_labour_costs') }}
),

shared as (
    select * from {{ ref('int_shared_pool_costs') }}
    where agent_id is null
),

premiums as (
    select * from {{ ref('int_overtime_premium_costs') }}
    where contact_id is null
),

technology_costs as (
    select * from {{ ref('int_technology_costs') }}
    where contact_id is null
),

ledger_months as (
    select * from {{ ref('int_ledger_months') }}
    where {{ is_touched('period_month') }}
),

parts as (
    {%- for column in ['labour', 'on_costs'] + shared_pools() if column != 'quality' %}
    select
        period_month,
        {{ 'labour_pool' if column == 'labour' else "'" ~ column ~ "'" }} as pool,
        vendor_id,
        queue_id,
        kind,
        activity,
        interval_started_at,
        {{ 'time_units' if column == 'labour' else 'cast(0 as bigint)' }} as time_units,
        {{ column }}_amount as cost_amount
    from time_costs

    union all
    {%- endfor %}
    {%- for amount, pool in [('labour_amount', 'labour_pool'), ('on_costs_amount', "'on_costs'")] %}

    select
        period_month,
        {{ pool }} as pool,
        vendor_id,
        cast(null as {{ dbt.type_string() }}) as queue_id,
        'unallocated' as kind,
        'paid without any time recorded' as activity,
        cast(null as {{ dbt.type_timestamp() }}) as interval_started_at,
        cast(0 as bigint) as time_units,
        {{ amount }} as cost_amount
    from labour
    where labour_base_units = 0

    union all
    {%- endfor %}
    {%- for source, pool, vendor, kind, activity, amount, condition in [
        ('shared', 'pool', 'vendor_id', 'unallocated', 'nobody to share it', 'amount', none),
        ('premiums', "'overtime_premium'", "'in_house'", 'unallocated', 'overtime of a day without contacts', 'premium_amount', none),
        ('premiums', "'on_costs'", "'in_house'", 'unallocated', 'overtime of a day without contacts', 'premium_on_cost_amount', none),
        ('technology_costs', "'ai_usage'", "'in_house'", 'unowned', 'use without a contact', 'technology_amount', none),
        ('ledger_months', 'pool', 'vendor_id', 'non_contact', 'projects', 'ledger_amount', "pool = 'projects'"),
        ('ledger_months', 'pool', 'vendor_id', 'unallocated', 'account without a pool', 'ledger_amount', "pool = 'unknown'"),
    ] %}

    select
        period_month,
        {{ pool }} as pool,
        {{ vendor }} as vendor_id,
        cast(null as {{ dbt.type_string() }}) as queue_id,
        '{{ kind }}' as kind,
        '{{ activity }}' as activity,
        cast(null as {{ dbt.type_timestamp() }}) as interval_started_at,
        cast(0 as bigint) as time_units,
        {{ amount }} as cost_amount
    from {{ source }}
    {%- if condition %}
    where {{ condition }}
    {%- endif %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

summed as (
    select
        period_month,
        pool,
        vendor_id,
        queue_id,
        kind,
        activity,
        interval_started_at,
        cast(sum(time_units) as bigint) as time_units,
        cast(sum(cost_amount) as decimal(18, 6)) as cost_amount
    from parts
    group by period_month, pool, vendor_id, queue_id, kind, activity, interval_started_at
),

final as (
    select
        period_month,
        pool,
        vendor_id,
        queue_id,
        kind,
        activity,
        interval_started_at,
        {{ share_of('cast(1 as decimal(18, 6))', 'time_units', 60 * time_units_per_second()) }} as agent_minutes,
        cost_amount
    from summed
    where
        cost_amount <> 0
        or time_units <> 0
)

select * from final
