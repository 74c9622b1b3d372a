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

calendar as (
    select * from {{ ref('int_calendar') }}
),

delivered_contacts as (
    select
        contact_id,
        initial_contact_id,
        started_at
    from {{ deliveries_of_new_keys('contacts') }}
),

delivered_segments as (
    select
        contact_id,
        started_at
    from {{ deliveries_of_new_keys('contact_segments') }}
),

delivered_sessions as (
    select
        session_id,
        contact_id
    from {{ deliveries_of_new_keys('bot_sessions') }}
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
    select started_at as happened_at from {{ deliveries_of_new_keys('agent_states') }}
    union
    select used_at as happened_at from {{ deliveries_of_new_keys('technology_usage') }}
    union
    select submitted_at as happened_at from {{ deliveries_of_new_keys('qa_evaluations') }}
    union
    select cast(work_date as {{ dbt.type_timestamp() }}) as happened_at from {{ deliveries_of_new_keys('agent_pay') }}
    union
    select cast(rate_on as {{ dbt.type_timestamp() }}) as happened_at from {{ deliveries_of_new_keys('fx_rates') }}
    union
    select cast(period_month as {{ dbt.type_timestamp() }}) as happened_at from {{ deliveries_of_new_keys('ledger_entries') }}
),

-- what is in force from a day on
in_force as (
    select min(effective_from) as effective_from from {{ deliveries_of_new_keys('agents') }}
    union all
    select min(effective_from) as effective_from from {{ deliveries_of_new_keys('agent_pay_rates') }}
),

months as (
    select {{ dbt.dateadd('hour', -14, 'happened_at') }} as month_at from happenings
    union
    select {{ dbt.dateadd('hour', 14, 'happened_at') }} as month_at from happenings
    union
    select cast(calendar.month_start_date as {{ dbt.type_timestamp() }}) as month_at
    from calendar
    inner join in_force
        on calendar.month_end_date >= in_force.effective_from
),

final as (
    select cast({{ dbt.date_trunc('month', 'month_at') }} as date) as touched_id
    from months
    where month_at is not null
    group by cast({{ dbt.date_trunc('month', 'month_at') }} as date)
)

select * from final
where {{ is_needed_to_touch() }}
