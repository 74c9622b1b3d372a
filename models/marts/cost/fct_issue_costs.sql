-- One row per issue: what all its contacts cost together, pieces and abandoned tries included, beside what the first of them took (M35).
{{ config(materialized=judged_when_read()) }}

with

issues as (
    select * from {{ ref('fct_issues') }}
),

repeats as (
    select
        contact_id,
        issue_id
    from {{ ref('fct_contact_repeats') }}
),

reconnects as (
    select * from {{ ref('int_contact_reconnects') }}
),

costed_contacts as (
    select * from {{ ref('fct_costed_contacts') }}
),

of_issues as (
    select
        repeats.issue_id,
        repeats.contact_id as session_id,
        coalesce(reconnects.contact_id, repeats.contact_id) as contact_id
    from repeats
    left join reconnects
        on repeats.contact_id = reconnects.session_id
),

summed as (
    select
        of_issues.issue_id,
        count(*) as costed_contact_count,
        count(costed_contacts.cost_amount) as priced_contact_count,
        cast(sum(costed_contacts.cost_amount) as decimal(18, 6)) as cost_amount,
        cast(sum(costed_contacts.agent_minutes) as decimal(18, 6)) as agent_minutes,
        cast(
            sum(case when of_issues.session_id = of_issues.issue_id then costed_contacts.cost_amount end) as decimal(18, 6)
        ) as first_contact_amount,
        cast(
            sum(case when of_issues.session_id = of_issues.issue_id then costed_contacts.agent_minutes end) as decimal(18, 6)
        ) as first_contact_minutes,
        {{ dbt.bool_or('not costed_contacts.is_final') }} as is_provisional
    from of_issues
    inner join costed_contacts
        on of_issues.contact_id = costed_contacts.contact_id
    group by of_issues.issue_id
),

final as (
    select
        issues.issue_id,
        issues.customer_id,
        issues.business_date,
        issues.channel,
        issues.queue_id,
        issues.program_id,
        issues.vendor_id,
        issues.reason_code,
        issues.product_line_id,
        summed.costed_contact_count as contact_count,
        issues.is_mature,
        issues.is_resolved,
        summed.first_contact_minutes,
        summed.agent_minutes,
        summed.first_contact_amount,
        case when summed.priced_contact_count = summed.costed_contact_count then summed.cost_amount end as cost_amount,
        case when summed.priced_contact_count < summed.costed_contact_count then 'cost of a contact not known' end as cost_null_reason,
        not summed.is_provisional as is_final
    from issues
    inner join summed
        on issues.issue_id = summed.issue_id
)

select * from final
