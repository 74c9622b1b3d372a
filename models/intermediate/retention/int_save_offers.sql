-- One row per thing offered to keep a customer, with the contact in which it was offered, and when that ended (M27). Offers on a cancel
-- page have no contact and no date.
{{ config(materialized='table') }}

with

save_offers as (
    select * from {{ ref('stg_save_offers') }}
),

links as (
    select * from {{ ref('int_contact_links') }}
),

contacts as (
    select * from {{ ref('fct_contacts') }}
),

final as (
    select
        save_offers.offer_id,
        contacts.contact_id,
        contacts.customer_id,
        save_offers.subscription_id,
        coalesce(contacts.ended_at, contacts.started_at) as offered_at,
        save_offers.contact_id is null as is_on_cancel_page,
        save_offers.kind,
        coalesce(save_offers.was_accepted, false) as was_accepted,
        save_offers.amount,
        coalesce(save_offers.currency, '{{ var("reporting_currency") }}') as currency
    from save_offers
    left join links
        on save_offers.contact_id = links.contact_record_id
    left join contacts
        on coalesce(links.contact_id, save_offers.contact_id) = contacts.contact_id
)

select * from final
