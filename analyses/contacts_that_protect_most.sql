-- Which interactions protect the most value? By the door through which customers came to be at risk and the kind of save: how many were
-- kept, with the interval of that share, what they still pay per month, and what is left of it after concessions and handling, as far as
-- the save made the difference (M27, M46). The last is an assumption until a holdout replaces it (seed save_increments); the ranking
-- holds no longer than it does.
with

episodes as (
    select * from {{ ref('fct_save_episodes') }}
    where
        is_eligible
        and is_saved_{{ var('save_horizon_days') }}d is not null
),

added_up as (
    select
        entry_door,
        coalesce(accepted_kind, 'nothing accepted') as accepted_kind,
        count(*) as episode_count,
        count(case when is_saved_{{ var('save_horizon_days') }}d then 1 end) as saved_count,
        sum(recurring_amount) as recurring_amount_at_stake,
        sum(saved_recurring_amount) as saved_recurring_amount,
        sum(concession_amount) as concession_amount,
        sum(handling_amount) as handling_amount,
        sum(net_saved_amount) as net_saved_amount
    from episodes
    group by entry_door, coalesce(accepted_kind, 'nothing accepted')
)

select
    entry_door,
    accepted_kind,
    episode_count,
    {{ published_share('saved', 'saved_count', 'episode_count', 'too few episodes') }},
    recurring_amount_at_stake,
    saved_recurring_amount,
    concession_amount,
    handling_amount,
    net_saved_amount,
    'descriptive' as level_of_claim
from added_up
order by net_saved_amount desc, entry_door asc, accepted_kind asc
