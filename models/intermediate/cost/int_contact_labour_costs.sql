-- One row per contact, month, vendor whose books bear the cost, and pool of the labour: what agents' time on the contact cost, by what
-- they did, with on-costs and the shares of the pools that follow agents. All contacts of an agent's month stand in one line, and each
-- has what lies between its beginning and its end: the cuts fall on millionths, and nothing is left over.
-- noqa: disable=LT02,LT05
{%- set activities = agent_activities() %}
{#- in this order an activity's time lies between the cut before it and the one after it #}
{%- set cuts = ['before'] %}
{%- for activity in activities[:-1] %}
    {%- do cuts.append('through_' ~ activity) %}
{%- endfor %}
{%- do cuts.append('through') %}
{{ config(materialized='table') }}

with

contact_time as (
    select * from {{ ref('int_agent_contact_time') }}
),

agent_costs as (
    select * from {{ ref('int_agent_month_costs') }}
),

in_line as (
    select
        *,
        cast(sum(contact_units) over (
            partition by period_month, agent_id
            order by contact_id, queue_id
            rows between unbounded preceding and current row
        ) as bigint) as units_through
    from contact_time
),

lines as (
    select
        *,
        {%- for activity in activities[:-1] %}
        units_through - contact_units
        + {{ activities[:loop.index] | join('_units + ') }}_units as units_through_{{ activity }},
        {%- endfor %}
        units_through - contact_units as units_before
    from in_line
),

cut as (
    select
        lines.period_month,
        lines.contact_id,
        agent_costs.vendor_id,
        case when agent_costs.is_own_vendor then agent_costs.labour_pool else 'agent_pay' end as labour_pool,
        {%- for activity in activities %}
        case when agent_costs.is_own_vendor then lines.{{ activity }}_units else 0 end as {{ activity }}_units,
        {%- endfor %}
        case when agent_costs.is_own_vendor and agent_costs.labour_amount is null then lines.contact_units else 0 end as unpriced_units,
        lines.contact_units,
        {%- for cut in cuts %}
        {{ share_of('agent_costs.labour_amount', 'lines.units_' ~ cut, 'agent_costs.labour_base_units') }} as amount_{{ cut }},
        {%- endfor %}
        {{ share_between('agent_costs.own_on_costs_amount', 'lines.units_before', 'lines.units_through', 'agent_costs.labour_base_units') }}
        + {{ share_between(
            'agent_costs.staff_on_costs_amount', 'lines.units_before', 'lines.units_through', 'agent_costs.shared_base_units'
        ) }} as on_costs_amount,
        {%- for pool in shared_pools() %}
        {{ share_between(
            'agent_costs.' ~ pool ~ '_amount', 'lines.units_before', 'lines.units_through',
            'agent_costs.' ~ ('used' if pool == 'quality' else 'shared_base') ~ '_units'
        ) }} as {{ pool }}_amount{{ ',' if not loop.last }}
        {%- endfor %}
    from lines
    inner join agent_costs
        on
            lines.period_month = agent_costs.period_month
            and lines.agent_id = agent_costs.agent_id
),

final as (
    select
        period_month,
        contact_id,
        vendor_id,
        labour_pool,
        {%- for activity in activities %}
        cast(sum({{ activity }}_units) as bigint) as {{ activity }}_units,
        {%- endfor %}
        cast(sum(unpriced_units) as bigint) as unpriced_units,
        cast(sum(contact_units) as bigint) as contact_units,
        {%- for activity in activities %}
        cast(coalesce(sum(amount_{{ cuts[loop.index] }} - amount_{{ cuts[loop.index0] }}), 0) as decimal(18, 6)) as {{ activity }}_amount,
        {%- endfor %}
        cast(coalesce(sum(on_costs_amount), 0) as decimal(18, 6)) as on_costs_amount,
        {%- for pool in shared_pools() %}
        cast(coalesce(sum({{ pool }}_amount), 0) as decimal(18, 6)) as {{ pool }}_amount{{ ',' if not loop.last }}
        {%- endfor %}
    from cut
    group by period_month, contact_id, vendor_id, labour_pool
)

select * from final
