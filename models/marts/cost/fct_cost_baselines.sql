-- One row per month: the ledger in scope over contacts, minutes and customers: the three averages that contact centers are run on (M33),
-- to stand beside the cost from the bottom up. Averages of a month are those of its ledger, so they change until its books are closed.
{{ config(materialized=judged_when_read()) }}
{%- if var('cost_denominator') not in ['handled', 'inbound', 'all'] %}
    {{ exceptions.raise_compiler_error(
        "dbt_project.yml: cost_denominator is '" ~ var('cost_denominator') ~ "': use handled, inbound or all"
    ) }}
{%- endif %}

with

ledger_months as (
    select
        period_month,
        cast(sum(ledger_amount) as decimal(18, 6)) as ledger_amount
    from {{ ref('int_ledger_months') }}
    group by period_month
),

contacts as (
    select * from {{ ref('fct_contacts') }}
    where exclusion_reason is null
),

bot_attempts as (
    select * from {{ ref('fct_bot_attempts') }}
    where exclusion_reason is null
),

active_customers as (
    select * from {{ ref('fct_active_customers') }}
),

contact_months as (
    select
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as period_month,
        count(case when is_handled and direction <> 'internal' then 1 end) as handled_contact_count,
        count(case when direction = 'inbound' then 1 end) as inbound_contact_count,
        cast(coalesce(sum(case when is_handled and direction <> 'internal' then handle_seconds end), 0) as bigint) as handle_seconds
    from contacts
    group by cast({{ dbt.date_trunc('month', 'business_date') }} as date)
),

-- attempts that a person took over are counted as contacts
bot_months as (
    select
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as period_month,
        count(*) as bot_attempt_count
    from bot_attempts
    where not is_handed_off
    group by cast({{ dbt.date_trunc('month', 'business_date') }} as date)
),

customer_months as (
    select
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as period_month,
        {{ latest('active_customer_count', ['business_date']) }} as active_customer_count
    from active_customers
    group by cast({{ dbt.date_trunc('month', 'business_date') }} as date)
),

counted as (
    select
        contact_months.period_month,
        ledger_months.ledger_amount,
        contact_months.handled_contact_count,
        contact_months.inbound_contact_count,
        contact_months.handled_contact_count + coalesce(bot_months.bot_attempt_count, 0) as contact_and_bot_count,
        contact_months.handle_seconds,
        cast(customer_months.active_customer_count as bigint) as active_customer_count
    from contact_months
    left join ledger_months
        on contact_months.period_month = ledger_months.period_month
    left join bot_months
        on contact_months.period_month = bot_months.period_month
    left join customer_months
        on contact_months.period_month = customer_months.period_month
),

final as (
    select
        period_month,
        ledger_amount,
        handled_contact_count,
        inbound_contact_count,
        contact_and_bot_count,
        handle_seconds,
        active_customer_count,
        {{ share_of(
            'ledger_amount', 1, {'handled': 'handled_contact_count', 'inbound': 'inbound_contact_count', 'all': 'contact_and_bot_count'}[
                var('cost_denominator')
            ]
        ) }} as amount_per_contact,
        {{ share_of('ledger_amount', 60, 'handle_seconds') }} as amount_per_minute,
        {{ share_of('ledger_amount', 1, 'active_customer_count') }} as amount_per_customer
    from counted
)

select * from final
