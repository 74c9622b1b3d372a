-- One row per month and product line, and one for contacts that name none: what supporting it cost, beside what it has and brings (M42). A
-- contact about several lines is shared equally by them, to the last digit, so that a month adds up to what all its contacts cost.
with

costed_contacts as (
    select
        *,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as month_start_date
    from {{ ref('fct_costed_contacts') }}
    where business_date is not null
),

contact_lines as (
    select * from {{ ref('int_contact_product_lines') }}
),

subscription_months as (
    select * from {{ ref('fct_subscription_months') }}
    where is_active_at_start
),

sales as (
    select * from {{ ref('int_transaction_amounts') }}
    where kind <> 'renewal'
),

product_lines as (
    select * from {{ ref('dim_product_line') }}
),

shared as (
    select
        costed_contacts.month_start_date,
        coalesce(contact_lines.product_line_id, '(untagged)') as product_line,
        costed_contacts.is_final,
        case when costed_contacts.cost_amount is null and costed_contacts.is_costed_contact then 1 else 0 end as unknown_cost_count,
        case when contact_lines.line_count > 1 then 1 else 0 end as shared_count,
        {{ share_between(
            'cast(1 as decimal(18, 6))', 'coalesce(contact_lines.line_number, 1) - 1', 'coalesce(contact_lines.line_number, 1)',
            'coalesce(contact_lines.line_count, 1)'
        ) }} as contact_share,
        {{ share_between(
            'costed_contacts.cost_amount', 'coalesce(contact_lines.line_number, 1) - 1', 'coalesce(contact_lines.line_number, 1)',
            'coalesce(contact_lines.line_count, 1)'
        ) }} as cost_amount
    from costed_contacts
    left join contact_lines
        on costed_contacts.contact_id = contact_lines.contact_id
),

supported as (
    select
        month_start_date,
        product_line,
        sum(contact_share) as contact_count,
        sum(shared_count) as shared_contact_count,
        sum(unknown_cost_count) as unknown_cost_count,
        sum(cost_amount) as cost_amount,
        min(case when is_final then 1 else 0 end) = 1 as is_final
    from shared
    group by month_start_date, product_line
),

held as (
    select
        month_start_date,
        coalesce(product_line_id, '(untagged)') as product_line,
        count(*) as active_unit_count,
        count(distinct customer_id) as active_customer_count,
        case when count(start_amount) = count(*) then sum(start_amount) end as recurring_amount
    from subscription_months
    group by month_start_date, coalesce(product_line_id, '(untagged)')
),

sold as (
    select
        cast({{ dbt.date_trunc('month', 'occurred_on') }} as date) as month_start_date,
        coalesce(product_line_id, '(untagged)') as product_line,
        case when count(net_amount) = count(*) then sum(net_amount) end as sale_amount
    from sales
    group by cast({{ dbt.date_trunc('month', 'occurred_on') }} as date), coalesce(product_line_id, '(untagged)')
),

-- months in which contacts were costed
months as (
    select month_start_date
    from costed_contacts
    group by month_start_date
),

keys as (
    select
        month_start_date,
        product_line
    from supported

    union

    select
        held.month_start_date,
        held.product_line
    from held
    inner join months
        on held.month_start_date = months.month_start_date

    union

    select
        sold.month_start_date,
        sold.product_line
    from sold
    inner join months
        on sold.month_start_date = months.month_start_date
),

joined as (
    select
        keys.month_start_date,
        keys.product_line,
        product_lines.name,
        coalesce(supported.contact_count, 0) as contact_count,
        coalesce(supported.shared_contact_count, 0) as shared_contact_count,
        coalesce(supported.unknown_cost_count, 0) as unknown_cost_count,
        case when coalesce(supported.unknown_cost_count, 0) = 0 then coalesce(supported.cost_amount, 0) end as known_cost_amount,
        coalesce(supported.cost_amount, 0) as cost_amount,
        coalesce(supported.is_final, true) as is_final,
        coalesce(held.active_unit_count, 0) as active_unit_count,
        coalesce(held.active_customer_count, 0) as active_customer_count,
        case when held.product_line is null then 0 else held.recurring_amount end as recurring_amount,
        case when sold.product_line is null then 0 else sold.sale_amount end as sale_amount
    from keys
    left join supported
        on
            keys.month_start_date = supported.month_start_date
            and keys.product_line = supported.product_line
    left join held
        on
            keys.month_start_date = held.month_start_date
            and keys.product_line = held.product_line
    left join sold
        on
            keys.month_start_date = sold.month_start_date
            and keys.product_line = sold.product_line
    left join product_lines
        on keys.product_line = product_lines.product_line_id
),

final as (
    select
        month_start_date,
        product_line as product_line_id,
        coalesce(name, product_line) as name,
        cast(contact_count as decimal(18, 6)) as contact_count,
        cast(shared_contact_count as bigint) as shared_contact_count,
        cast(unknown_cost_count as bigint) as unknown_cost_count,
        cast(cost_amount as decimal(18, 6)) as cost_amount,
        is_final,
        active_unit_count,
        active_customer_count,
        cast(recurring_amount as decimal(18, 6)) as recurring_amount,
        cast(sale_amount as decimal(18, 6)) as sale_amount,
        {%- for name, whole in [('unit', 'active_unit_count'), ('customer', 'active_customer_count')] %}
        cast({{ statistic('cast(known_cost_amount as ' ~ double_type() ~ ') / nullif(' ~ whole ~ ', 0)') }} as decimal(18, 6))
            as cost_per_{{ name }}_amount,
        {%- endfor %}
        cast(case
            when recurring_amount + sale_amount > 0
                then {{ statistic(
                    'cast(known_cost_amount as ' ~ double_type() ~ ') / cast(recurring_amount + sale_amount as ' ~ double_type() ~ ')'
                ) }}
        end as decimal(18, 6)) as cost_share_of_revenue,
        case
            when product_line = '(untagged)' then 'contacts name no product line'
            when unknown_cost_count > 0 then 'cost of a contact unknown'
            when active_unit_count = 0 then 'nobody holds it'
        end as unit_cost_null_reason
    from joined
)

select * from final
