-- One row per contact with its whole cost from the bottom up, and what each of the three averages of its month would make of it (M33,
-- M34). It is provisional until the books of all its months are closed.
{{ config(materialized=judged_when_read()) }}
{%- set labour = agent_activities() %}

with

amounts as (
    select * from {{ ref('int_contact_cost_amounts') }}
),

contacts as (
    select * from {{ ref('fct_contacts') }}
),

baselines as (
    select * from {{ ref('fct_cost_baselines') }}
),

customers as (
    select
        customer_id,
        segment
    from {{ ref('stg_customers') }}
),

as_of as (
    select as_of
    from {{ ref('int_as_of') }}
    where domain = 'cost'
),

by_contact as (
    select
        contact_id,
        max(period_month) as last_period_month,
        sum(
            {%- for activity in labour %}
            {{ '+ ' if not loop.first }}{{ activity }}_units
            {%- endfor %}
        ) as agent_units,
        sum(unpriced_units) as unpriced_units,
        sum(
            vendor_fee_amount
            {%- for activity in labour %}
            + {{ activity }}_amount
            {%- endfor %}
        ) as labour_amount,
        sum(on_costs_amount + overtime_premium_amount + premium_on_cost_amount) as pay_related_amount,
        sum(channel_amount) as channel_amount,
        sum(technology_amount) as technology_amount,
        sum(
            {%- for pool in shared_pools() %}
            {{ '+ ' if not loop.first }}{{ pool }}_amount
            {%- endfor %}
        ) as shared_amount
    from amounts
    group by contact_id
),

joined as (
    select
        contacts.*,
        customers.segment,
        coalesce(by_contact.last_period_month, cast({{ dbt.date_trunc('month', 'contacts.business_date') }} as date)) as last_period_month,
        coalesce(by_contact.agent_units, 0) as agent_units,
        coalesce(by_contact.unpriced_units, 0) > 0 as has_unpriced_time,
        coalesce(by_contact.labour_amount, 0) as labour_amount,
        coalesce(by_contact.pay_related_amount, 0) as pay_related_amount,
        coalesce(by_contact.channel_amount, 0) as channel_amount,
        coalesce(by_contact.technology_amount, 0) as technology_amount,
        coalesce(by_contact.shared_amount, 0) as shared_amount,
        by_contact.contact_id is not null as has_cost,
        baselines.amount_per_contact,
        baselines.amount_per_minute,
        baselines.amount_per_customer
    from contacts
    left join by_contact
        on contacts.contact_id = by_contact.contact_id
    left join customers
        on contacts.customer_id = customers.customer_id
    left join baselines
        on cast({{ dbt.date_trunc('month', 'contacts.business_date') }} as date) = baselines.period_month
),

final as (
    select
        joined.contact_id,
        joined.customer_id,
        joined.segment,
        joined.channel,
        joined.direction,
        joined.queue_id,
        joined.program_id,
        joined.vendor_id,
        joined.reason_code,
        joined.product_line_id,
        joined.business_date,
        joined.exclusion_reason,
        joined.is_handled and joined.direction <> 'internal' and joined.exclusion_reason is null as is_costed_contact,
        joined.is_identified,
        joined.handle_seconds,
        {{ share_of('cast(1 as decimal(18, 6))', 'joined.agent_units', 60 * time_units_per_second()) }} as agent_minutes,
        joined.has_unpriced_time,
        case
            when joined.has_unpriced_time then 'no pay rate or contract for the time'
            when not joined.has_cost then 'nothing with a price was used'
        end as cost_null_reason,
        cast(
            case when joined.has_cost and not joined.has_unpriced_time then joined.labour_amount + joined.pay_related_amount end
            as decimal(18, 6)
        ) as labour_amount,
        cast(case when joined.has_cost then joined.channel_amount end as decimal(18, 6)) as channel_amount,
        cast(case when joined.has_cost then joined.technology_amount end as decimal(18, 6)) as technology_amount,
        cast(case when joined.has_cost then joined.shared_amount end as decimal(18, 6)) as shared_amount,
        cast(
            case
                when joined.has_cost and not joined.has_unpriced_time
                    then
                        joined.labour_amount + joined.pay_related_amount + joined.channel_amount + joined.technology_amount
                        + joined.shared_amount
            end as decimal(18, 6)
        ) as cost_amount,
        joined.amount_per_contact as top_down_contact_amount,
        {{ share_of('joined.amount_per_minute', 'joined.handle_seconds', 60) }} as top_down_minute_amount,
        joined.amount_per_customer as top_down_customer_amount,
        coalesce(
            cast({{ dbt.dateadd('month', 1, 'joined.last_period_month') }} as {{ dbt.type_timestamp() }}) <= as_of.as_of, false
        ) as is_final
    from joined
    left join as_of
        on true
)

select * from final
