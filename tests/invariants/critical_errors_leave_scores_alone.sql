-- A failure means that a score leaves 0 to 1, that an automatic failure is another number than 0 or changes an evaluation without a
-- critical error, that an evaluation counts that was targeted, a calibration or a draft, or that a missing score does not say why (M22).
-- What to do: look at scores and final in fct_qa_evaluations, then at int_qa_answers of the evaluation.
with

evaluations as (
    select * from {{ ref('fct_qa_evaluations') }}
),

items as (
    select
        evaluation_id,
        count(case when critical_class is not null and is_applicable and not is_passed then 1 end) as critical_error_count,
        count(case when is_applicable then 1 end) as applicable_item_count,
        -- an item that gives more than its most points is what was delivered, and the raw table's guard says so
        count(case when is_applicable and (points_share < 0 or points_share > 1) then 1 end) as wrong_points_count
    from {{ ref('int_qa_answers') }}
    group by evaluation_id
)

select
    evaluations.evaluation_id,
    evaluations.sampling,
    evaluations.is_counted,
    evaluations.score_excl_critical,
    evaluations.score_autofail_zero,
    evaluations.is_critical_pass,
    items.critical_error_count
from evaluations
left join items
    on evaluations.evaluation_id = items.evaluation_id
where
    (evaluations.score_excl_critical not between 0 and 1 and items.wrong_points_count = 0)
    or (evaluations.score_excl_critical is null) <> (evaluations.score_null_reason is not null)
    or (evaluations.is_counted and (evaluations.sampling <> 'random' or not evaluations.is_submitted))
    or evaluations.is_counted <> (evaluations.not_counted_reason is null)
    or coalesce(items.applicable_item_count, 0) <> evaluations.applicable_item_count
    or (evaluations.is_critical_pass is not distinct from false) <> (coalesce(items.critical_error_count, 0) > 0)
    or evaluations.score_autofail_zero is distinct from
    case when items.critical_error_count > 0 then 0 else evaluations.score_excl_critical end
