-- One row per offer and save episode that it belongs to (M27): the one that was open when the offer's contact ended, for its
-- subscription or for all; for an offer on a cancel page the subscription's latest episode, one with a notice first.
{{ config(materialized='table') }}

with

offers as (
    select * from {{ ref('int_save_offers') }}
),

episodes as (
    select * from {{ ref('int_save_episodes') }}
),

latest_of_subscription as (
    select
        subscription_id,
        episode_id,
        row_number() over (
            partition by subscription_id
            order by case when entry_door = 'cancel_notice' then 1 else 0 end desc, opened_at desc, episode_id desc
        ) as episode_rank
    from episodes
    where subscription_id is not null
),

final as (
    select
        offers.offer_id,
        episodes.episode_id
    from offers
    inner join episodes
        on
            offers.customer_id = episodes.customer_id
            and offers.offered_at >= episodes.opened_at
            and offers.offered_at <= episodes.closes_at
    where
        offers.subscription_id is null
        or episodes.subscription_id is null
        or offers.subscription_id = episodes.subscription_id

    union all

    select
        offers.offer_id,
        latest_of_subscription.episode_id
    from offers
    inner join latest_of_subscription
        on offers.subscription_id = latest_of_subscription.subscription_id
    where
        offers.is_on_cancel_page
        and latest_of_subscription.episode_rank = 1
)

select * from final
