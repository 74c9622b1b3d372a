-- One row per customer, question and month with a valid answer: the last of the month decides (M21). A customer who was asked in the month
-- and gave no valid answer at all has one row without a question, to compare with.
with

answers as (
    select
        *,
        cast({{ dbt.date_trunc('month', 'answer_date') }} as date) as month_start_date
    from {{ ref('fct_survey_answers') }}
    where
        is_valid
        and is_positive is not null
        and customer_id is not null
        and answer_date is not null
),

invitations as (
    select * from {{ ref('fct_survey_invitations') }}
    where
        is_delivered
        and customer_id is not null
),

ranked as (
    select
        *,
        row_number() over (
            partition by customer_id, question_id, month_start_date
            order by answered_at desc, survey_answer_id desc
        ) as answer_rank
    from answers
),

asked as (
    select
        customer_id,
        cast({{ dbt.date_trunc('month', 'sent_at') }} as date) as month_start_date
    from invitations
    group by customer_id, cast({{ dbt.date_trunc('month', 'sent_at') }} as date)
),

answered as (
    select
        customer_id,
        month_start_date
    from answers
    group by customer_id, month_start_date
),

final as (
    select
        customer_id,
        month_start_date,
        question_id,
        instrument,
        contact_id,
        case
            when is_positive then 'positive'
            when is_negative then 'negative'
            when not is_negative then 'neutral'
            else 'not_positive'
        end as answer_group
    from ranked
    where answer_rank = 1

    union all

    select
        asked.customer_id,
        asked.month_start_date,
        cast(null as {{ dbt.type_string() }}) as question_id,
        cast(null as {{ dbt.type_string() }}) as instrument,
        cast(null as {{ dbt.type_string() }}) as contact_id,
        'no_answer' as answer_group
    from asked
    left join answered
        on
            asked.customer_id = answered.customer_id
            and asked.month_start_date = answered.month_start_date
    where answered.customer_id is null
)

select * from final
