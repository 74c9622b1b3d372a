-- One row per customer and quarter with an answer about how likely they are to recommend the company: the last one's group, and what the
-- customer brought in the quarter after, once it is known (M21).
{{ config(materialized='table') }}

with

answers as (
    select
        customer_id,
        cast({{ dbt.date_trunc('quarter', 'month_start_date') }} as date) as quarter_start_date,
        question_id,
        nps_group,
        row_number() over (
            partition by question_id, customer_id, cast({{ dbt.date_trunc('quarter', 'month_start_date') }} as date)
            order by month_start_date desc, survey_answer_id desc
        ) as answer_number
    from {{ ref('int_nps_answers') }}
    where
        is_relationship
        and customer_id is not null
),

customer_value as (
    select * from {{ ref('fct_customer_value') }}
),

customer_health as (
    select * from {{ ref('int_customer_health') }}
),

month_amounts as (
    select
        customer_id,
        cast({{ dbt.date_trunc('quarter', 'month_start_date') }} as date) as quarter_start_date,
        sum(sale_margin_amount) as sale_margin_amount,
        sum(unknown_margin_count) as unknown_margin_count
    from {{ ref('int_customer_month_amounts') }}
    group by customer_id, cast({{ dbt.date_trunc('quarter', 'month_start_date') }} as date)
),

asked as (
    select
        *,
        cast({{ dbt.dateadd('month', 3, 'quarter_start_date') }} as date) as next_quarter_date
    from answers
    where answer_number = 1
),

final as (
    select
        asked.question_id,
        asked.customer_id,
        asked.quarter_start_date,
        asked.next_quarter_date,
        asked.nps_group,
        coalesce(customer_value.tier, '(unknown)') as tier,
        not customer_health.is_lost as is_retained,
        case
            when customer_health.is_lost is not null and coalesce(month_amounts.unknown_margin_count, 0) = 0
                then coalesce(month_amounts.sale_margin_amount, 0)
        end as sale_margin_amount
    from asked
    -- who was there when the next quarter began
    inner join customer_value
        on
            asked.customer_id = customer_value.customer_id
            and asked.next_quarter_date = customer_value.quarter_start_date
    inner join customer_health
        on
            asked.customer_id = customer_health.customer_id
            and asked.next_quarter_date = customer_health.quarter_start_date
    left join month_amounts
        on
            asked.customer_id = month_amounts.customer_id
            and asked.next_quarter_date = month_amounts.quarter_start_date
)

select * from final
