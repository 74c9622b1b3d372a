-- Who looks cheap by handle time and is dear by issue (M35)? Queues and agents in the best quarter by handle time and the worst quarter by
-- cost per resolved issue. Both are adjusted for the mix of reasons: the ratio of what happened to what the reasons' means let expect, 1
-- where a unit is as all others are. A queue answers for the issues that began in it, an agent for those whose first contact the agent
-- answered first, with all that followed elsewhere. Issues of closed windows and books; fewer than 30 contacts or issues are not ranked
-- (B.8).
with

contacts as (
    select * from {{ ref('fct_contacts') }}
    where
        is_handled
        and direction <> 'internal'
        and exclusion_reason is null
        and handle_seconds is not null
        and reason_code is not null
),

first_agents as (
    select
        contact_id,
        first_agent_id
    from {{ ref('fct_contacts') }}
),

issues as (
    select * from {{ ref('fct_issue_costs') }}
    where
        is_mature
        and is_final
        and is_resolved is not null
        and cost_amount is not null
        and reason_code is not null
),

handled as (
    select
        'queue' as unit,
        queue_id as unit_id,
        reason_code,
        handle_seconds
    from contacts

    union all

    select
        'agent' as unit,
        first_agent_id as unit_id,
        reason_code,
        handle_seconds
    from contacts
),

issues_of_units as (
    select
        'queue' as unit,
        queue_id as unit_id,
        reason_code,
        is_resolved,
        cost_amount
    from issues

    union all

    select
        'agent' as unit,
        first_agents.first_agent_id as unit_id,
        issues.reason_code,
        issues.is_resolved,
        issues.cost_amount
    from issues
    inner join first_agents
        on issues.issue_id = first_agents.contact_id
),

handle_times_of_reasons as (
    select
        reason_code,
        sum(handle_seconds) * 1.0 / count(*) as expected_handle_seconds
    from contacts
    group by reason_code
),

issues_of_reasons as (
    select
        reason_code,
        sum(cost_amount) / count(*) as expected_cost_amount,
        count(case when is_resolved then 1 end) * 1.0 / count(*) as expected_resolved
    from issues
    group by reason_code
),

handle_times as (
    select
        handled.unit,
        handled.unit_id,
        count(*) as contact_count,
        sum(handled.handle_seconds) * 1.0 / count(*) as aht_seconds,
        sum(handled.handle_seconds) / nullif(sum(handle_times_of_reasons.expected_handle_seconds), 0) as aht_ratio
    from handled
    inner join handle_times_of_reasons
        on handled.reason_code = handle_times_of_reasons.reason_code
    where handled.unit_id is not null
    group by handled.unit, handled.unit_id
),

issue_costs as (
    select
        issues_of_units.unit,
        issues_of_units.unit_id,
        count(*) as issue_count,
        count(case when issues_of_units.is_resolved then 1 end) as resolved_issue_count,
        cast(sum(issues_of_units.cost_amount) as {{ double_type() }})
        / nullif(count(case when issues_of_units.is_resolved then 1 end), 0) as cost_per_resolved_issue,
        cast(sum(issues_of_units.cost_amount) as {{ double_type() }})
        / nullif(count(case when issues_of_units.is_resolved then 1 end), 0)
        / nullif(
            cast(sum(issues_of_reasons.expected_cost_amount) as {{ double_type() }})
            / nullif(sum(issues_of_reasons.expected_resolved), 0), 0
        ) as cost_ratio
    from issues_of_units
    inner join issues_of_reasons
        on issues_of_units.reason_code = issues_of_reasons.reason_code
    where issues_of_units.unit_id is not null
    group by issues_of_units.unit, issues_of_units.unit_id
),

ranked as (
    select
        handle_times.unit,
        handle_times.unit_id,
        handle_times.contact_count,
        handle_times.aht_seconds,
        handle_times.aht_ratio,
        issue_costs.issue_count,
        issue_costs.resolved_issue_count,
        issue_costs.cost_per_resolved_issue,
        issue_costs.cost_ratio,
        ntile(4) over (partition by handle_times.unit order by handle_times.aht_ratio, handle_times.unit_id) as aht_quarter,
        ntile(4) over (partition by handle_times.unit order by issue_costs.cost_ratio, handle_times.unit_id) as cost_quarter
    from handle_times
    inner join issue_costs
        on
            handle_times.unit = issue_costs.unit
            and handle_times.unit_id = issue_costs.unit_id
    where
        handle_times.contact_count >= 30
        and issue_costs.issue_count >= 30
        and issue_costs.resolved_issue_count > 0
),

-- the others stand below, so that it can be seen by how much a unit missed the list
final as (
    select
        *,
        aht_quarter = 1 and cost_quarter = 4 as is_cheap_on_aht_dear_on_issue
    from ranked
)

select * from final
order by is_cheap_on_aht_dear_on_issue desc, unit asc, cost_ratio desc, unit_id asc
