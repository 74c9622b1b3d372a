-- One row per programme, or all, and month, or all time: quality beside satisfaction (M23). The two are different units, so that no gap
-- does not mean that they agree: whether they do is told by the contacts that have both.
with

months as (
    select * from {{ ref('int_qa_csat_months') }}
),

ranks as (
    select * from {{ ref('int_qa_csat_ranks') }}
),

slopes as (
    select * from {{ ref('int_qa_csat_slopes') }}
),

by_contact as (
    select
        program_id,
        month_start_date,
        count(*) as contact_count,
        count(is_passed) as judged_count,
        count(case when is_passed then 1 end) as passed_count,
        count(case when is_passed is not null and is_satisfied then 1 end) as satisfied_count,
        count(case when is_passed = is_satisfied then 1 end) as aligned_count,
        count(is_satisfaction_predicted) as predicted_count,
        count(case when is_satisfaction_predicted then 1 end) as predicted_satisfied_count,
        count(case when is_satisfaction_predicted is not null and is_satisfied then 1 end) as predicted_actual_count,
        count(case when is_satisfaction_predicted = is_satisfied then 1 end) as right_prediction_count,
        cast(sum(doubled_score_rank) as {{ double_type() }}) as sum_x,
        cast(sum(doubled_satisfaction_rank) as {{ double_type() }}) as sum_y,
        cast(sum(doubled_score_rank * doubled_score_rank) as {{ double_type() }}) as sum_xx,
        cast(sum(doubled_satisfaction_rank * doubled_satisfaction_rank) as {{ double_type() }}) as sum_yy,
        cast(sum(doubled_score_rank * doubled_satisfaction_rank) as {{ double_type() }}) as sum_xy
    from ranks
    group by program_id, month_start_date
),

-- a trend is one of all time
trends as (
    select
        program_id,
        cast(null as date) as month_start_date,
        max(case when series = 'qa_score' then month_count end) as qa_month_count,
        max(case when series = 'qa_score' then slope_per_month end) as qa_slope_per_month,
        max(case when series = 'qa_score' then slope_low end) as qa_slope_low,
        max(case when series = 'csat_rate' then slope_per_month end) as csat_slope_per_month,
        max(case when series = 'csat_rate' then slope_low end) as csat_slope_low
    from slopes
    group by program_id
),

joined as (
    select
        months.*,
        coalesce(by_contact.contact_count, 0) as contact_count,
        by_contact.judged_count,
        by_contact.passed_count,
        by_contact.satisfied_count as judged_satisfied_count,
        by_contact.aligned_count,
        by_contact.predicted_count,
        by_contact.predicted_satisfied_count,
        by_contact.predicted_actual_count,
        by_contact.right_prediction_count,
        by_contact.sum_x,
        by_contact.sum_y,
        by_contact.sum_xx,
        by_contact.sum_yy,
        by_contact.sum_xy,
        trends.qa_slope_per_month,
        trends.qa_slope_low,
        trends.csat_slope_per_month,
        trends.csat_slope_low,
        case
            when months.evaluation_count < {{ var('minimum_n_publish') }} then 'too few evaluations'
            when months.answer_count < {{ var('minimum_n_publish') }} then 'too few answers'
        end as gap_null_reason,
        case
            when coalesce(by_contact.contact_count, 0) < {{ var('minimum_n_publish') }} then 'too few contacts with both'
        end as contact_null_reason
    from months
    left join by_contact
        on
            months.program_id = by_contact.program_id
            and months.month_start_date is not distinct from by_contact.month_start_date
    left join trends
        on
            months.program_id = trends.program_id
            and months.month_start_date is not distinct from trends.month_start_date
    where months.evaluation_count > 0 or months.answer_count > 0
),

final as (
    select
        program_id,
        month_start_date,
        handled_contact_count,
        evaluated_contact_count,
        evaluation_count,
        answer_count,
        {{ share_of('cast(1 as decimal(18, 6))', 'evaluated_contact_count', 'handled_contact_count') }} as evaluated_share,
        cast(case when gap_null_reason is null then qa_score end as decimal(18, 6)) as qa_score,
        cast(case when gap_null_reason is null then csat_rate end as decimal(18, 6)) as csat_rate,
        cast(case when gap_null_reason is null then qa_score - csat_rate end as decimal(18, 6)) as gap,
        gap_null_reason,
        case
            when gap_null_reason is not null then null
            when qa_score >= {{ var('qa_target_score') }} and csat_rate >= {{ var('csat_target_rate') }} then 'both high'
            when qa_score >= {{ var('qa_target_score') }} then 'quality high, satisfaction low'
            when csat_rate >= {{ var('csat_target_rate') }} then 'quality low, satisfaction high'
            else 'both low'
        end as quadrant,
        case
            when gap_null_reason is null
                then
                    qa_score >= {{ var('qa_target_score') }} and csat_rate < {{ var('csat_target_rate') }}
                    or qa_score - csat_rate > {{ var('qa_csat_gap_alarm') }}
        end as is_alarm,
        contact_count,
        contact_null_reason,
        case
            when contact_null_reason is null then {{ share_of('cast(1 as decimal(18, 6))', 'aligned_count', 'judged_count') }}
        end as aligned_share,
        cast(case
            when contact_null_reason is null
                then {{ statistic(kappa('judged_count', 'passed_count', 'judged_satisfied_count', 'aligned_count')) }}
        end as decimal(18, 6)) as alignment_kappa,
        cast(case
            when contact_null_reason is null
                then {{ statistic(
                    '(contact_count * sum_xy - sum_x * sum_y) / nullif(sqrt(greatest(contact_count * sum_xx - sum_x * sum_x, 0))'
                    ~ ' * sqrt(greatest(contact_count * sum_yy - sum_y * sum_y, 0)), 0)'
                ) }}
        end as decimal(18, 6)) as rank_correlation,
        coalesce(predicted_count, 0) as predicted_contact_count,
        case
            when contact_null_reason is null then {{ share_of('cast(1 as decimal(18, 6))', 'right_prediction_count', 'predicted_count') }}
        end as right_prediction_share,
        cast(case
            when contact_null_reason is null
                then {{ statistic(
                    kappa('predicted_count', 'predicted_satisfied_count', 'predicted_actual_count', 'right_prediction_count')
                ) }}
        end as decimal(18, 6)) as prediction_kappa,
        qa_slope_per_month,
        csat_slope_per_month,
        -- both above their targets, and both surely rising
        case
            when gap_null_reason is null and qa_slope_low is not null and csat_slope_low is not null
                then
                    qa_score >= {{ var('qa_target_score') }}
                    and csat_rate >= {{ var('csat_target_rate') }}
                    and qa_slope_low > 0
                    and csat_slope_low > 0
        end as is_both_high_and_improving
    from joined
)

select * from final
