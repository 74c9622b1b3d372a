-- One row per customer who was there at the start of a quarter: how deep the relationship reached by then (M50). Products held or bought,
-- departments bought from, channels used, and months with a purchase, in the year before.
{{ config(materialized='table') }}

with

customer_value as (
    select
        customer_id,
        quarter_start_date,
        cast({{ dbt.dateadd('month', -12, 'quarter_start_date') }} as date) as year_start_date
    from {{ ref('fct_customer_value') }}
),

sales as (
    select * from {{ ref('int_transaction_amounts') }}
    where
        customer_id is not null
        and kind <> 'renewal'
),

subscription_months as (
    select * from {{ ref('fct_subscription_months') }}
    where is_active_at_start
),

contacts as (
    select * from {{ ref('fct_contacts') }}
    where
        is_identified
        and direction = 'inbound'
        and exclusion_reason is null
),

year_sales as (
    select
        customer_value.customer_id,
        customer_value.quarter_start_date,
        sales.product_line_id,
        sales.department,
        cast({{ dbt.date_trunc('month', 'sales.occurred_on') }} as date) as month_start_date
    from customer_value
    inner join sales
        on
            customer_value.customer_id = sales.customer_id
            and customer_value.year_start_date <= sales.occurred_on
            and customer_value.quarter_start_date > sales.occurred_on
),

products as (
    select
        customer_id,
        quarter_start_date,
        product_line_id
    from year_sales

    union

    select
        customer_id,
        month_start_date as quarter_start_date,
        product_line_id
    from subscription_months
),

product_counts as (
    select
        customer_id,
        quarter_start_date,
        count(product_line_id) as product_line_count
    from products
    group by customer_id, quarter_start_date
),

bought as (
    select
        customer_id,
        quarter_start_date,
        count(distinct department) as department_count,
        count(distinct month_start_date) as purchase_month_count
    from year_sales
    group by customer_id, quarter_start_date
),

contacted as (
    select
        customer_value.customer_id,
        customer_value.quarter_start_date,
        count(distinct contacts.channel) as channel_count,
        count(*) as contact_count
    from customer_value
    inner join contacts
        on
            customer_value.customer_id = contacts.customer_id
            and customer_value.year_start_date <= contacts.business_date
            and customer_value.quarter_start_date > contacts.business_date
    group by customer_value.customer_id, customer_value.quarter_start_date
),

final as (
    select
        customer_value.customer_id,
        customer_value.quarter_start_date,
        coalesce(product_counts.product_line_count, 0) as product_line_count,
        coalesce(bought.department_count, 0) as department_count,
        coalesce(bought.purchase_month_count, 0) as purchase_month_count,
        coalesce(contacted.channel_count, 0) as channel_count,
        coalesce(contacted.contact_count, 0) as contact_count
    from customer_value
    left join product_counts
        on
            customer_value.customer_id = product_counts.customer_id
            and customer_value.quarter_start_date = product_counts.quarter_start_date
    left join bought
        on
            customer_value.customer_id = bought.customer_id
            and customer_value.quarter_start_date = bought.quarter_start_date
    left join contacted
        on
            customer_value.customer_id = contacted.customer_id
            and customer_value.quarter_start_date = contacted.quarter_start_date
)

select * from final
