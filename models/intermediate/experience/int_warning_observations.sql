-- One row per signal and observation of a customer who held a subscription: whether it was a flag, and the customer's next cancellation
-- (M21). Observations of customers who had asked to cancel already are none. Only customers who ever cancelled are put in order.
with

signals as (
    select * from {{ ref('early_warning_signals') }}
),

answers as (
    select * from {{ ref('fct_survey_answers') }}
    where
        is_valid
        and is_negative is not null
        and customer_id is not null
        and answered_at is not null
),

sentiments as (
    select * from {{ ref('fct_contact_sentiment') }}
    where
        is_preferred
        and exclusion_reason is null
        and customer_id is not null
        and mean_score is not null
),

efforts as (
    select * from {{ ref('fct_contact_effort') }}
    where effort_points is not null
),

contacts as (
    select * from {{ ref('fct_contacts') }}
),

subscription_spans as (
    select * from {{ ref('int_subscription_spans') }}
),

cancellations as (
    select * from {{ ref('int_cancellations') }}
    where is_voluntary
),

observed as (
    select
        signals.signal,
        answers.customer_id,
        answers.survey_answer_id as observation_id,
        answers.answered_at as observed_at,
        answers.is_negative as is_flag
    from answers
    inner join signals
        on answers.instrument = signals.instrument

    union all

    select
        signals.signal,
        sentiments.customer_id,
        sentiments.contact_sentiment_id as observation_id,
        coalesce(contacts.ended_at, contacts.started_at) as observed_at,
        sentiments.mean_score <= signals.sentiment_at_most as is_flag
    from sentiments
    inner join contacts
        on sentiments.contact_id = contacts.contact_id
    inner join signals
        on signals.sentiment_at_most is not null

    union all

    select
        signals.signal,
        efforts.customer_id,
        efforts.contact_id as observation_id,
        coalesce(contacts.ended_at, contacts.started_at) as observed_at,
        efforts.effort_points >= signals.effort_at_least as is_flag
    from efforts
    inner join contacts
        on efforts.contact_id = contacts.contact_id
    inner join signals
        on signals.effort_at_least is not null
),

of_subscribers as (
    select
        observed.signal,
        observed.customer_id,
        observed.observation_id,
        observed.observed_at,
        observed.is_flag
    from observed
    inner join subscription_spans
        on
            observed.customer_id = subscription_spans.customer_id
            and observed.observed_at >= subscription_spans.held_from
            and (subscription_spans.held_until is null or observed.observed_at < subscription_spans.held_until)
    group by observed.signal, observed.customer_id, observed.observation_id, observed.observed_at, observed.is_flag
),

customers_who_cancelled as (
    select customer_id
    from cancellations
    group by customer_id
),

in_order as (
    select
        of_subscribers.signal,
        of_subscribers.customer_id,
        of_subscribers.observation_id,
        of_subscribers.observed_at as happened_at,
        of_subscribers.is_flag,
        cast(null as {{ dbt.type_timestamp() }}) as requested_at,
        cast(null as {{ dbt.type_timestamp() }}) as leaves_at
    from of_subscribers
    inner join customers_who_cancelled
        on of_subscribers.customer_id = customers_who_cancelled.customer_id

    union all

    select
        signals.signal,
        cancellations.customer_id,
        cast(null as {{ dbt.type_string() }}) as observation_id,
        cancellations.requested_at as happened_at,
        false as is_flag,
        cancellations.requested_at,
        coalesce(cancellations.ended_at, cast('2299-12-31' as {{ dbt.type_timestamp() }})) as leaves_at
    from cancellations
    cross join signals
),

-- an observation at the very instant of a cancellation comes after it
looked_ahead as (
    select
        signal,
        customer_id,
        observation_id,
        happened_at,
        is_flag,
        min(requested_at) over (
            partition by signal, customer_id
            order by happened_at, case when requested_at is null then 1 else 0 end, observation_id
            rows between current row and unbounded following
        ) as next_requested_at,
        max(leaves_at) over (
            partition by signal, customer_id
            order by happened_at, case when requested_at is null then 1 else 0 end, observation_id
            rows between unbounded preceding and current row
        ) as leaves_at
    from in_order
),

final as (
    select
        signal,
        customer_id,
        observation_id,
        happened_at as observed_at,
        is_flag,
        next_requested_at
    from looked_ahead
    where
        observation_id is not null
        and (leaves_at is null or leaves_at < happened_at)

    union all

    select
        of_subscribers.signal,
        of_subscribers.customer_id,
        of_subscribers.observation_id,
        of_subscribers.observed_at,
        of_subscribers.is_flag,
        cast(null as {{ dbt.type_timestamp() }}) as next_requested_at
    from of_subscribers
    left join customers_who_cancelled
        on of_subscribers.customer_id = customers_who_cancelled.customer_id
    where customers_who_cancelled.customer_id is null
)

select * from final
