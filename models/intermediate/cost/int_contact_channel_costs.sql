-- One row per contact and month of the books: what carrying it cost by the tariffs of its channel, in the month in which its records
-- began. A minute counts by the second, a message once, a contact once per record. What stays inside the company is carried by nobody; a
-- channel without a tariff costs nothing that is known, and has no row (M34).
with

records as (
    select *
    from {{ ref('stg_contacts') }}
    where
        direction <> 'internal'
        and ended_at >= started_at
        and {{ may_be_in_touched_month('started_at') }}
),

links as (
    select * from {{ ref('int_contact_links') }}
),

segments as (
    select * from {{ ref('stg_contact_segments') }}
    where kind = 'message'
),

tariffs as (
    select
        *,
        coalesce(
            lead(effective_from) over (partition by channel, unit order by effective_from), cast('2999-12-31' as date)
        ) as next_effective_from
    from {{ ref('stg_channel_tariffs') }}
),

exchange_rates as (
    select * from {{ ref('int_exchange_rates') }}
),

months as (
    select * from {{ ref('int_cost_months') }}
    where {{ is_touched('period_month') }}
),

priced as (
    select
        months.period_month,
        records.contact_id as contact_record_id,
        tariffs.unit,
        {{ seconds_between('records.started_at', 'records.ended_at') }} as record_seconds,
        cast(tariffs.unit_cost * exchange_rates.rate_to_reporting as decimal(18, 6)) as unit_cost_amount
    from records
    inner join months
        on
            cast({{ dbt.date_trunc('month', 'records.started_at') }} as date) = months.utc_month
            and records.started_at >= months.begins_at
            and records.started_at < months.ends_at
    inner join tariffs
        on
            records.channel = tariffs.channel
            and cast(records.started_at as date) >= tariffs.effective_from
            and cast(records.started_at as date) < tariffs.next_effective_from
    left join exchange_rates
        on
            coalesce(tariffs.currency, '{{ var("reporting_currency") }}') = exchange_rates.currency
            and cast(records.started_at as date) = exchange_rates.date_day
),

messages as (
    select
        priced.contact_record_id,
        count(*) as message_count
    from priced
    inner join segments
        on priced.contact_record_id = segments.contact_id
    where priced.unit = 'message'
    group by priced.contact_record_id
),

counted as (
    select
        priced.*,
        case priced.unit
            when 'minute' then priced.record_seconds
            when 'message' then coalesce(messages.message_count, 0)
            else 1
        end as quantity,
        case when priced.unit = 'minute' then 60 else 1 end as quantity_per_unit
    from priced
    left join messages
        on priced.contact_record_id = messages.contact_record_id
),

final as (
    select
        counted.period_month,
        coalesce(links.contact_id, counted.contact_record_id) as contact_id,
        cast(sum(counted.quantity) as bigint) as channel_quantity,
        min(counted.unit) as channel_unit,
        cast(sum({{ share_of('counted.unit_cost_amount', 'counted.quantity', 'counted.quantity_per_unit') }}) as decimal(18, 6))
            as channel_amount
    from counted
    left join links
        on counted.contact_record_id = links.contact_record_id
    group by counted.period_month, coalesce(links.contact_id, counted.contact_record_id)
)

select * from final
