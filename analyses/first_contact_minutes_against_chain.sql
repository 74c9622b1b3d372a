-- How much of an issue is its first contact (M35)? Per reason, issues of closed windows and books: agents' minutes and cost of the first
-- contact beside those of the whole chain. Where issues come back, the uplift says how much longer a later contact takes than the first one
-- of the same issues; an average handle time knows neither. A mean of fewer issues than minimum_n_publish is null.
with

issues as (
    select
        *,
        coalesce(reason_code, '(unknown)') as known_reason_code
    from {{ ref('fct_issue_costs') }}
    where
        is_mature
        and is_final
        and cost_amount is not null
),

summed as (
    select
        known_reason_code as reason_code,
        count(*) as issue_count,
        count(case when is_resolved then 1 end) as resolved_issue_count,
        sum(contact_count) as contact_count,
        count(case when contact_count > 1 then 1 end) as repeated_issue_count,
        sum(first_contact_minutes) as first_contact_minutes,
        sum(agent_minutes) as agent_minutes,
        sum(case when contact_count > 1 then first_contact_minutes end) as first_minutes_of_repeated,
        sum(case when contact_count > 1 then agent_minutes - first_contact_minutes end) as later_minutes_of_repeated,
        sum(case when contact_count > 1 then contact_count - 1 end) as later_contact_count,
        cast(sum(first_contact_amount) as {{ double_type() }}) as first_contact_amount,
        cast(sum(cost_amount) as {{ double_type() }}) as cost_amount
    from issues
    group by known_reason_code
),

final as (
    select
        reason_code,
        issue_count,
        repeated_issue_count,
        contact_count * 1.0 / issue_count as contacts_per_issue,
        case
            when issue_count >= {{ var('minimum_n_publish') }} then first_contact_minutes / issue_count
        end as first_contact_minutes_per_issue,
        case when issue_count >= {{ var('minimum_n_publish') }} then agent_minutes / issue_count end as chain_minutes_per_issue,
        first_contact_minutes / nullif(agent_minutes, 0) as first_contact_share_of_minutes,
        case
            when repeated_issue_count >= {{ var('minimum_n_publish') }}
                then
                    cast(later_minutes_of_repeated as {{ double_type() }}) / nullif(later_contact_count, 0)
                    / nullif(cast(first_minutes_of_repeated as {{ double_type() }}) / repeated_issue_count, 0) - 1
        end as uplift_of_later_contacts,
        case when issue_count >= {{ var('minimum_n_publish') }} then first_contact_amount / issue_count end as first_contact_cost_per_issue,
        case when issue_count >= {{ var('minimum_n_publish') }} then cost_amount / issue_count end as chain_cost_per_issue,
        case
            when issue_count >= {{ var('minimum_n_publish') }} then cost_amount / nullif(resolved_issue_count, 0)
        end as cost_per_resolved_issue
    from summed
)

select * from final
order by chain_cost_per_issue desc nulls last, reason_code asc
