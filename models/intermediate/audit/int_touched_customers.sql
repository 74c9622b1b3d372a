-- One row per customer for whom anything may have changed since the last build: of a contact, a bot session or a subscription that changed,
-- now or before. All that depends on the order of a customer's contacts is made anew for them. Ids that many people share are no customers.
{{ config(materialized='table') }}

with

scope as (
    select * from {{ ref('int_build_scope') }}
),

changed_records as (
    select * from {{ ref('int_changed_contact_records') }}
),

contacts as (
    select * from {{ ref('stg_contacts') }}
),

links as (
    select * from {{ ref('int_contact_links') }}
),

bot_sessions as (
    select * from {{ ref('stg_bot_sessions') }}
),

subscriptions as (
    select * from {{ ref('stg_subscriptions') }}
),

denied_customer_ids as (
    select * from {{ ref('denied_customer_ids') }}
),

delivered_contacts as (
    select * from {{ ref('int_delivered_contacts') }}
),

delivered_sessions as (
    select * from {{ ref('int_delivered_bot_sessions') }}
),

-- sessions of staff are excluded, also of those who never contacted
delivered_staff as (
    select customer_id
    from {{ deliveries_of_new_keys('customers') }}
    where is_staff
    group by customer_id
),

events_changed as (
    select subscription_id
    from {{ deliveries_of_new_keys('subscription_events') }}
    group by subscription_id
),

changed as (
    select contacts.customer_id
    from contacts
    inner join changed_records
        on contacts.contact_id = changed_records.touched_id
    union
    select customer_id from delivered_contacts
    union
    select customer_id from delivered_staff
    union
    select customer_id from delivered_sessions
    union
    select customer_id from {{ deliveries_of_new_keys('subscriptions') }}
    union
    select subscriptions.customer_id
    from subscriptions
    inner join events_changed
        on subscriptions.subscription_id = events_changed.subscription_id
    -- a session is judged by the contact that it ran in or led to
    union
    select bot_sessions.customer_id
    from bot_sessions
    inner join changed_records
        on bot_sessions.contact_id = changed_records.touched_id
    union
    select bot_sessions.customer_id
    from bot_sessions
    inner join changed_records
        on bot_sessions.handed_off_contact_id = changed_records.touched_id
    union
    select bot_sessions.customer_id
    from bot_sessions
    cross join scope
    where bot_sessions.started_at > scope.known_until
),

-- where an attempt changes, the contacts that it led to stand elsewhere among those of their own customers
led_to as (
    select bot_sessions.contact_id
    from bot_sessions
    inner join changed
        on bot_sessions.customer_id = changed.customer_id
    where bot_sessions.contact_id is not null
    union
    select bot_sessions.handed_off_contact_id as contact_id
    from bot_sessions
    inner join changed
        on bot_sessions.customer_id = changed.customer_id
    where bot_sessions.handed_off_contact_id is not null
),

led_to_contacts as (
    select coalesce(links.contact_id, led_to.contact_id) as contact_id
    from led_to
    left join links
        on led_to.contact_id = links.contact_record_id
),

led_to_records as (
    select contact_id from led_to_contacts
    union
    select links.contact_record_id as contact_id
    from links
    inner join led_to_contacts
        on links.contact_id = led_to_contacts.contact_id
),

found as (
    select customer_id from changed
    union
    select contacts.customer_id
    from contacts
    inner join led_to_records
        on contacts.contact_id = led_to_records.contact_id
),

denied_for_all_time as (
    select customer_id
    from denied_customer_ids
    where
        effective_from <= cast('1970-01-01' as date)
        and effective_to >= cast('2199-12-31' as date)
    group by customer_id
),

final as (
    select found.customer_id as touched_id
    from found
    left join denied_for_all_time
        on found.customer_id = denied_for_all_time.customer_id
    where
        found.customer_id is not null
        and denied_for_all_time.customer_id is null
)

select * from final
where {{ is_needed_to_touch() }}
