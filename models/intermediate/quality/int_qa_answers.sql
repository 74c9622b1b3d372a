-- One row per item of an evaluation with its weight and what it gave: the share of its points, whether it counts, and whether it is an
-- error of a critical class (M22). Items that do not apply or were not answered leave the denominator; critical items have no part in the
-- score.
with

answers as (
    select * from {{ ref('stg_qa_answers') }}
),

evaluations as (
    select * from {{ ref('stg_qa_evaluations') }}
),

form_items as (
    select * from {{ ref('stg_qa_form_items') }}
),

joined as (
    select
        answers.evaluation_id,
        answers.item_id,
        evaluations.form_id,
        evaluations.form_version,
        form_items.label,
        form_items.critical_class,
        form_items.competency,
        coalesce(form_items.is_predicted_satisfaction, false) as is_predicted_satisfaction,
        form_items.item_id is not null as is_on_form,
        coalesce(form_items.weight, cast(0 as decimal(18, 6))) as weight,
        answers.points,
        coalesce(answers.max_points, cast(1 as decimal(18, 6))) as max_points,
        coalesce(answers.is_not_applicable, false) as is_not_applicable
    from answers
    inner join evaluations
        on answers.evaluation_id = evaluations.evaluation_id
    left join form_items
        on
            evaluations.form_id = form_items.form_id
            and evaluations.form_version = form_items.form_version
            and answers.item_id = form_items.item_id
),

final as (
    select
        evaluation_id,
        item_id,
        form_id,
        form_version,
        label,
        critical_class,
        competency,
        is_predicted_satisfaction,
        is_on_form,
        weight,
        not is_not_applicable and points is not null and max_points > 0 as is_applicable,
        not is_not_applicable and points is null as is_missing,
        case
            when not is_not_applicable and max_points > 0
                then {{ share_of(
                    'cast(1 as decimal(18, 6))',
                    'cast(points * 1000000 as ' ~ dbt.type_bigint() ~ ')',
                    'cast(max_points * 1000000 as ' ~ dbt.type_bigint() ~ ')'
                ) }}
        end as points_share,
        case when not is_not_applicable and max_points > 0 then points >= max_points end as is_passed
    from joined
)

select * from final
