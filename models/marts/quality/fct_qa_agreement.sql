-- One row per form, version and month of calibration: how often two evaluators of the same contact judged an item alike, and how much of
-- that is more than chance (M22). Every pair of evaluators counts; the kappa takes both as drawn from one pool of evaluators (Scott,
-- Fleiss).
with

calibrations as (
    select *
    from {{ ref('fct_qa_evaluations') }}
    where
        sampling = 'calibration'
        and is_submitted
        and contact_id is not null
        and evaluator_id is not null
),

item_answers as (
    select *
    from {{ ref('int_qa_answers') }}
    where
        is_applicable
        and not is_predicted_satisfaction
),

judgments as (
    select
        calibrations.form_id,
        calibrations.form_version,
        calibrations.contact_id,
        calibrations.evaluator_id,
        calibrations.submitted_date,
        item_answers.item_id,
        item_answers.is_passed,
        -- who judged a contact twice has one judgment, the last
        row_number() over (
            partition by
                calibrations.form_id, calibrations.form_version, calibrations.contact_id, calibrations.evaluator_id, item_answers.item_id
            order by calibrations.submitted_at desc, calibrations.evaluation_id desc
        ) as judgment_rank
    from calibrations
    inner join item_answers
        on calibrations.evaluation_id = item_answers.evaluation_id
),

-- judges of one item of one contact are few, and what pairs of them there are follows from how many passed it
items as (
    select
        form_id,
        form_version,
        contact_id,
        item_id,
        cast({{ dbt.date_trunc('month', 'max(submitted_date)') }} as date) as month_start_date,
        count(*) as judge_count,
        count(case when is_passed then 1 end) as passed_count
    from judgments
    where judgment_rank = 1
    group by form_id, form_version, contact_id, item_id
    having count(*) > 1
),

summed as (
    select
        form_id,
        form_version,
        month_start_date,
        count(distinct contact_id) as contact_count,
        count(*) as item_count,
        cast(sum(judge_count * (judge_count - 1) / 2) as bigint) as pair_count,
        cast(sum(
            passed_count * (passed_count - 1) / 2 + (judge_count - passed_count) * (judge_count - passed_count - 1) / 2
        ) as bigint) as agreed_pair_count,
        -- judgments as they stand in pairs: each as often as it has a partner
        cast(sum(judge_count * (judge_count - 1)) as bigint) as judgment_count,
        cast(sum(passed_count * (judge_count - 1)) as bigint) as passed_judgment_count
    from items
    group by form_id, form_version, month_start_date
),

final as (
    select
        form_id,
        form_version,
        month_start_date,
        contact_count,
        item_count,
        pair_count,
        agreed_pair_count,
        {{ share_of('cast(1 as decimal(18, 6))', 'agreed_pair_count', 'pair_count') }} as agreed_share,
        {{ statistic(
            kappa('judgment_count', 'passed_judgment_count', 'passed_judgment_count', '2 * agreed_pair_count')
        ) }} as agreement_kappa,
        case
            when passed_judgment_count = judgment_count or passed_judgment_count = 0 then 'all judgments are alike'
        end as kappa_null_reason
    from summed
)

select * from final
