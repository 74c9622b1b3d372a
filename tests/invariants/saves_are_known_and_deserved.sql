-- A failure means that a customer counts as saved who was not kept, who only let the request go or paused, whom a rule excludes, or of
-- whom nothing can be known yet; or that an unknown save has no reason (M27). What to do: the column claim names it; look at the episode
-- in fct_save_episodes.
with

judged as (
    select
        episode_id,
        case
            when is_saved_60d and not is_active_60d then 'saved and not active'
            when (is_saved_30d and not is_mature_30d) or (is_saved_60d and not is_mature_60d) or (is_saved_90d and not is_mature_90d)
                then 'saved before the horizon was over'
            when is_saved_90d and not is_active_90d then 'saved and not active'
            when is_saved_90d and not coalesce(is_active_60d, true) then 'lost and saved later'
            when is_eligible and exclusion_rule is not null then 'excluded and eligible'
            when is_saved_{{ var('save_horizon_days') }}d and coalesce(save_kind not in ('fix', 'information', 'concession'), true)
                then 'saved by what is no save'
            when (is_saved_{{ var('save_horizon_days') }}d is null) <> (save_null_reason is not null) then 'unknown without a reason'
            when saved_recurring_amount > recurring_amount then 'more kept than was at stake'
            when accepted_offer_count > offer_count then 'more taken than offered'
        end as claim
    from {{ ref('fct_save_episodes') }}
)

select *
from judged
where claim is not null
