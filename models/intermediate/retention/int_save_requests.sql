-- One row per at-risk event and subscription: a customer said they would cancel, complained, was dissatisfied, or gave notice (M27). The
-- subscription is the one that the offers of the contact name, or a notice given within a day; else the only one held, of the contact's
-- product line or at all. Where none of this says which, it is null, and stands for all that the customer held.
{{ config(materialized='table') }}

with

contacts as (
    select * from {{ ref('fct_contacts') }}
    where
        exclusion_reason is null
        and is_identified
),

cancel_intent_reasons as (
    select * from {{ ref('cancel_intent_reasons') }}
),

answers as (
    select *
    from {{ ref('fct_survey_answers') }}
    where
        instrument = 'csat'
        and is_negative
        and customer_id is not null
        and answered_at is not null
),

denied_customer_ids as (
    select * from {{ ref('denied_customer_ids') }}
),

save_offers as (
    select * from {{ ref('int_save_offers') }}
),

subscriptions as (
    select * from {{ ref('stg_subscriptions') }}
    where customer_id is not null
),

subscription_spans as (
    select * from {{ ref('int_subscription_spans') }}
),

-- notices of years in which nobody kept contacts say nothing about saves
contact_days as (
    select min(date_day) as first_day
    from {{ ref('int_calendar') }}
),

notices as (
    select
        subscription_events.event_id,
        subscription_events.subscription_id,
        subscriptions.customer_id,
        subscriptions.product_line_id,
        subscription_events.occurred_at
    from {{ ref('stg_subscription_events') }} as subscription_events
    inner join subscriptions
        on subscription_events.subscription_id = subscriptions.subscription_id
    inner join contact_days
        on cast(subscription_events.occurred_at as date) >= contact_days.first_day
    where subscription_events.kind = 'cancel_notice'
),

-- a record that says neither yes nor no is judged by what it was filed under
contacts_at_risk as (
    select
        contacts.contact_id,
        contacts.customer_id,
        contacts.started_at,
        contacts.business_date,
        contacts.product_line_id,
        coalesce(contacts.stated_cancel_intent, cancel_intent_reasons.reason_code is not null) as is_cancel_intent,
        coalesce(contacts.is_complaint, false) as is_complaint
    from contacts
    left join cancel_intent_reasons
        on
            lower(contacts.reason_code) = cancel_intent_reasons.reason_code
            and contacts.business_date between cancel_intent_reasons.effective_from and cancel_intent_reasons.effective_to
    where
        contacts.stated_cancel_intent
        or contacts.is_complaint
        or (contacts.stated_cancel_intent is null and cancel_intent_reasons.reason_code is not null)
),

requests as (
    select
        {{ dbt.concat([
            "case when is_cancel_intent then 'stated_cancel_intent:' else 'complaint:' end", 'contact_id'
        ]) }} as request_id,
        case when is_cancel_intent then 'stated_cancel_intent' else 'complaint' end as entry_door,
        customer_id,
        contact_id,
        product_line_id,
        started_at as requested_at,
        business_date
    from contacts_at_risk

    union all

    select
        {{ dbt.concat(["'severe_dissatisfaction:'", 'answers.survey_answer_id']) }} as request_id,
        'severe_dissatisfaction' as entry_door,
        answers.customer_id,
        answers.contact_id,
        answers.product_line_id,
        answers.answered_at as requested_at,
        answers.answer_date as business_date
    from answers
    left join denied_customer_ids
        on
            answers.customer_id = denied_customer_ids.customer_id
            and answers.answer_date between denied_customer_ids.effective_from and denied_customer_ids.effective_to
    where denied_customer_ids.customer_id is null
),

named as (
    select
        requests.request_id,
        save_offers.subscription_id
    from requests
    inner join save_offers
        on requests.contact_id = save_offers.contact_id
    inner join subscriptions
        on
            save_offers.subscription_id = subscriptions.subscription_id
            and requests.customer_id = subscriptions.customer_id
    where requests.entry_door = 'stated_cancel_intent'

    union

    select
        requests.request_id,
        notices.subscription_id
    from requests
    inner join notices
        on
            requests.customer_id = notices.customer_id
            and requests.requested_at <= notices.occurred_at
            and {{ seconds_after('requests.requested_at', 86400) }} >= notices.occurred_at
    where requests.entry_door = 'stated_cancel_intent'
),

held_then as (
    select
        requests.request_id,
        count(*) as held_count,
        min(subscription_spans.subscription_id) as held_subscription_id,
        count(case when subscriptions.product_line_id = requests.product_line_id then 1 end) as same_line_count,
        min(
            case when subscriptions.product_line_id = requests.product_line_id then subscription_spans.subscription_id end
        ) as same_line_subscription_id
    from requests
    inner join subscription_spans
        on
            requests.customer_id = subscription_spans.customer_id
            and requests.requested_at >= subscription_spans.held_from
            and (subscription_spans.held_until is null or requests.requested_at < subscription_spans.held_until)
    inner join subscriptions
        on subscription_spans.subscription_id = subscriptions.subscription_id
    group by requests.request_id
),

final as (
    select
        requests.request_id,
        requests.entry_door,
        requests.customer_id,
        coalesce(
            named.subscription_id,
            case
                when held_then.same_line_count = 1 then held_then.same_line_subscription_id
                when held_then.held_count = 1 then held_then.held_subscription_id
            end
        ) as subscription_id,
        requests.contact_id,
        requests.product_line_id,
        requests.requested_at,
        requests.business_date
    from requests
    left join named
        on requests.request_id = named.request_id
    left join held_then
        on requests.request_id = held_then.request_id

    union all

    select
        {{ dbt.concat(["'cancel_notice:'", 'event_id']) }} as request_id,
        'cancel_notice' as entry_door,
        customer_id,
        subscription_id,
        cast(null as {{ dbt.type_string() }}) as contact_id,
        product_line_id,
        occurred_at as requested_at,
        cast(occurred_at as date) as business_date
    from notices
)

select * from final
