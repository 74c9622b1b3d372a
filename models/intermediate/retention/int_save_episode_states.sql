-- One row per save episode in which a subscription was at stake: how it stood at each horizon (M27). Of several, all must be kept. Kept
-- is who never left since the episode opened and is under no notice at the horizon; a downgrade is a price lower than the share that may
-- be lost.
-- noqa: disable=LT02
{{ config(materialized='table') }}
{%- set horizons = [30, 60, 90] %}
{%- set kept_share = 1 - var('save_downgrade_share') %}

with

episodes as (
    select * from {{ ref('int_save_episodes') }}
),

states as (
    select * from {{ ref('int_subscription_states') }}
),

exchange_rates as (
    select * from {{ ref('int_exchange_rates') }}
),

subscription_events as (
    select * from {{ ref('stg_subscription_events') }}
    where
        kind in ('cancel_notice', 'end')
        and end_reason is not null
),

at_stake as (
    {%- for named in [true, false] %}
    select
        episodes.episode_id,
        episodes.opened_at,
        episodes.business_date,
        states.subscription_id,
        states.product_line_id,
        states.price as price_then,
        states.currency as currency_then
    from episodes
    inner join states
        on
            {% if named -%}
            episodes.subscription_id = states.subscription_id
            and episodes.customer_id = states.customer_id
            {%- else -%}
            episodes.customer_id = states.customer_id
            {%- endif %}
            and episodes.opened_at >= states.valid_from
            and (states.valid_until is null or episodes.opened_at < states.valid_until)
    where
        episodes.subscription_id is {{ 'not null' if named else 'null' }}
        and states.is_held
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

followed as (
    select
        at_stake.episode_id,
        at_stake.subscription_id,
        min(at_stake.product_line_id) as product_line_id,
        min(at_stake.business_date) as business_date,
        min(at_stake.currency_then) as currency_then,
        min(at_stake.price_then) as price_then,
        min(at_stake.opened_at) as opened_at,
        min(case when not states.is_held then states.valid_from end) as left_at,
        -- a notice that stood a day after the episode opened
        {%- set next_day = seconds_after('at_stake.opened_at', 86400) %}
        max(
            case
                when
                    states.valid_from <= {{ next_day }}
                    and (states.valid_until is null or states.valid_until > {{ next_day }})
                    and states.is_under_notice
                    then 1
                else 0
            end
        ) as is_given_up
        {%- for days in horizons %}
        {%- set horizon = seconds_after('at_stake.opened_at', 86400 * days) %}
        {%- set is_later = '(states.valid_until is null or states.valid_until > ' ~ horizon ~ ')' %}
        {%- set is_then = 'states.valid_from <= ' ~ horizon ~ ' and ' ~ is_later %},
        max(case when {{ is_then }} and states.is_held and not states.is_under_notice then 1 else 0 end)
            as is_without_notice_{{ days }}d,
        max(case when {{ is_then }} and states.is_paused then 1 else 0 end) as is_paused_{{ days }}d,
        max(case when {{ is_then }} and states.currency = at_stake.currency_then then states.price end) as price_{{ days }}d
        {%- endfor %}
    from at_stake
    inner join states
        on
            at_stake.subscription_id = states.subscription_id
            and {{ seconds_after('at_stake.opened_at', 86400 * horizons[-1]) }} >= states.valid_from
            and (states.valid_until is null or at_stake.opened_at < states.valid_until)
    group by at_stake.episode_id, at_stake.subscription_id
),

judged as (
    select
        *
        {%- for days in horizons %},
        case
            when left_at <= {{ seconds_after('opened_at', 86400 * days) }} then 0
            else is_without_notice_{{ days }}d
        end as is_kept_{{ days }}d,
        case when price_{{ days }}d < price_then * {{ kept_share }} then 1 else 0 end as is_downgraded_{{ days }}d,
        case
            when price_{{ days }}d < price_then then price_{{ days }}d
            when price_{{ days }}d is not null then price_then
        end as kept_price_{{ days }}d
        {%- endfor %}
    from followed
),

-- the first reason that an end or its notice gives
reasons_given as (
    select
        followed.episode_id,
        subscription_events.end_reason,
        row_number() over (
            partition by followed.episode_id
            order by subscription_events.occurred_at, subscription_events.event_id
        ) as reason_rank
    from followed
    inner join subscription_events
        on
            followed.subscription_id = subscription_events.subscription_id
            and followed.opened_at <= subscription_events.occurred_at
            and {{ seconds_after('followed.opened_at', 86400 * var('save_horizon_days')) }} >= subscription_events.occurred_at
),

final as (
    select
        judged.episode_id,
        count(*) as subscription_count,
        min(judged.product_line_id) as product_line_id,
        min(judged.left_at) as left_at,
        max(judged.is_given_up) = 1 as is_given_up,
        min(reasons_given.end_reason) as end_reason,
        case
            when count(judged.price_then) = count(*) and count(exchange_rates.rate_to_reporting) = count(*)
                then cast(sum(judged.price_then * exchange_rates.rate_to_reporting) as decimal(18, 6))
        end as recurring_amount
        {%- for days in horizons %},
        min(judged.is_kept_{{ days }}d) = 1 as is_kept_{{ days }}d,
        max(judged.is_paused_{{ days }}d) = 1 as is_paused_{{ days }}d,
        max(judged.is_downgraded_{{ days }}d) = 1 as is_downgraded_{{ days }}d
        {%- endfor %},
        case
            when count(judged.kept_price_{{ var('save_horizon_days') }}d) = count(*) and count(exchange_rates.rate_to_reporting) = count(*)
                then cast(
                    sum(judged.kept_price_{{ var('save_horizon_days') }}d * exchange_rates.rate_to_reporting) as decimal(18, 6)
                )
        end as kept_recurring_amount
    from judged
    left join reasons_given
        on
            judged.episode_id = reasons_given.episode_id
            and reasons_given.reason_rank = 1
    left join exchange_rates
        on
            judged.currency_then = exchange_rates.currency
            and judged.business_date = exchange_rates.date_day
    group by judged.episode_id
)

select * from final
