-- One row per full month of tenure: handle time, first contact resolution and satisfaction of agents of that tenure, beside what all
-- agents have for the same reasons and channels (M15): newcomers are often given easy work, so that their plain numbers flatter them.
-- noqa: disable=LT02
with

results as (
    select *
    from {{ ref('int_agent_reason_months') }}
    where reason_code is not null
),

agent_months as (
    select *
    from {{ ref('fct_agent_months') }}
    where
        role = 'agent'
        and tenure_months is not null
),

usual as (
    select
        reason_code,
        channel,
        cast(sum(handle_seconds) as {{ double_type() }}) / nullif(sum(handled_count), 0) as handle_time,
        cast(sum(resolved_count) as {{ double_type() }}) / nullif(sum(first_contact_count), 0) as fcr_rate,
        cast(sum(satisfied_count) as {{ double_type() }}) / nullif(sum(answer_count), 0) as csat_rate
    from results
    group by reason_code, channel
),

by_cell as (
    select
        agent_months.tenure_months,
        results.reason_code,
        results.channel,
        count(distinct results.agent_id) as agent_count,
        {%- for name in ['handled_count', 'handle_seconds', 'first_contact_count', 'resolved_count', 'answer_count', 'satisfied_count'] %}
        cast(sum(results.{{ name }}) as bigint) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from results
    inner join agent_months
        on
            results.agent_id = agent_months.agent_id
            and results.month_start_date = agent_months.month_start_date
    group by agent_months.tenure_months, results.reason_code, results.channel
),

expected as (
    select
        by_cell.tenure_months,
        by_cell.handled_count,
        by_cell.handle_seconds,
        by_cell.first_contact_count,
        by_cell.resolved_count,
        by_cell.answer_count,
        by_cell.satisfied_count,
        {{ statistic('by_cell.handled_count * usual.handle_time') }} as expected_handle_seconds,
        {{ statistic('by_cell.first_contact_count * usual.fcr_rate') }} as expected_resolved_count,
        {{ statistic('by_cell.answer_count * usual.csat_rate') }} as expected_satisfied_count
    from by_cell
    inner join usual
        on
            by_cell.reason_code = usual.reason_code
            and by_cell.channel = usual.channel
),

agents_by_tenure as (
    select
        tenure_months,
        count(distinct agent_id) as agent_count
    from agent_months
    where handled_count > 0
    group by tenure_months
),

summed as (
    select
        tenure_months,
        {%- for name in ['handled_count', 'handle_seconds', 'first_contact_count', 'resolved_count', 'answer_count', 'satisfied_count'] %}
        cast(sum({{ name }}) as bigint) as {{ name }},
        {%- endfor %}
        cast(coalesce(sum(expected_handle_seconds), 0) as decimal(18, 6)) as expected_handle_seconds,
        cast(coalesce(sum(expected_resolved_count), 0) as decimal(18, 6)) as expected_resolved_count,
        cast(coalesce(sum(expected_satisfied_count), 0) as decimal(18, 6)) as expected_satisfied_count
    from expected
    group by tenure_months
),

final as (
    select
        summed.tenure_months,
        agents_by_tenure.agent_count,
        summed.handled_count,
        summed.handle_seconds,
        summed.expected_handle_seconds,
        summed.first_contact_count,
        summed.resolved_count,
        summed.expected_resolved_count,
        summed.answer_count,
        summed.satisfied_count,
        summed.expected_satisfied_count,
        case when agents_by_tenure.agent_count < {{ var('minimum_n_publish') }} then 'too few agents' end as index_null_reason,
        {%- for name, actual, usual in [
            ('handle_time', 'handle_seconds', 'expected_handle_seconds'),
            ('fcr', 'resolved_count', 'expected_resolved_count'),
            ('csat', 'satisfied_count', 'expected_satisfied_count'),
        ] %}
        cast(case
            when agents_by_tenure.agent_count >= {{ var('minimum_n_publish') }}
                then {{ statistic(
                    'cast(summed.' ~ actual ~ ' as ' ~ double_type() ~ ') / nullif(cast(summed.' ~ usual ~ ' as ' ~ double_type() ~ '), 0)'
                ) }}
        end as decimal(18, 6)) as {{ name }}_index{{ ',' if not loop.last }}
        {%- endfor %}
    from summed
    inner join agents_by_tenure
        on summed.tenure_months = agents_by_tenure.tenure_months
)

select * from final
