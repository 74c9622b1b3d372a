-- One row per month of the books, queue and employer of its agents: what one more minute of an agent costs, three times (M37). At
-- capacity, what a minute of practical capacity costs, used or not; in cash, what it takes to buy one more; fully absorbed, what a minute
-- on contacts costs if it bears everything. Time counts for the queue that the contact's agent served, waiting for the queue that takes
-- most of the agent's month.
{{ config(materialized=kept(), incremental_strategy='touched', unique_key='period_month', on_schema_change='fail') }}

with

agent_months as (
    select * from {{ ref('int_agent_months') }}
),

agent_costs as (
    select * from {{ ref('int_agent_month_costs') }}
),

pay_days as (
    select * from {{ ref('int_agent_pay_days') }}
),

terms as (
    select * from {{ ref('int_vendor_terms') }}
),

vendor_fees as (
    select * from {{ ref('int_contact_vendor_fees') }}
),

contact_time as (
    select * from {{ ref('int_agent_contact_time') }}
),

-- the company's own bill for an outsourced agent counts too
costs as (
    select
        period_month,
        agent_id,
        cast(sum(
            coalesce(labour_amount, 0) + own_on_costs_amount + staff_on_costs_amount
            {%- for pool in shared_pools() %}
            + {{ pool }}_amount
            {%- endfor %}
        ) as decimal(18, 6)) as cost_amount,
        count(case when is_own_vendor and labour_amount is null then 1 end) as unpriced_count
    from agent_costs
    group by period_month, agent_id
),

overtime as (
    select
        period_month,
        agent_id,
        cast(sum(cast(overtime_hour_amount * paid_minutes as decimal(28, 6))) as decimal(28, 6)) as weighted_amount,
        cast(sum(case when overtime_hour_amount is not null then paid_minutes else 0 end) as decimal(18, 4)) as paid_minutes
    from pay_days
    group by period_month, agent_id
),

-- fees are paid for contacts, so they follow the agents' time on them
fee_rows as (
    select
        contact_time.period_month,
        contact_time.agent_id,
        vendor_fees.fee_amount,
        contact_time.contact_units,
        sum(contact_time.contact_units) over (
            partition by vendor_fees.period_month, vendor_fees.vendor_id, vendor_fees.contact_id
            order by contact_time.agent_id, contact_time.queue_id
            rows between unbounded preceding and current row
        ) as units_through,
        sum(contact_time.contact_units) over (
            partition by vendor_fees.period_month, vendor_fees.vendor_id, vendor_fees.contact_id
        ) as units_of_all
    from vendor_fees
    inner join contact_time
        on
            vendor_fees.period_month = contact_time.period_month
            and vendor_fees.contact_id = contact_time.contact_id
    inner join agent_months
        on
            contact_time.period_month = agent_months.period_month
            and contact_time.agent_id = agent_months.agent_id
            and vendor_fees.vendor_id = agent_months.vendor_id
),

fees as (
    select
        period_month,
        agent_id,
        cast(sum({{ share_between(
            'fee_amount', 'cast(units_through - contact_units as bigint)', 'cast(units_through as bigint)', 'cast(units_of_all as bigint)'
        ) }}) as decimal(18, 6)) as fee_amount
    from fee_rows
    group by period_month, agent_id
),

by_queue as (
    select
        agent_months.period_month,
        agent_months.home_queue_id as queue_id,
        agent_months.vendor_id,
        count(*) as agent_count,
        cast(sum(agent_months.used_units) as bigint) as used_units,
        cast(sum(agent_months.practical_units) as bigint) as practical_units,
        cast(
            case
                when sum(coalesce(costs.unpriced_count, 0)) = 0 then sum(coalesce(costs.cost_amount, 0) + coalesce(fees.fee_amount, 0))
            end as decimal(18, 6)
        ) as cost_amount,
        cast(
            sum(case when not agent_months.is_outsourced then overtime.weighted_amount end) as decimal(28, 6)
        ) as overtime_weighted_amount,
        cast(sum(case when not agent_months.is_outsourced then overtime.paid_minutes end) as decimal(18, 4)) as overtime_weight_minutes
    from agent_months
    left join costs
        on
            agent_months.period_month = costs.period_month
            and agent_months.agent_id = costs.agent_id
    left join fees
        on
            agent_months.period_month = fees.period_month
            and agent_months.agent_id = fees.agent_id
    left join overtime
        on
            agent_months.period_month = overtime.period_month
            and agent_months.agent_id = overtime.agent_id
    where agent_months.home_queue_id is not null
    group by agent_months.period_month, agent_months.home_queue_id, agent_months.vendor_id
),

final as (
    select
        by_queue.period_month,
        by_queue.queue_id,
        by_queue.vendor_id,
        by_queue.agent_count,
        {%- for quantity in ['used', 'practical'] %}
        {{ share_of('cast(1 as decimal(18, 6))', 'by_queue.' ~ quantity ~ '_units', 60 * time_units_per_second()) }}
            as {{ quantity }}_minutes,
        {%- endfor %}
        by_queue.cost_amount,
        {{ share_of('by_queue.cost_amount', 60 * time_units_per_second(), 'by_queue.practical_units') }} as capacity_rate,
        cast(
            case
                when by_queue.overtime_weight_minutes > 0 then {{ share_of(
                    'by_queue.overtime_weighted_amount', 1, 'cast(floor(by_queue.overtime_weight_minutes) as ' ~ dbt.type_bigint() ~ ') * 60'
                ) }}
                when terms.payment_basis = 'productive_hour' then {{ share_of('terms.unit_price_amount', 1, 60) }}
                when terms.payment_basis = 'minute' then terms.unit_price_amount
                when terms.payment_basis in ('contact', 'outcome', 'fte') then cast(0 as decimal(18, 6))
            end as decimal(18, 6)
        ) as cash_marginal_rate,
        case
            when by_queue.overtime_weight_minutes > 0 then 'an hour of overtime, with on-costs'
            when terms.payment_basis = 'productive_hour' then 'the contract pays by productive hour'
            when terms.payment_basis = 'minute' then 'the contract pays by minute'
            when terms.payment_basis in ('contact', 'outcome', 'fte') then 'the contract does not pay for time'
            else 'no pay rate or contract'
        end as cash_marginal_source,
        {{ share_of('by_queue.cost_amount', 60 * time_units_per_second(), 'by_queue.used_units') }} as fully_absorbed_rate
    from by_queue
    left join terms
        on
            by_queue.period_month = terms.period_month
            and by_queue.vendor_id = terms.vendor_id
)

select * from final
