-- One row per save episode and contact in which the wish or an offer was made, with the contact's cost; a contact about several
-- subscriptions is shared by their episodes, so that nothing is counted twice (M27).
{{ config(materialized='table') }}

with

episodes as (
    select * from {{ ref('int_save_episodes') }}
),

requests as (
    select * from {{ ref('int_save_requests') }}
    where contact_id is not null
),

offers as (
    select * from {{ ref('int_save_offers') }}
    where contact_id is not null
),

offer_episodes as (
    select * from {{ ref('int_save_offer_episodes') }}
),

costed_contacts as (
    select * from {{ ref('fct_costed_contacts') }}
),

episode_contacts as (
    select
        episodes.episode_id,
        requests.contact_id
    from requests
    inner join episodes
        on
            requests.customer_id = episodes.customer_id
            and coalesce(requests.subscription_id, '') = coalesce(episodes.subscription_id, '')
            and requests.requested_at >= episodes.opened_at
            and requests.requested_at <= episodes.closes_at

    union

    select
        offer_episodes.episode_id,
        offers.contact_id
    from offer_episodes
    inner join offers
        on offer_episodes.offer_id = offers.offer_id
),

shared as (
    select
        episode_id,
        contact_id,
        row_number() over (partition by contact_id order by episode_id) as share_number,
        count(*) over (partition by contact_id) as episode_count
    from episode_contacts
),

final as (
    select
        shared.episode_id,
        shared.contact_id,
        case
            when costed_contacts.cost_amount is not null
                then {{ share_between(
                    'costed_contacts.cost_amount', 'shared.share_number - 1', 'shared.share_number', 'shared.episode_count'
                ) }}
        end as handling_amount
    from shared
    left join costed_contacts
        on shared.contact_id = costed_contacts.contact_id
)

select * from final
