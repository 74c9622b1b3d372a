-- One row per month, vendor whose books bear the cost, pool of the labour, queue, kind of use and half hour: what agents' time cost that
-- belongs to no contact, side by side by pool.
-- noqa: disable=LT02
{{ config(materialized='table') }}

with

uses as (
    select * from {{ ref('int_capacity_uses') }}
),

agent_costs as (
    select * from {{ ref('int_agent_month_costs') }}
),

bounded as (
    select
        uses.period_month,
        agent_costs.vendor_id,
        case when agent_costs.is_own_vendor then agent_costs.labour_pool else 'agent_pay' end as labour_pool,
        uses.queue_id,
        uses.kind,
        uses.activity,
        uses.interval_started_at,
        uses.time_units,
        agent_costs.is_own_vendor,
        agent_costs.labour_amount,
        agent_costs.own_on_costs_amount,
        agent_costs.staff_on_costs_amount,
        {%- for pool in shared_pools() %}
        agent_costs.{{ pool }}_amount,
        {%- endfor %}
        agent_costs.labour_base_units,
        agent_costs.shared_base_units,
        least(uses.units_through - uses.time_units, agent_costs.labour_base_units) as labour_before,
        least(uses.units_through, agent_costs.labour_base_units) as labour_through,
        least(uses.units_through - uses.time_units, agent_costs.shared_base_units) as shared_before,
        least(uses.units_through, agent_costs.shared_base_units) as shared_through
    from uses
    inner join agent_costs
        on
            uses.period_month = agent_costs.period_month
            and uses.agent_id = agent_costs.agent_id
),

cut as (
    select
        *,
        {{ share_between('labour_amount', 'labour_before', 'labour_through', 'labour_base_units') }} as labour_share,
        {{ share_between('own_on_costs_amount', 'labour_before', 'labour_through', 'labour_base_units') }} as own_on_costs_share,
        {{ share_between('staff_on_costs_amount', 'shared_before', 'shared_through', 'shared_base_units') }} as staff_on_costs_share,
        {%- for pool in shared_pools() if pool != 'quality' %}
        {{ share_between(pool ~ '_amount', 'shared_before', 'shared_through', 'shared_base_units') }}
            as {{ pool }}_share{{ ',' if not loop.last }}
        {%- endfor %}
    from bounded
),

final as (
    select
        period_month,
        vendor_id,
        labour_pool,
        queue_id,
        kind,
        activity,
        interval_started_at,
        cast(sum(case when is_own_vendor then time_units else 0 end) as bigint) as time_units,
        cast(coalesce(sum(labour_share), 0) as decimal(18, 6)) as labour_amount,
        cast(coalesce(sum(own_on_costs_share), 0) + coalesce(sum(staff_on_costs_share), 0) as decimal(18, 6)) as on_costs_amount,
        {%- for pool in shared_pools() if pool != 'quality' %}
        cast(coalesce(sum({{ pool }}_share), 0) as decimal(18, 6)) as {{ pool }}_amount{{ ',' if not loop.last }}
        {%- endfor %}
    from cut
    group by period_month, vendor_id, labour_pool, queue_id, kind, activity, interval_started_at
)

select * from final
