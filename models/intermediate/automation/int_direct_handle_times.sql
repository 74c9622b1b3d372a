-- One row per month, channel and reason: handle time of contacts that came to an agent without a bot in the months before it. The base
-- lags, so that it is settled when the month begins and a month is never compared with itself (M03, M08).
{{ config(materialized='table') }}

with

contacts as (
    select * from {{ ref('fct_contacts') }}
    where exclusion_reason is null and direction = 'inbound' and handle_seconds is not null
),

attempt_sessions as (
    select * from {{ ref('int_bot_attempt_sessions') }}
),

bot_contacts as (
    select own_contact_id as contact_id
    from attempt_sessions
    where own_contact_id is not null

    union all

    select handed_off_contact_id as contact_id
    from attempt_sessions
    where handed_off_contact_id is not null
),

months as (
    select
        cast({{ dbt.date_trunc('month', 'contacts.business_date') }} as date) as month_start_date,
        contacts.channel,
        contacts.reason_code,
        count(*) as contact_count,
        cast(sum(contacts.handle_seconds) as bigint) as handle_seconds
    from contacts
    where
        contacts.reason_code is not null
        and not exists (
            select 1
            from bot_contacts
            where bot_contacts.contact_id = contacts.contact_id
        )
    group by
        cast({{ dbt.date_trunc('month', 'contacts.business_date') }} as date),
        contacts.channel,
        contacts.reason_code
),

later_months as (
    {%- for months_later in range(1, var('handle_base_months') + 1) %}
    {{ 'union all' if not loop.first }}
    select
        cast({{ dbt.dateadd('month', months_later, 'month_start_date') }} as date) as month_start_date,
        channel,
        reason_code,
        contact_count,
        handle_seconds
    from months
    {%- endfor %}
),

final as (
    select
        month_start_date,
        channel,
        reason_code,
        cast(sum(contact_count) as bigint) as direct_contact_count,
        cast(sum(handle_seconds) as bigint) as direct_handle_seconds
    from later_months
    group by month_start_date, channel, reason_code
)

select * from final
