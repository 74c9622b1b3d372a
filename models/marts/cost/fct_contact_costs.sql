-- One row per contact, component of cost, pool, vendor whose books bear it, and month of the books (M34). What is stored lies side by
-- side in int_contact_cost_amounts; this view shows it one component below the other, each with what drove it and at which rate.
{{ config(materialized=judged_when_read()) }}
{%- set components = cost_components() %}

with

amounts as (
    select * from {{ ref('int_contact_cost_amounts') }}
),

contacts as (
    select
        contact_id,
        business_date
    from {{ ref('fct_contacts') }}
),

cost_pools as (
    select * from {{ ref('cost_pools') }}
),

components as (
    {%- for component in components %}
    {{ 'union all' if not loop.first }}
    select '{{ component[0] }}' as component
    {%- endfor %}
),

in_seconds as (
    select
        *,
        {%- for quantity in agent_activities() + ['contact', 'premium'] %}
        {{ share_of('cast(1 as decimal(18, 6))', quantity ~ '_units', time_units_per_second()) }} as {{ quantity }}_seconds,
        {%- endfor %}
        case channel_unit when 'minute' then 'channel_seconds' when 'message' then 'channel_messages' else 'channel_contacts' end
            as channel_driver
    from amounts
),

unfolded as (
    select
        in_seconds.contact_id,
        components.component,
        {%- for column, position in [('pool', 1), ('driver', 2), ('driver_quantity', 3)] %}
        case components.component
            {%- for component in components %}
            when '{{ component[0] }}' then {{ component[position] }}
            {%- endfor %}
        end as {{ column }},
        {%- endfor %}
        case components.component
            {%- for component in components %}
            when '{{ component[0] }}' then {{ component[4] }}_amount
            {%- endfor %}
        end as amount,
        components.component like 'agent_%' and in_seconds.unpriced_units > 0 as is_unpriced,
        in_seconds.vendor_id,
        in_seconds.period_month
    from in_seconds
    cross join components
),

final as (
    select
        unfolded.contact_id,
        unfolded.component,
        unfolded.pool,
        unfolded.vendor_id,
        unfolded.period_month,
        contacts.business_date,
        unfolded.driver,
        coalesce(cost_pools.evidence, 'traced') as evidence,
        cast(unfolded.driver_quantity as decimal(18, 6)) as driver_quantity,
        case
            when not unfolded.is_unpriced or unfolded.amount <> 0
                then {{ share_of(
                    'unfolded.amount', 1000000, millionths('unfolded.driver_quantity')
                ) }}
        end as unit_rate,
        cast(case when not unfolded.is_unpriced or unfolded.amount <> 0 then unfolded.amount end as decimal(18, 6)) as cost_amount,
        case when unfolded.is_unpriced and unfolded.amount = 0 then 'no pay rate or contract for the time' end as cost_null_reason
    from unfolded
    left join contacts
        on unfolded.contact_id = contacts.contact_id
    left join cost_pools
        on
            unfolded.pool = cost_pools.pool
            and unfolded.period_month between cost_pools.effective_from and cost_pools.effective_to
    where
        unfolded.amount <> 0
        or (unfolded.component like 'agent_%' and unfolded.driver_quantity > 0)
)

select * from final
