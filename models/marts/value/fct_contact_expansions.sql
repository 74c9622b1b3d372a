-- One row per rise of a recurring amount, and the last contact of its customer that may have influenced it within the expansion window
-- before it (M30). What was taken back before the window was over nets; price steps of the contract are no expansion.
{%- set window = 86400 * var('expansion_window_days') %}

with

subscription_events as (
    select * from {{ ref('stg_subscription_events') }}
    where
        kind = 'expansion'
        and recurring_amount_after is not null
        and not coalesce(is_contractual_escalator, false)
),

states as (
    select * from {{ ref('int_subscription_states') }}
),

influencing_contacts as (
    select * from {{ ref('int_influencing_contacts') }}
),

contacts as (
    select * from {{ ref('fct_contacts') }}
),

exchange_rates as (
    select * from {{ ref('int_exchange_rates') }}
),

as_of as (
    select as_of
    from {{ ref('int_as_of') }}
    where domain = 'resolution'
),

starting_states as (
    select
        *,
        lag(price) over (partition by subscription_id order by valid_from) as price_before,
        lag(currency) over (partition by subscription_id order by valid_from) as currency_before
    from states
),

expansions as (
    select
        subscription_events.event_id,
        subscription_events.subscription_id,
        starting_states.customer_id,
        starting_states.product_line_id,
        subscription_events.occurred_at,
        starting_states.valid_from as counts_from,
        starting_states.price_before,
        starting_states.price as price_after,
        starting_states.currency,
        row_number() over (
            partition by starting_states.subscription_id, starting_states.valid_from
            order by subscription_events.event_id desc
        ) as event_rank
    from subscription_events
    inner join starting_states
        on
            subscription_events.subscription_id = starting_states.subscription_id
            and starting_states.valid_from = {{ counts_from('subscription_events.effective_on', 'subscription_events.occurred_at') }}
    where
        starting_states.is_held
        and starting_states.price > starting_states.price_before
        and starting_states.currency = starting_states.currency_before
),

candidates as (
    select
        expansions.*,
        influencing_contacts.contact_id,
        influencing_contacts.contact_type,
        influencing_contacts.ended_at,
        row_number() over (
            partition by expansions.event_id
            order by influencing_contacts.ended_at desc, influencing_contacts.contact_id desc
        ) as contact_rank
    from expansions
    inner join influencing_contacts
        on
            expansions.customer_id = influencing_contacts.customer_id
            and expansions.occurred_at > influencing_contacts.ended_at
            and expansions.occurred_at <= {{ seconds_after('influencing_contacts.ended_at', window) }}
    where expansions.event_rank = 1
),

-- the price when the window of the contact is over
followed as (
    select
        candidates.*,
        case when states.is_held then states.price else cast(0 as decimal(18, 4)) end as price_at_end
    from candidates
    inner join states
        on
            candidates.subscription_id = states.subscription_id
            and {{ seconds_after('candidates.ended_at', window) }} >= states.valid_from
            and (states.valid_until is null or {{ seconds_after('candidates.ended_at', window) }} < states.valid_until)
    where candidates.contact_rank = 1
),

judged as (
    select
        *,
        case
            when counts_from > {{ seconds_after('ended_at', window) }} then cast(0 as decimal(18, 4))
            when price_at_end >= price_after then price_after - price_before
            when price_at_end > price_before then price_at_end - price_before
            else cast(0 as decimal(18, 4))
        end as kept_rise
    from followed
),

final as (
    select
        judged.event_id,
        judged.subscription_id,
        judged.customer_id,
        judged.contact_id,
        judged.contact_type,
        contacts.business_date,
        contacts.channel,
        contacts.queue_id,
        contacts.program_id,
        contacts.vendor_id,
        contacts.reason_code,
        judged.product_line_id,
        judged.occurred_at,
        cast((judged.price_after - judged.price_before) * exchange_rates.rate_to_reporting as decimal(18, 6)) as expansion_amount,
        cast(judged.kept_rise * exchange_rates.rate_to_reporting as decimal(18, 6)) as kept_expansion_amount,
        case when exchange_rates.rate_to_reporting is null then 'no exchange rate' end as amount_null_reason,
        coalesce(
            {{ seconds_after('judged.ended_at', window + 3600 * var('ingestion_lag_hours')) }} <= as_of.as_of, false
        ) as is_mature
    from judged
    inner join contacts
        on judged.contact_id = contacts.contact_id
    left join exchange_rates
        on
            judged.currency = exchange_rates.currency
            and contacts.business_date = exchange_rates.date_day
    left join as_of
        on true
)

select * from final
