-- A failure means that contacts are credited with more than a sale brought, or with less than all of it although one was in the window
-- (M30): attribution never exceeds revenue. What to do: look at the contacts of the sale in that window; one of them is there twice, or
-- the shares of the model do not add up.
with

credited as (
    select
        window_days,
        transaction_id,
        sum(last_amount) as last_amount,
        sum(linear_amount) as linear_amount,
        sum(first_amount) as first_amount
    from {{ ref('fct_revenue_influence') }}
    group by window_days, transaction_id
),

sales as (
    select * from {{ ref('int_transaction_amounts') }}
)

select
    credited.window_days,
    credited.transaction_id,
    credited.last_amount,
    credited.linear_amount,
    credited.first_amount,
    sales.net_amount
from credited
left join sales
    on credited.transaction_id = sales.transaction_id
where
    credited.last_amount is distinct from sales.net_amount
    or credited.linear_amount is distinct from sales.net_amount
    or credited.first_amount is distinct from sales.net_amount
