-- One row per valid answer to a question of likelihood to recommend, and the group that it puts the customer in (M17). After a contact
-- each contact has one; of a relationship survey a customer has one answer per month, the last.
with

answers as (
    select *
    from {{ ref('fct_survey_answers') }}
    where
        instrument = 'nps'
        and is_valid
        and is_positive is not null
),

dated as (
    select
        *,
        cast({{ dbt.date_trunc('month', 'case when is_relationship then answer_date else business_date end') }} as date) as month_start_date
    from answers
),

ranked as (
    select
        *,
        row_number() over (
            partition by
                question_id,
                month_start_date,
                case when is_relationship then coalesce(customer_id, response_id) else survey_answer_id end
            order by answered_at desc, survey_answer_id desc
        ) as answer_rank
    from dated
    where month_start_date is not null
),

final as (
    select
        survey_answer_id,
        question_id,
        is_relationship,
        month_start_date,
        customer_id,
        channel,
        theme,
        case
            when is_positive then 'promoter'
            when is_negative then 'detractor'
            else 'passive'
        end as nps_group
    from ranked
    where answer_rank = 1
)

select * from final
