-- One row per product line, and one without for all: the share of its revenue that stays as contribution margin, from transactions that
-- brought money in and of which both are known, renewals of subscriptions where there are any (M27, M32).
{{ config(materialized='table') }}

with

transactions as (
    select *
    from {{ ref('stg_transactions') }}
    where
        kind <> 'refund'
        and amount > 0
        and margin_amount is not null
),

added_up as (
    select
        product_line_id,
        case when grouping(product_line_id) = 1 then 1 else 0 end as is_all,
        sum(case when kind = 'renewal' then amount end) as renewal_amount,
        sum(case when kind = 'renewal' then margin_amount end) as renewal_margin_amount,
        sum(amount) as amount,
        sum(margin_amount) as margin_amount
    from transactions
    group by rollup(product_line_id)
),

final as (
    select
        product_line_id,
        is_all = 1 as is_all_products,
        cast({{ statistic(
            'cast(coalesce(renewal_margin_amount, margin_amount) as ' ~ double_type() ~ ') / cast(coalesce(renewal_amount, amount) as '
            ~ double_type() ~ ')'
        ) }} as decimal(18, 6)) as margin_share
    from added_up
    where
        is_all = 1
        or product_line_id is not null
)

select * from final
where margin_share is not null
