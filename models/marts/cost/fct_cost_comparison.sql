-- One row per month, dimension and value: handled contacts with their cost from the bottom up, and what each of the three averages
-- charges them (M33). A group that costs more than it is charged is carried by the others: the averages hide who is subsidised by whom.
{{ config(materialized=judged_when_read()) }}

with

costed_contacts as (
    select
        *,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as month_start_date
    from {{ ref('fct_costed_contacts') }}
    where is_costed_contact
),

by_dimension as (
    {%- for dimension in ['queue_id', 'channel', 'reason_code', 'segment', 'product_line_id', 'vendor_id'] %}
    {{ 'union all' if not loop.first }}
    select
        month_start_date,
        '{{ dimension }}' as dimension,
        coalesce({{ dimension }}, '(unknown)') as dimension_value,
        count(*) as contact_count,
        count(cost_amount) as priced_contact_count,
        count(distinct customer_id) as customer_count,
        cast(sum(agent_minutes) as decimal(18, 6)) as agent_minutes,
        cast(sum(cost_amount) as decimal(18, 6)) as bottom_up_amount,
        cast(sum(case when cost_amount is not null then top_down_contact_amount end) as decimal(18, 6)) as per_contact_amount,
        cast(sum(case when cost_amount is not null then top_down_minute_amount end) as decimal(18, 6)) as per_minute_amount,
        min(case when is_final then 1 else 0 end) = 1 as is_final,
        max(top_down_customer_amount) as amount_per_customer
    from costed_contacts
    group by month_start_date, coalesce({{ dimension }}, '(unknown)')
    {%- endfor %}
),

-- averages are brought to the same total, so that what one group gains another loses
totals as (
    select
        *,
        cast(sum(bottom_up_amount) over whole as decimal(18, 6)) as bottom_up_total,
        cast(sum(per_contact_amount) over whole as decimal(18, 6)) as per_contact_total,
        cast(sum(per_minute_amount) over whole as decimal(18, 6)) as per_minute_total,
        cast(customer_count * amount_per_customer as decimal(18, 6)) as per_customer_amount,
        cast(sum(customer_count * amount_per_customer) over whole as decimal(18, 6)) as per_customer_total
    from by_dimension
    window whole as (partition by month_start_date, dimension)
),

final as (
    select
        month_start_date,
        dimension,
        dimension_value,
        contact_count,
        priced_contact_count,
        customer_count,
        agent_minutes,
        bottom_up_amount,
        per_contact_amount,
        per_minute_amount,
        per_customer_amount,
        {%- for average in ['contact', 'minute', 'customer'] %}
        cast(bottom_up_amount - {{ share_of(
            'bottom_up_total', 'cast(floor(per_' ~ average ~ '_amount * 100) as ' ~ dbt.type_bigint() ~ ')',
            'cast(floor(per_' ~ average ~ '_total * 100) as ' ~ dbt.type_bigint() ~ ')'
        ) }} as decimal(18, 6)) as subsidy_against_{{ average }}_amount,
        {%- endfor %}
        is_final
    from totals
)

select * from final
