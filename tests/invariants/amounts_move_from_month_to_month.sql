-- A failure means that what subscriptions brought at the end of a month is not what they brought at its start, with all that came, rose,
-- fell and went in between, or that more was kept of a cohort than it brought (M31). What to do: look at the subscription's changes in
-- int_subscription_states; one of them is in two months or in none.
select
    subscription_id,
    month_start_date,
    start_amount,
    end_amount,
    new_amount,
    expansion_amount,
    contraction_amount,
    churned_amount
from {{ ref('fct_subscription_months') }}
where
    is_mature
    and (
        (
            start_amount is not null
            and end_amount is not null
            and start_amount + new_amount + expansion_amount - contraction_amount - churned_amount is distinct from end_amount
        )
        or contraction_amount + churned_amount > start_amount
        or (is_churned and is_active_at_end)
        or expansion_amount < 0
        or contraction_amount < 0
    )
