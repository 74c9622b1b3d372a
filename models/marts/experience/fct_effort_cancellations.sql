-- One row per band of effort, whether the matter was resolved, and horizon: how many of the customers who answered asked to cancel (M21).
-- Each customer is in with the first answer to the effort question on 1 to 7 while holding a subscription, so that nobody counts twice.
with

answers as (
    select * from {{ ref('fct_survey_answers') }}
    where
        instrument = 'ces'
        and scale_min = 1
        and scale_max = 7
        and is_valid
        and customer_id is not null
        and answered_at is not null
),

repeats as (
    select * from {{ ref('fct_contact_repeats') }}
),

subscription_spans as (
    select * from {{ ref('int_subscription_spans') }}
),

cancellations as (
    select * from {{ ref('int_cancellations') }}
),

as_of as (
    select * from {{ ref('int_as_of') }}
    where domain = 'resolution'
),

of_subscribers as (
    select
        answers.survey_answer_id,
        answers.customer_id,
        answers.contact_id,
        answers.answered_at,
        answers.turned_score,
        row_number() over (
            partition by answers.customer_id
            order by answers.answered_at, answers.survey_answer_id
        ) as answer_rank
    from answers
    inner join subscription_spans
        on
            answers.customer_id = subscription_spans.customer_id
            and answers.answered_at >= subscription_spans.held_from
            and (subscription_spans.held_until is null or answers.answered_at < subscription_spans.held_until)
),

first_answers as (
    select
        of_subscribers.customer_id,
        of_subscribers.answered_at,
        case
            when of_subscribers.turned_score >= 6 then 'low effort'
            when of_subscribers.turned_score > 3 then 'middle'
            else 'high effort'
        end as effort_band,
        case
            when repeats.is_repeated then 'not resolved'
            when not repeats.is_repeated then 'resolved'
            else 'unknown'
        end as resolution
    from of_subscribers
    left join repeats
        on of_subscribers.contact_id = repeats.contact_id
    where of_subscribers.answer_rank = 1
),

-- the first cancellation after the answer; who had asked before is on the way out already
cancelled as (
    select
        first_answers.customer_id,
        min(case when cancellations.requested_at > first_answers.answered_at then cancellations.requested_at end) as requested_at,
        max(case when cancellations.requested_at <= first_answers.answered_at then 1 else 0 end) as has_asked_before
    from first_answers
    inner join cancellations
        on first_answers.customer_id = cancellations.customer_id
    where
        cancellations.is_voluntary
        and (cancellations.ended_at is null or cancellations.ended_at > first_answers.answered_at)
    group by first_answers.customer_id
),

horizons as (
    {%- for days in var('effort_cancellation_days') %}
    select {{ days }} as horizon_days
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

judged as (
    select
        first_answers.effort_band,
        first_answers.resolution,
        horizons.horizon_days,
        coalesce(as_of.as_of >= {{ seconds_after('first_answers.answered_at', '86400 * horizons.horizon_days') }}, false) as is_mature,
        coalesce(
            cancelled.requested_at <= {{ seconds_after('first_answers.answered_at', '86400 * horizons.horizon_days') }}, false
        ) as is_cancelled
    from first_answers
    cross join horizons
    left join as_of
        on 1 = 1
    left join cancelled
        on first_answers.customer_id = cancelled.customer_id
    where coalesce(cancelled.has_asked_before, 0) = 0
),

counted as (
    select
        effort_band,
        resolution,
        horizon_days,
        count(case when is_mature then 1 end) as customer_count,
        count(case when not is_mature then 1 end) as pending_count,
        count(case when is_mature and is_cancelled then 1 end) as cancelled_count
    from judged
    group by effort_band, resolution, horizon_days
),

final as (
    select
        effort_band,
        resolution,
        cast(horizon_days as bigint) as horizon_days,
        customer_count,
        pending_count,
        cancelled_count,
        {{ published_share('cancelled', 'cancelled_count', 'customer_count', 'too few customers') }},
        'descriptive' as level_of_claim
    from counted
)

select * from final
