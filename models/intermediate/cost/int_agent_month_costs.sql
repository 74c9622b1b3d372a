-- One row per agent, month and vendor whose books bear the cost: what the agent's time cost, ready to be spread over what the agent did.
-- noqa: disable=LT02
{{ config(materialized='table') }}

with

labour as (
    select * from {{ ref('int_labour_costs') }}
),

shared as (
    select * from {{ ref('int_shared_pool_costs') }}
    where agent_id is not null
),

shared_by_agent as (
    select
        period_month,
        agent_id,
        vendor_id,
        cast(sum(case when pool = 'on_costs' then amount else 0 end) as decimal(18, 6)) as on_costs_amount,
        {%- for pool in shared_pools() %}
        cast(sum(case when pool = '{{ pool }}' then amount else 0 end) as decimal(18, 6)) as {{ pool }}_amount{{ ',' if not loop.last }}
        {%- endfor %}
    from shared
    group by period_month, agent_id, vendor_id
),

bearers as (
    select
        period_month,
        agent_id,
        vendor_id
    from labour
    union
    select
        period_month,
        agent_id,
        vendor_id
    from shared_by_agent
),

final as (
    select
        bearers.period_month,
        bearers.agent_id,
        bearers.vendor_id,
        labour.vendor_id = bearers.vendor_id as is_own_vendor,
        labour.payment_basis,
        labour.labour_pool,
        labour.used_units,
        labour.capacity_units,
        labour.labour_base_units,
        labour.shared_base_units,
        case when labour.vendor_id = bearers.vendor_id then labour.labour_amount end as labour_amount,
        cast(
            case when labour.vendor_id = bearers.vendor_id then labour.on_costs_amount else 0 end as decimal(18, 6)
        ) as own_on_costs_amount,
        coalesce(shared_by_agent.on_costs_amount, 0) as staff_on_costs_amount,
        {%- for pool in shared_pools() %}
        coalesce(shared_by_agent.{{ pool }}_amount, 0) as {{ pool }}_amount{{ ',' if not loop.last }}
        {%- endfor %}
    from bearers
    inner join labour
        on
            bearers.period_month = labour.period_month
            and bearers.agent_id = labour.agent_id
    left join shared_by_agent
        on
            bearers.period_month = shared_by_agent.period_month
            and bearers.agent_id = shared_by_agent.agent_id
            and bearers.vendor_id = shared_by_agent.vendor_id
)

select * from final
