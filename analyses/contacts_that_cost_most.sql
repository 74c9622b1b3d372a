-- Which interactions cost the most, and what did they do? By reason and value tier: what the contacts cost in all and each, what hung on
-- them, and how many solved, protected and created value (M34, M45, M46). Cost is not waste: a dear reason on which much hangs may be
-- worth every penny, and a cheap one that solves nothing is not. Shares are of contacts of which the answer is known.
with

outcomes as (
    select * from {{ ref('fct_contact_outcomes') }}
),

reasons as (
    select * from {{ ref('dim_reason') }}
),

added_up as (
    select
        coalesce(reason_code, '(unknown)') as reason_code,
        value_tier,
        count(*) as contact_count,
        count(cost_amount) as costed_count,
        sum(cost_amount) as cost_amount,
        sum(value_at_stake_amount) as value_at_stake_amount,
        count(is_solved) as solved_known_count,
        count(case when is_solved then 1 end) as solved_count,
        count(case when is_at_risk and is_protected is not null then 1 end) as at_risk_count,
        count(case when is_at_risk and is_protected then 1 end) as protected_count,
        count(has_created_value) as value_known_count,
        count(case when has_created_value then 1 end) as value_created_count
    from outcomes
    group by coalesce(reason_code, '(unknown)'), value_tier
)

select
    added_up.reason_code,
    reasons.reason_l2,
    added_up.value_tier,
    added_up.contact_count,
    added_up.cost_amount,
    cast(added_up.cost_amount as {{ double_type() }}) / nullif(added_up.costed_count, 0) as cost_per_contact,
    added_up.value_at_stake_amount,
    cast(added_up.value_at_stake_amount as {{ double_type() }})
    / nullif(cast(added_up.cost_amount as {{ double_type() }}), 0) as value_at_stake_per_cost,
    cast(added_up.solved_count as {{ double_type() }}) / nullif(added_up.solved_known_count, 0) as solved_share,
    cast(added_up.protected_count as {{ double_type() }}) / nullif(added_up.at_risk_count, 0) as protected_share,
    cast(added_up.value_created_count as {{ double_type() }}) / nullif(added_up.value_known_count, 0) as value_created_share,
    'descriptive' as level_of_claim
from added_up
left join reasons
    on added_up.reason_code = reasons.reason_code
where added_up.contact_count >= {{ var('minimum_n_publish') }}
order by added_up.cost_amount desc, added_up.reason_code asc, added_up.value_tier asc
