-- One row per month, department and kind of sale: the department's own total, and which part of it the memo of contacts credits within the
-- headline window (M30). The total is the department's; the memo never exceeds it.
with

sales as (
    select * from {{ ref('int_transaction_amounts') }}
),

credited as (
    select
        transaction_id,
        sum(credited_amount) as credited_amount
    from {{ ref('fct_revenue_influence') }}
    where is_headline
    group by transaction_id
),

added_up as (
    select
        cast({{ dbt.date_trunc('month', 'sales.occurred_on') }} as date) as month_start_date,
        coalesce(sales.department, '(unknown)') as department,
        sales.kind as transaction_kind,
        count(*) as transaction_count,
        count(case when sales.net_amount is null then 1 end) as unknown_amount_count,
        sum(sales.gross_amount) as gross_amount,
        sum(sales.net_amount) as net_amount,
        sum(credited.credited_amount) as influenced_amount
    from sales
    left join credited
        on sales.transaction_id = credited.transaction_id
    group by
        cast({{ dbt.date_trunc('month', 'sales.occurred_on') }} as date), coalesce(sales.department, '(unknown)'), sales.kind
),

final as (
    select
        month_start_date,
        department,
        transaction_kind,
        transaction_count,
        unknown_amount_count,
        cast(gross_amount as decimal(18, 6)) as gross_amount,
        cast(net_amount as decimal(18, 6)) as net_amount,
        cast(case when net_amount is not null then coalesce(influenced_amount, 0) end as decimal(18, 6)) as influenced_amount
    from added_up
)

select * from final
