-- One row per method and window: is a lengthy conversation worth what it takes (M48)? What customers brought more because of it, less what
-- it cost beyond another conversation of its queue, less what callers would have brought who gave up meanwhile. The verdict takes the
-- worst of all three against the best of them, and may be that one cannot tell.
with

effects as (
    select * from {{ ref('fct_comparison_effects') }}
    where
        study = 'lengthy_interaction'
        and outcome = 'margin_amount'
        and not is_placebo
),

lengthy as (
    select * from {{ ref('fct_lengthy_interactions') }}
),

conversations as (
    select * from {{ ref('int_conversations') }}
    where not is_lengthy
),

costed_contacts as (
    select * from {{ ref('fct_costed_contacts') }}
    where cost_amount is not null
),

other_costs as (
    select
        conversations.queue_id,
        conversations.channel,
        avg(cast(costed_contacts.cost_amount as {{ double_type() }})) as cost_amount
    from conversations
    inner join costed_contacts
        on conversations.contact_id = costed_contacts.contact_id
    group by conversations.queue_id, conversations.channel
),

taken as (
    select
        count(*) as lengthy_count,
        avg(cast(lengthy.cost_amount as {{ double_type() }}) - other_costs.cost_amount) as extra_cost_amount,
        avg(cast(lengthy.expected_loss_low_amount as {{ double_type() }})) as expected_loss_low_amount,
        avg(cast(lengthy.expected_loss_amount as {{ double_type() }})) as expected_loss_amount,
        avg(cast(lengthy.expected_loss_high_amount as {{ double_type() }})) as expected_loss_high_amount
    from lengthy
    left join other_costs
        on
            lengthy.queue_id = other_costs.queue_id
            and lengthy.channel = other_costs.channel
),

weighed as (
    select
        effects.*,
        taken.lengthy_count,
        taken.extra_cost_amount,
        taken.expected_loss_low_amount,
        taken.expected_loss_amount,
        taken.expected_loss_high_amount,
        effects.effect - taken.extra_cost_amount - taken.expected_loss_amount as net_amount,
        effects.interval_low - taken.extra_cost_amount - taken.expected_loss_high_amount as net_low_amount,
        effects.interval_high - taken.extra_cost_amount - taken.expected_loss_low_amount as net_high_amount
    from effects
    cross join taken
),

final as (
    select
        method,
        landmark_days,
        horizon_days,
        compared_count,
        lengthy_count,
        effect as added_margin_amount,
        interval_low as added_margin_low_amount,
        interval_high as added_margin_high_amount,
        {%- for name in [
            'extra_cost_amount', 'expected_loss_low_amount', 'expected_loss_amount', 'expected_loss_high_amount',
            'net_amount', 'net_low_amount', 'net_high_amount',
        ] %}
        cast({{ statistic(name) }} as decimal(18, 6)) as {{ name }},
        {%- endfor %}
        case
            when effect is null then effect_null_reason
            when extra_cost_amount is null then 'cost of conversations unknown'
            when expected_loss_amount is null then 'loss of callers unknown'
        end as verdict_null_reason,
        case
            when net_low_amount > 0 then 'worth it'
            when net_high_amount < 0 then 'not worth it'
            when net_amount is not null then 'cannot tell'
        end as verdict,
        level_of_claim
    from weighed
)

select * from final
