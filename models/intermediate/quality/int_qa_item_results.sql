-- One row per form, version of it or all, item, outcome and result of the item: how many contacts passed or failed it, and how many of
-- those had the outcome - the customer was satisfied, or the contact settled the matter (M23). Evaluations sampled at random alone.
with

evaluations as (
    select *
    from {{ ref('fct_qa_evaluations') }}
    where
        is_counted
        and form_id is not null
),

item_answers as (
    select *
    from {{ ref('int_qa_answers') }}
    where
        is_applicable
        and is_on_form
        and not is_predicted_satisfaction
),

alignment as (
    select * from {{ ref('fct_qa_csat_alignment') }}
),

resolutions as (
    select *
    from {{ ref('fct_first_contact_resolution') }}
    where
        is_headline
        and is_mature
        and is_eligible
        and outcome in ('resolved', 'repeated', 'follow_up_needed', 'escalated', 'transferred')
),

outcomes as (
    select
        evaluation_id,
        'satisfied' as outcome,
        is_satisfied as has_outcome
    from alignment

    union all

    select
        evaluations.evaluation_id,
        'resolved' as outcome,
        resolutions.outcome = 'resolved' as has_outcome
    from evaluations
    inner join resolutions
        on evaluations.contact_id = resolutions.contact_id
),

judged as (
    select
        evaluations.form_id,
        evaluations.form_version,
        item_answers.item_id,
        item_answers.label,
        item_answers.critical_class,
        item_answers.competency,
        item_answers.is_passed,
        outcomes.outcome,
        outcomes.has_outcome
    from evaluations
    inner join item_answers
        on evaluations.evaluation_id = item_answers.evaluation_id
    left join outcomes
        on evaluations.evaluation_id = outcomes.evaluation_id
),

versions as (
    select * from judged

    union all

    select
        form_id,
        'all' as form_version,
        item_id,
        label,
        critical_class,
        competency,
        is_passed,
        outcome,
        has_outcome
    from judged
),

final as (
    select
        form_id,
        form_version,
        item_id,
        coalesce(outcome, 'none') as outcome,
        max(label) as label,
        max(critical_class) as critical_class,
        max(competency) as competency,
        count(case when is_passed then 1 end) as passed_count,
        count(case when not is_passed then 1 end) as failed_count,
        count(case when is_passed and has_outcome then 1 end) as passed_with_outcome_count,
        count(case when not is_passed and has_outcome then 1 end) as failed_with_outcome_count
    from versions
    group by form_id, form_version, item_id, coalesce(outcome, 'none')
)

select * from final
