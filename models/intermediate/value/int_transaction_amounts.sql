-- One row per transaction that brought money in: its amount and margin in the reporting currency at the rate of its day, and what is left
-- of them after refunds that name it (M30). A refund is valued at the rate of the sale, so that what was taken back whole leaves nothing.
{{ config(materialized='table') }}

with

transactions as (
    select * from {{ ref('stg_transactions') }}
),

exchange_rates as (
    select * from {{ ref('int_exchange_rates') }}
),

denied_customer_ids as (
    select * from {{ ref('denied_customer_ids') }}
),

links as (
    select * from {{ ref('int_contact_links') }}
),

refunds as (
    select
        refunds_transaction_id as transaction_id,
        coalesce(currency, '{{ var("reporting_currency") }}') as currency,
        sum(amount) as amount,
        sum(margin_amount) as margin_amount,
        count(*) as refund_count,
        count(amount) as known_amount_count,
        count(margin_amount) as known_margin_count
    from transactions
    where
        kind = 'refund'
        and refunds_transaction_id is not null
    group by refunds_transaction_id, coalesce(currency, '{{ var("reporting_currency") }}')
),

sales as (
    select
        transactions.*,
        coalesce(transactions.currency, '{{ var("reporting_currency") }}') as sale_currency,
        cast(transactions.occurred_at as date) as occurred_on,
        denied_customer_ids.customer_id is not null as is_denied,
        coalesce(links.contact_id, transactions.is_caused_by_contact_id) as cause_contact_id
    from transactions
    left join denied_customer_ids
        on
            transactions.customer_id = denied_customer_ids.customer_id
            and cast(transactions.occurred_at as date) between denied_customer_ids.effective_from and denied_customer_ids.effective_to
    left join links
        on transactions.is_caused_by_contact_id = links.contact_record_id
    where
        transactions.kind <> 'refund'
        and transactions.occurred_at is not null
),

refunded as (
    select
        sales.transaction_id,
        sum(refunds.refund_count) as refund_count,
        case
            when sum(refunds.refund_count) = sum(refunds.known_amount_count) and count(exchange_rates.rate_to_reporting) = count(*)
                then sum(refunds.amount * exchange_rates.rate_to_reporting)
        end as refunded_amount,
        case
            when sum(refunds.refund_count) = sum(refunds.known_margin_count) and count(exchange_rates.rate_to_reporting) = count(*)
                then sum(refunds.margin_amount * exchange_rates.rate_to_reporting)
        end as refunded_margin_amount
    from sales
    inner join refunds
        on sales.transaction_id = refunds.transaction_id
    left join exchange_rates
        on
            refunds.currency = exchange_rates.currency
            and sales.occurred_on = exchange_rates.date_day
    group by sales.transaction_id
),

valued as (
    select
        sales.*,
        coalesce(refunded.refund_count, 0) as refund_count,
        sales.amount * exchange_rates.rate_to_reporting as gross_amount,
        case
            when refunded.transaction_id is null then sales.amount * exchange_rates.rate_to_reporting
            else sales.amount * exchange_rates.rate_to_reporting - refunded.refunded_amount
        end as net_amount,
        case
            when refunded.transaction_id is null then sales.margin_amount * exchange_rates.rate_to_reporting
            else sales.margin_amount * exchange_rates.rate_to_reporting - refunded.refunded_margin_amount
        end as net_margin_amount,
        exchange_rates.rate_to_reporting
    from sales
    left join refunded
        on sales.transaction_id = refunded.transaction_id
    left join exchange_rates
        on
            sales.sale_currency = exchange_rates.currency
            and sales.occurred_on = exchange_rates.date_day
),

final as (
    select
        transaction_id,
        case when not is_denied then customer_id end as customer_id,
        kind,
        department,
        product_line_id,
        occurred_at,
        occurred_on,
        units,
        case when not is_denied then referred_by_customer_id end as referred_by_customer_id,
        cause_contact_id,
        refund_count,
        cast(gross_amount as decimal(18, 6)) as gross_amount,
        -- more than all cannot be taken back
        cast(case when net_amount < 0 then 0 else net_amount end as decimal(18, 6)) as net_amount,
        cast(net_margin_amount as decimal(18, 6)) as net_margin_amount,
        case
            when rate_to_reporting is null then 'no exchange rate'
            when net_amount is null then 'amount of the sale or of its refund unknown'
        end as amount_null_reason
    from valued
)

select * from final
