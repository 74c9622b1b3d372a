-- Are lengthy conversations worth what they take? The naive answer beside the adjusted ones, window by window, with what they cost and the
-- callers who gave up meanwhile (M48).
select
    method,
    level_of_claim,
    landmark_days,
    horizon_days,
    compared_count,
    added_margin_amount,
    added_margin_low_amount,
    added_margin_high_amount,
    extra_cost_amount,
    expected_loss_amount,
    net_amount,
    verdict,
    verdict_null_reason
from {{ ref('fct_lengthy_verdicts') }}
order by
    landmark_days asc,
    horizon_days asc,
    case method when 'naive' then 1 when 'stratified' then 2 else 3 end asc
