-- A failure means that what product lines cost to support in a month is not what all contacts of the month cost (M42). What to do: a
-- contact is in int_contact_product_lines with a count of lines that is not that of its rows, or its month differs between the two.
with

by_line as (
    select
        month_start_date,
        sum(cost_amount) as cost_amount,
        sum(contact_count) as contact_count
    from {{ ref('fct_product_line_costs') }}
    group by month_start_date
),

by_contact as (
    select
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as month_start_date,
        sum(coalesce(cost_amount, 0)) as cost_amount,
        count(*) as contact_count
    from {{ ref('fct_costed_contacts') }}
    where business_date is not null
    group by cast({{ dbt.date_trunc('month', 'business_date') }} as date)
)

select
    by_contact.month_start_date,
    by_contact.cost_amount,
    by_line.cost_amount as line_cost_amount
from by_contact
left join by_line
    on by_contact.month_start_date = by_line.month_start_date
where
    by_line.cost_amount is null
    or by_line.cost_amount <> by_contact.cost_amount
    or by_line.contact_count <> by_contact.contact_count
