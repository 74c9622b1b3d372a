-- One row per month of the books and contact: what the meters of bots and other technology counted for it, at the price of the day (M34).
-- Use by a session with a bot is the contact's in which the session ran, or to which it was handed over. Use that leads to no contact
-- stands in one row per month without one.
{{ config(materialized='table') }}

with

usage as (
    select *
    from {{ ref('stg_technology_usage') }}
    where {{ may_be_in_touched_month('used_at') }}
),

technology_rates as (
    select
        *,
        coalesce(
            lead(effective_from) over (partition by technology_id, unit order by effective_from), cast('2999-12-31' as date)
        ) as next_effective_from
    from {{ ref('stg_technology_rates') }}
),

exchange_rates as (
    select * from {{ ref('int_exchange_rates') }}
),

bot_sessions as (
    select * from {{ ref('stg_bot_sessions') }}
),

records as (
    select contact_id from {{ ref('stg_contacts') }}
),

links as (
    select * from {{ ref('int_contact_links') }}
),

days as (
    select * from {{ ref('int_cost_days') }}
),

months as (
    select * from {{ ref('int_cost_months') }}
    where {{ is_touched('period_month') }}
),

prices as (
    select
        technology_rates.technology_id,
        technology_rates.unit,
        days.date_day,
        technology_rates.unit_cost,
        exchange_rates.rate_to_reporting
    from technology_rates
    inner join days
        on
            technology_rates.effective_from <= days.date_day
            and technology_rates.next_effective_from > days.date_day
    left join exchange_rates
        on
            coalesce(technology_rates.currency, '{{ var("reporting_currency") }}') = exchange_rates.currency
            and days.date_day = exchange_rates.date_day
),

priced as (
    select
        months.period_month,
        usage.contact_id,
        usage.session_id,
        cast(
            cast(usage.quantity * prices.unit_cost as decimal(18, 6)) * prices.rate_to_reporting as decimal(18, 6)
        ) as amount
    from usage
    inner join months
        on
            cast({{ dbt.date_trunc('month', 'usage.used_at') }} as date) = months.utc_month
            and usage.used_at >= months.begins_at
            and usage.used_at < months.ends_at
    inner join prices
        on
            usage.technology_id = prices.technology_id
            and usage.unit = prices.unit
            and cast(usage.used_at as date) = prices.date_day
),

-- meters count many times for one contact or session: summed first, fewer rows look for theirs
metered as (
    select
        period_month,
        contact_id,
        session_id,
        count(*) as usage_count,
        sum(amount) as amount
    from priced
    group by period_month, contact_id, session_id
),

final as (
    select
        metered.period_month,
        coalesce(links.contact_id, records.contact_id) as contact_id,
        cast(sum(metered.usage_count) as bigint) as usage_count,
        cast(coalesce(sum(metered.amount), 0) as decimal(18, 6)) as technology_amount
    from metered
    left join bot_sessions
        on metered.session_id = bot_sessions.session_id
    left join records
        on coalesce(metered.contact_id, bot_sessions.contact_id, bot_sessions.handed_off_contact_id) = records.contact_id
    left join links
        on records.contact_id = links.contact_record_id
    group by metered.period_month, coalesce(links.contact_id, records.contact_id)
)

select * from final
