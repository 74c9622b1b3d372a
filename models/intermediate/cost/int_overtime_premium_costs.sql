-- One row per month and contact that bears overtime premium: the premium of a day belongs to the queue that required it, and is shared
-- over that queue's contacts of the day by the agents' time on them; or, by configuration, it is the overtime agent's own contacts that
-- bear it (M34). Where no queue is named it is the agent's own. Premium of a day without such contacts stands in a row without one.
{%- if var('overtime_premium_mode') not in ['queue_day', 'direct'] %}
    {{ exceptions.raise_compiler_error(
        "dbt_project.yml: overtime_premium_mode is '" ~ var('overtime_premium_mode') ~ "': use queue_day or direct"
    ) }}
{%- endif %}
{%- set bearer = 'agent_id' if var('overtime_premium_mode') == 'direct' else 'queue_id' %}
{{ config(materialized='table') }}

with

pay_days as (
    select * from {{ ref('int_agent_pay_days') }}
    where premium_amount > 0
),

agent_months as (
    select * from {{ ref('int_agent_months') }}
),

contact_time as (
    select * from {{ ref('int_agent_contact_time') }}
),

contacts as (
    select
        contact_id,
        business_date
    from {{ ref('fct_contacts') }}
),

-- what an outsourcer pays its staff is its own affair
causes as (
    select
        pay_days.period_month,
        pay_days.work_date,
        {% if bearer == 'agent_id' -%}
        pay_days.agent_id as bearer_id,
        {%- else -%}
        coalesce(pay_days.overtime_queue_id, agent_months.home_queue_id) as bearer_id,
        {%- endif %}
        pay_days.premium_amount,
        pay_days.premium_on_cost_amount
    from pay_days
    inner join agent_months
        on
            pay_days.period_month = agent_months.period_month
            and pay_days.agent_id = agent_months.agent_id
    where not agent_months.is_outsourced
),

premiums as (
    select
        period_month,
        work_date,
        bearer_id,
        cast(sum(premium_amount) as decimal(18, 6)) as premium_amount,
        cast(sum(premium_on_cost_amount) as decimal(18, 6)) as premium_on_cost_amount
    from causes
    group by period_month, work_date, bearer_id
),

bearers as (
    select
        premiums.period_month,
        premiums.work_date,
        premiums.bearer_id,
        premiums.premium_amount,
        premiums.premium_on_cost_amount,
        contact_time.contact_id,
        cast(sum(contact_time.contact_units) as bigint) as contact_units
    from contact_time
    inner join contacts
        on contact_time.contact_id = contacts.contact_id
    inner join premiums
        on
            contact_time.period_month = premiums.period_month
            and contacts.business_date = premiums.work_date
            and contact_time.{{ bearer }} = premiums.bearer_id
    group by
        premiums.period_month,
        premiums.work_date,
        premiums.bearer_id,
        premiums.premium_amount,
        premiums.premium_on_cost_amount,
        contact_time.contact_id
    having sum(contact_time.contact_units) > 0
),

in_line as (
    select
        *,
        cast(sum(contact_units) over (
            partition by period_month, work_date, bearer_id
            order by contact_id
            rows between unbounded preceding and current row
        ) as bigint) as units_through,
        cast(sum(contact_units) over (partition by period_month, work_date, bearer_id) as bigint) as units_of_all
    from bearers
),

shared as (
    select
        period_month,
        contact_id,
        contact_units,
        {{ share_between('premium_amount', 'units_through - contact_units', 'units_through', 'units_of_all') }} as premium_amount,
        {{ share_between('premium_on_cost_amount', 'units_through - contact_units', 'units_through', 'units_of_all') }}
            as premium_on_cost_amount
    from in_line

    union all

    select
        premiums.period_month,
        cast(null as {{ dbt.type_string() }}) as contact_id,
        cast(0 as bigint) as contact_units,
        premiums.premium_amount,
        premiums.premium_on_cost_amount
    from premiums
    left join bearers
        on
            premiums.period_month = bearers.period_month
            and premiums.work_date = bearers.work_date
            and premiums.bearer_id = bearers.bearer_id
    where bearers.bearer_id is null
),

final as (
    select
        period_month,
        contact_id,
        cast(sum(contact_units) as bigint) as contact_units,
        cast(sum(premium_amount) as decimal(18, 6)) as premium_amount,
        cast(coalesce(sum(premium_on_cost_amount), 0) as decimal(18, 6)) as premium_on_cost_amount
    from shared
    group by period_month, contact_id
)

select * from final
