-- One row per contact of an identified customer with subscriptions: what these brought per month when the contact began, in the reporting
-- currency at the rate of the contact's day. Changes of amount and contacts of a customer stand in one list per currency, so that one pass
-- adds them up. A change counts from when it is in effect or known, whichever is later: nothing is read from the future.
{%- set unknown = '(amount unknown)' %}
{{ config(materialized='table') }}

with

contacts as (
    select
        contact_id,
        customer_id,
        business_date,
        started_at
    from {{ ref('fct_contacts') }}
    where
        exclusion_reason is null
        and is_identified
),

subscriptions as (
    select *
    from {{ ref('stg_subscriptions') }}
    where customer_id is not null
),

subscription_events as (
    select
        *,
        {{ counts_from('effective_on', 'occurred_at') }} as counts_from
    from {{ ref('stg_subscription_events') }}
),

exchange_rates as (
    select * from {{ ref('int_exchange_rates') }}
),

amounts as (
    select
        subscriptions.subscription_id,
        subscriptions.customer_id,
        subscription_events.event_id,
        subscription_events.counts_from,
        coalesce(subscription_events.currency, '{{ var("reporting_currency") }}') as currency,
        -- an end brings nothing, also where its amount was left out
        coalesce(subscription_events.recurring_amount_after, cast(0 as decimal(18, 4))) as amount
    from subscription_events
    inner join subscriptions
        on subscription_events.subscription_id = subscriptions.subscription_id
    where
        subscription_events.recurring_amount_after is not null
        or subscription_events.kind = 'end'
),

chained_amounts as (
    select
        *,
        lag(amount) over by_effect as previous_amount,
        lag(currency) over by_effect as previous_currency
    from amounts
    window by_effect as (partition by subscription_id order by counts_from, event_id)
),

first_amounts as (
    select
        subscription_id,
        min(counts_from) as known_from
    from amounts
    group by subscription_id
),

first_starts as (
    select
        subscription_id,
        min(counts_from) as started_at
    from subscription_events
    where kind = 'start'
    group by subscription_id
),

-- from its start, or since ever where that is not known, until its first amount
unknown_spans as (
    select
        subscriptions.subscription_id,
        subscriptions.customer_id,
        coalesce(
            first_starts.started_at,
            cast(subscriptions.started_on as {{ dbt.type_timestamp() }}),
            cast('1900-01-01' as {{ dbt.type_timestamp() }})
        ) as unknown_from,
        first_amounts.known_from
    from subscriptions
    left join first_starts
        on subscriptions.subscription_id = first_starts.subscription_id
    left join first_amounts
        on subscriptions.subscription_id = first_amounts.subscription_id
),

changes as (
    select
        customer_id,
        currency,
        counts_from as happened_at,
        event_id as change_id,
        amount as amount_change
    from chained_amounts

    union all

    select
        customer_id,
        previous_currency as currency,
        counts_from as happened_at,
        event_id as change_id,
        -previous_amount as amount_change
    from chained_amounts
    where previous_amount is not null

    union all

    select
        customer_id,
        '{{ unknown }}' as currency,
        unknown_from as happened_at,
        subscription_id as change_id,
        cast(1 as decimal(18, 4)) as amount_change
    from unknown_spans
    where known_from is null or known_from > unknown_from

    union all

    select
        customer_id,
        '{{ unknown }}' as currency,
        known_from as happened_at,
        subscription_id as change_id,
        cast(-1 as decimal(18, 4)) as amount_change
    from unknown_spans
    where known_from > unknown_from
),

customer_currencies as (
    select
        customer_id,
        currency
    from changes
    group by customer_id, currency
),

changes_and_contacts as (
    select
        customer_id,
        currency,
        happened_at,
        0 as is_contact,
        change_id as row_id,
        amount_change,
        cast(null as date) as business_date
    from changes

    union all

    select
        contacts.customer_id,
        customer_currencies.currency,
        contacts.started_at as happened_at,
        1 as is_contact,
        contacts.contact_id as row_id,
        cast(0 as decimal(18, 4)) as amount_change,
        contacts.business_date
    from contacts
    inner join customer_currencies
        on contacts.customer_id = customer_currencies.customer_id
),

balances as (
    select
        row_id as contact_id,
        currency,
        business_date,
        is_contact,
        cast(sum(amount_change) over (
            partition by customer_id, currency
            order by happened_at, is_contact, row_id, amount_change
            rows between unbounded preceding and current row
        ) as decimal(18, 4)) as balance
    from changes_and_contacts
),

converted as (
    select
        balances.contact_id,
        max(case when balances.currency = '{{ unknown }}' and balances.balance > 0 then 1 else 0 end) as is_amount_unknown,
        max(
            case
                when balances.currency <> '{{ unknown }}' and balances.balance <> 0 and exchange_rates.rate_to_reporting is null then 1
                else 0
            end
        ) as is_rate_unknown,
        sum(
            case
                when balances.currency <> '{{ unknown }}' and balances.balance <> 0
                    then balances.balance * exchange_rates.rate_to_reporting
                else 0
            end
        ) as recurring_amount
    from balances
    left join exchange_rates
        on
            balances.currency = exchange_rates.currency
            and balances.business_date = exchange_rates.date_day
    where balances.is_contact = 1
    group by balances.contact_id
),

final as (
    select
        contact_id,
        case
            when is_amount_unknown = 0 and is_rate_unknown = 0 then cast(recurring_amount as decimal(18, 4))
        end as recurring_amount,
        case
            when is_amount_unknown = 1 then 'amount of a subscription not known'
            when is_rate_unknown = 1 then 'no exchange rate'
        end as recurring_amount_null_reason
    from converted
)

select * from final
