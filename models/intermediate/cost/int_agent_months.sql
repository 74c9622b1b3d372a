-- One row per agent and month of the books that this build makes anew: how much of the agent was there for contacts, and what became of
-- it. Practical capacity is measured from the time sheet: time paid for contacts and for waiting, without breaks, sickness, training and
-- meetings; without a time sheet it is a share of the paid minutes (M34). What a time sheet calls contact, but no contact record
-- explains, is unowned.
{%- set units = time_units_per_second() %}
{%- if var('practical_capacity_mode') not in ['measured', 'ratio'] %}
    {{ exceptions.raise_compiler_error(
        "dbt_project.yml: practical_capacity_mode is '" ~ var('practical_capacity_mode') ~ "': use measured or ratio"
    ) }}
{%- endif %}
{%- if var('unused_capacity_mode') not in ['separate', 'absorbed'] %}
    {{ exceptions.raise_compiler_error(
        "dbt_project.yml: unused_capacity_mode is '" ~ var('unused_capacity_mode') ~ "': use separate or absorbed"
    ) }}
{%- endif %}
{{ config(materialized='table') }}

with

contact_time as (
    select * from {{ ref('int_agent_contact_time') }}
),

state_spans as (
    select * from {{ ref('int_agent_state_spans') }}
),

pay_days as (
    select * from {{ ref('int_agent_pay_days') }}
),

agents as (
    select * from {{ ref('dim_agent') }}
),

vendors as (
    select * from {{ ref('stg_vendors') }}
),

submitted_evaluations as (
    select *
    from {{ ref('stg_qa_evaluations') }}
    where {{ may_be_in_touched_month('submitted_at') }}
),

months as (
    select * from {{ ref('int_cost_months') }}
    where {{ is_touched('period_month') }}
),

evaluations as (
    select
        submitted_evaluations.agent_id,
        months.period_month,
        count(*) as evaluation_count
    from submitted_evaluations
    inner join months
        on
            cast({{ dbt.date_trunc('month', 'submitted_evaluations.submitted_at') }} as date) = months.utc_month
            and submitted_evaluations.submitted_at >= months.begins_at
            and submitted_evaluations.submitted_at < months.ends_at
    group by submitted_evaluations.agent_id, months.period_month
),

by_queue as (
    select
        period_month,
        agent_id,
        queue_id,
        sum(contact_units) as contact_units
    from contact_time
    group by period_month, agent_id, queue_id
),

-- waiting is time for the queue that takes most of the agent's month
ranked_queues as (
    select
        *,
        row_number() over (
            partition by period_month, agent_id
            order by case when queue_id is null then 1 else 0 end asc, contact_units desc, queue_id asc
        ) as queue_rank
    from by_queue
),

used as (
    select
        period_month,
        agent_id,
        sum(contact_units) as used_units,
        max(case when queue_rank = 1 then queue_id end) as home_queue_id
    from ranked_queues
    group by period_month, agent_id
),

sheets as (
    select
        period_month,
        agent_id,
        sum(case when state = 'contact' then span_seconds else 0 end) as contact_seconds,
        sum(case when state = 'available' then span_seconds else 0 end) as available_seconds,
        sum(case when state in ('meeting', 'training', 'coaching', 'project') then span_seconds else 0 end) as non_contact_seconds
    from state_spans
    where is_paid
    group by period_month, agent_id
),

payroll as (
    select
        period_month,
        agent_id,
        sum(paid_minutes) as paid_minutes,
        cast(coalesce(sum(straight_amount), 0) as decimal(18, 6)) as straight_amount,
        cast(coalesce(sum(on_cost_amount), 0) as decimal(18, 6)) as on_cost_amount,
        sum(case when straight_amount is null then paid_minutes else 0 end) as unpriced_minutes
    from pay_days
    group by period_month, agent_id
),

agent_months as (
    select
        period_month,
        agent_id
    from used
    union
    select
        period_month,
        agent_id
    from sheets
    union
    select
        period_month,
        agent_id
    from payroll
),

-- who the agent was when the month ended, or first was after it
versions as (
    select
        agent_months.period_month,
        agent_months.agent_id,
        agents.role,
        agents.vendor_id,
        row_number() over (
            partition by agent_months.period_month, agent_months.agent_id
            order by
                case when agents.effective_from < {{ dbt.dateadd('month', 1, 'agent_months.period_month') }} then 0 else 1 end,
                case
                    when agents.effective_from < {{ dbt.dateadd('month', 1, 'agent_months.period_month') }}
                        then {{ dbt.datediff('agents.effective_from', 'agent_months.period_month', 'day') }}
                    else -{{ dbt.datediff('agents.effective_from', 'agent_months.period_month', 'day') }}
                end
        ) as version_rank
    from agent_months
    left join agents
        on agent_months.agent_id = agents.agent_id
),

joined as (
    select
        versions.period_month,
        versions.agent_id,
        coalesce(versions.role, 'agent') as role,
        coalesce(versions.vendor_id, 'in_house') as vendor_id,
        coalesce(vendors.kind, case when coalesce(versions.vendor_id, 'in_house') = 'in_house' then 'in_house' else 'bpo' end) = 'bpo'
            as is_outsourced,
        used.home_queue_id,
        coalesce(used.used_units, 0) as used_units,
        sheets.agent_id is not null and '{{ var("practical_capacity_mode") }}' = 'measured' as is_measured,
        coalesce(sheets.contact_seconds, 0) * {{ units }} as contact_units,
        coalesce(sheets.available_seconds, 0) * {{ units }} as available_units,
        coalesce(sheets.non_contact_seconds, 0) * {{ units }} as non_contact_units,
        cast(floor(coalesce(payroll.paid_minutes, 0) * 60 * {{ var('practical_capacity_ratio') }}) as bigint) * {{ units }} as ratio_units,
        coalesce(payroll.paid_minutes, 0) as paid_minutes,
        coalesce(payroll.unpriced_minutes, 0) as unpriced_minutes,
        coalesce(payroll.straight_amount, 0) as straight_amount,
        coalesce(payroll.on_cost_amount, 0) as on_cost_amount,
        coalesce(evaluations.evaluation_count, 0) as evaluation_count
    from versions
    left join vendors
        on versions.vendor_id = vendors.vendor_id
    left join used
        on
            versions.period_month = used.period_month
            and versions.agent_id = used.agent_id
    left join sheets
        on
            versions.period_month = sheets.period_month
            and versions.agent_id = sheets.agent_id
    left join payroll
        on
            versions.period_month = payroll.period_month
            and versions.agent_id = payroll.agent_id
    left join evaluations
        on
            versions.period_month = evaluations.period_month
            and versions.agent_id = evaluations.agent_id
    where versions.version_rank = 1
),

split as (
    select
        *,
        case when is_measured then greatest(contact_units - used_units, 0) else 0 end as unowned_units,
        case
            when is_measured then greatest(contact_units + available_units - greatest(contact_units, used_units), 0)
            else greatest(ratio_units - used_units, 0)
        end as waiting_units,
        case when is_measured then non_contact_units else 0 end as other_work_units
    from joined
),

final as (
    select
        period_month,
        agent_id,
        role,
        vendor_id,
        is_outsourced,
        home_queue_id,
        case
            when is_measured then 'measured'
            when ratio_units > 0 then 'ratio'
            else 'contacts only'
        end as capacity_basis,
        cast(paid_minutes as decimal(18, 4)) as paid_minutes,
        cast(unpriced_minutes as decimal(18, 4)) as unpriced_minutes,
        cast(straight_amount as decimal(18, 6)) as straight_amount,
        cast(on_cost_amount as decimal(18, 6)) as on_cost_amount,
        cast(evaluation_count as bigint) as evaluation_count,
        cast(used_units as bigint) as used_units,
        cast(unowned_units as bigint) as unowned_units,
        cast(waiting_units as bigint) as waiting_units,
        cast(other_work_units as bigint) as other_work_units,
        -- what idle time costs stands apart, unless contacts are to bear it (M34)
        cast({{ 'waiting_units' if var('unused_capacity_mode') == 'separate' else '0' }} as bigint) as unused_units,
        cast(used_units + unowned_units + waiting_units as bigint) as practical_units
    from split
)

select * from final
