-- One row per customer, question and month with a valid answer, and per customer who was asked and gave none: what the customer did in the
-- month after (M21). Nothing is known before that month is over.
{%- set timezone = "'" ~ var('reporting_timezone') ~ "'" %}

with

answers as (
    select
        *,
        cast({{ dbt.dateadd('month', 1, 'month_start_date') }} as date) as next_month_date
    from {{ ref('int_answer_months') }}
),

contacts as (
    select * from {{ ref('fct_contacts') }}
    where
        direction = 'inbound'
        and exclusion_reason is null
        and is_identified
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

customer_months as (
    select
        customer_id,
        next_month_date,
        {{ to_utc('cast(next_month_date as ' ~ dbt.type_timestamp() ~ ')', timezone) }} as next_month_starts_at,
        {{ to_utc(
            'cast(' ~ dbt.dateadd('month', 1, 'next_month_date') ~ ' as ' ~ dbt.type_timestamp() ~ ')', timezone
        ) }} as next_month_ends_at
    from answers
    group by customer_id, next_month_date
),

contact_counts as (
    select
        customer_months.customer_id,
        customer_months.next_month_date,
        count(*) as contact_count
    from customer_months
    inner join contacts
        on
            customer_months.customer_id = contacts.customer_id
            and customer_months.next_month_date = cast({{ dbt.date_trunc('month', 'contacts.business_date') }} as date)
    group by customer_months.customer_id, customer_months.next_month_date
),

-- what a customer held when the month began, and had not asked to end
held as (
    select
        customer_months.customer_id,
        customer_months.next_month_date,
        count(
            case
                when cancellations.cancellation_id is null or cancellations.requested_at >= customer_months.next_month_starts_at then 1
            end
        ) as cancellable_count,
        count(
            case
                when
                    cancellations.requested_at >= customer_months.next_month_starts_at
                    and cancellations.requested_at < customer_months.next_month_ends_at
                    and cancellations.is_voluntary
                    then 1
            end
        ) as cancelled_count
    from customer_months
    inner join subscription_spans
        on
            customer_months.customer_id = subscription_spans.customer_id
            and customer_months.next_month_starts_at > subscription_spans.held_from
            and (
                subscription_spans.held_until is null
                or customer_months.next_month_starts_at <= subscription_spans.held_until
            )
    left join cancellations
        on
            subscription_spans.subscription_id = cancellations.subscription_id
            and subscription_spans.held_from <= cancellations.requested_at
            -- a comparison without `or`: an outer join on one is not hashed, and compares every span with every cancellation
            and coalesce(subscription_spans.held_until, cast('2999-12-31' as {{ dbt.type_timestamp() }})) >= cancellations.requested_at
    group by customer_months.customer_id, customer_months.next_month_date
),

joined as (
    select
        answers.*,
        coalesce(as_of.as_of >= customer_months.next_month_ends_at, false) as is_mature,
        coalesce(contact_counts.contact_count, 0) as contact_count,
        repeats.is_repeated,
        coalesce(held.cancellable_count, 0) > 0 as could_cancel,
        coalesce(held.cancelled_count, 0) > 0 as is_cancelled
    from answers
    inner join customer_months
        on
            answers.customer_id = customer_months.customer_id
            and answers.next_month_date = customer_months.next_month_date
    left join as_of
        on 1 = 1
    left join contact_counts
        on
            answers.customer_id = contact_counts.customer_id
            and answers.next_month_date = contact_counts.next_month_date
    left join repeats
        on answers.contact_id = repeats.contact_id
    left join held
        on
            answers.customer_id = held.customer_id
            and answers.next_month_date = held.next_month_date
),

final as (
    select
        {{ dbt.concat([
            'customer_id', "':'", "coalesce(question_id, '')", "':'", 'cast(month_start_date as ' ~ dbt.type_string() ~ ')'
        ]) }} as answer_outcome_id,
        customer_id,
        question_id,
        instrument,
        month_start_date,
        answer_group,
        contact_id,
        is_repeated,
        is_mature,
        case when is_mature then contact_count end as next_month_contact_count,
        could_cancel,
        case when is_mature and could_cancel then is_cancelled end as has_cancelled_next_month,
        case
            when not is_mature then 'next month not over'
            when not could_cancel then 'no subscription to cancel'
        end as cancelled_null_reason
    from joined
)

select * from final
