-- A failure means that more pairs of evaluators agree than there are, that a share or a kappa is out of its range, that a kappa is
-- missing without a reason, or that an evaluation which is no calibration was compared (M22). What to do: look at items and summed in
-- fct_qa_agreement.
with

agreement as (
    select * from {{ ref('fct_qa_agreement') }}
),

calibrated as (
    select
        form_id,
        form_version,
        count(*) as evaluation_count
    from {{ ref('fct_qa_evaluations') }}
    where
        sampling = 'calibration'
        and is_submitted
    group by form_id, form_version
),

summed as (
    select
        form_id,
        form_version,
        max(
            case when agreed_pair_count > pair_count or pair_count < item_count or item_count < contact_count then 1 else 0 end
        ) as has_wrong_count,
        max(case when agreed_share not between 0 and 1 or agreement_kappa not between -1 and 1 then 1 else 0 end) as has_wrong_share,
        max(case when (agreement_kappa is null) <> (kappa_null_reason is not null) then 1 else 0 end) as has_no_reason
    from agreement
    group by form_id, form_version
)

select summed.*
from summed
left join calibrated
    on
        summed.form_id is not distinct from calibrated.form_id
        and summed.form_version is not distinct from calibrated.form_version
where
    summed.has_wrong_count = 1
    or summed.has_wrong_share = 1
    or summed.has_no_reason = 1
    or calibrated.evaluation_count is null
