-- One row per save episode in which something was offered: how much, what was accepted, and what that costs over its life in the
-- reporting currency, at the rate of the day on which the episode opened (M27).
with

offers as (
    select * from {{ ref('int_save_offers') }}
),

offer_episodes as (
    select * from {{ ref('int_save_offer_episodes') }}
),

episodes as (
    select * from {{ ref('int_save_episodes') }}
),

exchange_rates as (
    select * from {{ ref('int_exchange_rates') }}
),

priced as (
    select
        offer_episodes.episode_id,
        offers.kind,
        offers.was_accepted,
        offers.was_accepted and coalesce(offers.kind in ('discount', 'credit'), true) as is_concession,
        -- nothing is nothing in any currency
        case
            when offers.amount = 0 then cast(0 as decimal(18, 6))
            else cast(offers.amount * exchange_rates.rate_to_reporting as decimal(18, 6))
        end as amount
    from offer_episodes
    inner join offers
        on offer_episodes.offer_id = offers.offer_id
    inner join episodes
        on offer_episodes.episode_id = episodes.episode_id
    left join exchange_rates
        on
            offers.currency = exchange_rates.currency
            and episodes.business_date = exchange_rates.date_day
),

final as (
    select
        episode_id,
        count(*) as offer_count,
        count(case when was_accepted then 1 end) as accepted_offer_count,
        -- what cost the most stands for all that was accepted
        case min(case when was_accepted then case kind
            when 'discount' then 1 when 'credit' then 1 when 'pause' then 2 when 'fix' then 3 when 'information' then 4 else 5
        end end)
            when 1 then 'concession'
            when 2 then 'pause'
            when 3 then 'fix'
            when 4 then 'information'
            when 5 then 'unknown'
        end as accepted_kind,
        case
            when count(case when is_concession and amount is null then 1 end) = 0
                then cast(sum(case when is_concession then amount else 0 end) as decimal(18, 6))
        end as concession_amount
    from priced
    group by episode_id
)

select * from final
