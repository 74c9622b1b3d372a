-- One row per month of the books whose cost may have changed since the last build: a new load brought a contact, a segment, time, pay,
-- use, a rate or a posting of it, or moved one out of it. Cost is made anew by whole months: a late bill changes what every contact of
-- its month bears. Months are taken in any zone, so a change near the turn of a month touches both.
{{ config(materialized='table') }}

with

contacts as (
    select * from {{ ref('stg_contacts') }}
),

segments as (
    select * from {{ ref('stg_contact_segments') }}
),

usage as (
    select * from {{ ref('stg_technology_usage') }}
),

links as (
    select * from {{ ref('int_contact_links') }}
),

states as (
    select * from {{ ref('stg_agent_states') }}
),

agents as (
    select * from {{ ref('stg_agents') }}
),

sessions as (
    select * from {{ ref('stg_bot_sessions') }}
),

days as (
    select * from {{ ref('int_cost_days') }}
),

delivered_contacts as (
    select * from {{ ref('int_delivered_contacts') }}
),

delivered_segments as (
    select * from {{ ref('int_delivered_contact_segments') }}
),

delivered_sessions as (
    select * from {{ ref('int_delivered_bot_sessions') }}
),

delivered_states as (
    select
        agent_id,
        started_at
    from {{ deliveries_of_new_keys('agent_states') }}
),

delivered_agents as (
    select
        agent_id,
        effective_from
    from {{ deliveries_of_new_keys('agents') }}
),

-- a state ends the one before it, which may have begun in an earlier month
first_states as (
    select
        agent_id,
        min(started_at) as started_at
    from delivered_states
    group by agent_id, {{ dbt.date_trunc('month', 'started_at') }}
),

earlier_states as (
    select
        first_states.agent_id,
        first_states.started_at,
        max(states.started_at) as earlier_started_at
    from first_states
    inner join states
        on
            first_states.agent_id = states.agent_id
            and first_states.started_at > states.started_at
    group by first_states.agent_id, first_states.started_at
),

-- what an agent first was counts for all months before as well
first_versions as (
    select
        agent_id,
        min(effective_from) as effective_from
    from agents
    group by agent_id
),

agents_from as (
    select
        case
            when first_versions.effective_from < delivered_agents.effective_from then delivered_agents.effective_from
            else cast('{{ var("calendar_first_day") }}' as date)
        end as effective_from
    from delivered_agents
    left join first_versions
        on delivered_agents.agent_id = first_versions.agent_id
),

-- a contact that changed may take others along, and leave those that it was one with
named as (
    select contact_id from delivered_contacts
    union
    select initial_contact_id as contact_id from delivered_contacts
    union
    select contact_id from delivered_segments
),

stitched as (
    select coalesce(links.contact_id, named.contact_id) as contact_id
    from named
    left join links
        on named.contact_id = links.contact_record_id
),

records as (
    select contact_id from named
    union
    select contact_id from stitched
    union
    select links.contact_record_id as contact_id
    from links
    inner join stitched
        on links.contact_id = stitched.contact_id
),

happenings as (
    select started_at as happened_at from delivered_contacts
    union
    select started_at as happened_at from delivered_segments
    union
    select contacts.started_at as happened_at
    from contacts
    inner join records
        on contacts.contact_id = records.contact_id
    union
    select segments.started_at as happened_at
    from segments
    inner join records
        on segments.contact_id = records.contact_id
    union
    select usage.used_at as happened_at
    from usage
    inner join records
        on usage.contact_id = records.contact_id
    union
    select usage.used_at as happened_at
    from usage
    inner join delivered_sessions
        on usage.session_id = delivered_sessions.session_id
    union
    select usage.used_at as happened_at
    from usage
    inner join sessions
        on usage.session_id = sessions.session_id
    inner join records
        on coalesce(sessions.contact_id, sessions.handed_off_contact_id) = records.contact_id
    union
    select started_at as happened_at from delivered_states
    union
    select earlier_started_at as happened_at from earlier_states
    union
    select used_at as happened_at from {{ deliveries_of_new_keys('technology_usage') }}
    union
    select submitted_at as happened_at from {{ deliveries_of_new_keys('qa_evaluations') }}
    union
    select cast(work_date as {{ dbt.type_timestamp() }}) as happened_at from {{ deliveries_of_new_keys('agent_pay') }}
    union
    select cast(period_month as {{ dbt.type_timestamp() }}) as happened_at from {{ deliveries_of_new_keys('ledger_entries') }}
),

-- what is in force from a day on
in_force as (
    select min(effective_from) as effective_from from agents_from
    union all
    select min(effective_from) as effective_from from {{ deliveries_of_new_keys('agent_pay_rates') }}
    union all
    -- an exchange rate holds until the next one
    select min(rate_on) as effective_from from {{ deliveries_of_new_keys('fx_rates') }}
),

months as (
    select {{ dbt.dateadd('hour', -14, 'happened_at') }} as month_at from happenings
    union
    select {{ dbt.dateadd('hour', 14, 'happened_at') }} as month_at from happenings
    union
    select cast(days.month_start_date as {{ dbt.type_timestamp() }}) as month_at
    from days
    inner join in_force
        on days.month_end_date >= in_force.effective_from
),

final as (
    select cast({{ dbt.date_trunc('month', 'month_at') }} as date) as touched_id
    from months
    where month_at is not null
    group by cast({{ dbt.date_trunc('month', 'month_at') }} as date)
)

select * from final
where {{ is_needed_to_touch() }}
