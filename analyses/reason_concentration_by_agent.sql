-- Does an agent get the same matters again and again (M13)? Per agent and month, the Herfindahl index of the reasons of the contacts that
-- the agent answered first: the sum of the squared shares, 1 where all are about one reason, 1 / n where n reasons are equally frequent.
-- Contacts of unknown reason are left out and counted; an index of fewer contacts than minimum_n_publish is null.
with

contacts as (
    select
        first_agent_id,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as month_start_date,
        reason_code
    from {{ ref('fct_contacts') }}
    where
        exclusion_reason is null
        and direction = 'inbound'
        and is_handled
        and first_agent_id is not null
),

by_reason as (
    select
        first_agent_id,
        month_start_date,
        reason_code,
        count(*) as contact_count
    from contacts
    where reason_code is not null
    group by first_agent_id, month_start_date, reason_code
),

concentrations as (
    select
        first_agent_id,
        month_start_date,
        sum(contact_count) as contact_count,
        count(*) as reason_count,
        sum(contact_count * contact_count) / cast(sum(contact_count) * sum(contact_count) as {{ double_type() }}) as herfindahl_index
    from by_reason
    group by first_agent_id, month_start_date
),

unknown_reasons as (
    select
        first_agent_id,
        month_start_date,
        count(*) as unknown_reason_count
    from contacts
    where reason_code is null
    group by first_agent_id, month_start_date
),

final as (
    select
        concentrations.first_agent_id as agent_id,
        concentrations.month_start_date,
        concentrations.contact_count,
        coalesce(unknown_reasons.unknown_reason_count, 0) as unknown_reason_count,
        concentrations.reason_count,
        case
            when concentrations.contact_count >= {{ var('minimum_n_publish') }} then concentrations.herfindahl_index
        end as herfindahl_index
    from concentrations
    left join unknown_reasons
        on
            concentrations.first_agent_id = unknown_reasons.first_agent_id
            and concentrations.month_start_date = unknown_reasons.month_start_date
)

select * from final
order by month_start_date asc, herfindahl_index desc nulls last, agent_id asc
