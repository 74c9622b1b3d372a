-- One row per bot session that is made anew: of customers who are touched, sessions that a new load brought or that lie after the days of
-- the last build's calendar, and those that ran in a contact that changed, or led to one.
{{ config(materialized='table') }}

with

scope as (
    select * from {{ ref('int_build_scope') }}
),

bot_sessions as (
    select * from {{ ref('stg_bot_sessions') }}
),

touched_customers as (
    select * from {{ ref('int_touched_customers') }}
),

changed_records as (
    select * from {{ ref('int_changed_contact_records') }}
),

delivered_sessions as (
    select * from {{ ref('int_delivered_bot_sessions') }}
),

final as (
    select session_id as touched_id from delivered_sessions
    union
    select bot_sessions.session_id as touched_id
    from bot_sessions
    inner join touched_customers
        on bot_sessions.customer_id = touched_customers.touched_id
    union
    select bot_sessions.session_id as touched_id
    from bot_sessions
    inner join changed_records
        on bot_sessions.contact_id = changed_records.touched_id
    union
    select bot_sessions.session_id as touched_id
    from bot_sessions
    inner join changed_records
        on bot_sessions.handed_off_contact_id = changed_records.touched_id
    union
    select bot_sessions.session_id as touched_id
    from bot_sessions
    cross join scope
    where bot_sessions.started_at > scope.known_until
)

select * from final
where {{ is_needed_to_touch() }}
