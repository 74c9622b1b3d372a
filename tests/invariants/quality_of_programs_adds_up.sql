-- A failure means that programmes do not add up to all of them, or months to all time, that a share, a kappa or a correlation is out of
-- its range, that a small number is published, or that a value is missing without a reason (M23, B.8). What to do: look at counted in
-- int_qa_csat_months and joined in fct_qa_csat_programs.
with

programs as (
    select * from {{ ref('fct_qa_csat_programs') }}
),

sums as (
    {%- for program, month in [("'all'", 'cast(null as date)'), ('program_id', 'cast(null as date)'), ("'all'", 'month_start_date')] %}
    select
        {{ program }} as program_id,
        {{ month }} as month_start_date,
        sum(evaluation_count) as evaluation_count,
        sum(answer_count) as answer_count,
        sum(contact_count) as contact_count
    from programs
    where
        month_start_date is not null
        and program_id <> 'all'
    group by 1, 2
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    programs.program_id,
    programs.month_start_date,
    'does not add up' as problem
from programs
inner join sums
    on
        programs.program_id = sums.program_id
        and programs.month_start_date is not distinct from sums.month_start_date
where
    programs.evaluation_count <> sums.evaluation_count
    or programs.answer_count <> sums.answer_count
    or programs.contact_count <> sums.contact_count

union all

select
    program_id,
    month_start_date,
    'out of its range, too small, or without a reason' as problem
from programs
where
    evaluated_share not between 0 and 1
    or aligned_share not between 0 and 1
    or right_prediction_share not between 0 and 1
    or alignment_kappa not between -1 and 1
    or prediction_kappa not between -1 and 1
    or rank_correlation not between -1 and 1
    or (gap is null) <> (gap_null_reason is not null)
    or (quadrant is null) <> (gap is null)
    or (is_alarm is null) <> (gap is null)
    or gap is distinct from qa_score - csat_rate
    or (gap is not null and least(evaluation_count, answer_count) < {{ var('minimum_n_publish') }})
    or (contact_count < {{ var('minimum_n_publish') }}) <> (contact_null_reason is not null)
    or (contact_null_reason is not null and coalesce(aligned_share, alignment_kappa, rank_correlation, prediction_kappa) is not null)
    or (is_both_high_and_improving and (quadrant <> 'both high' or least(qa_slope_per_month, csat_slope_per_month) <= 0))
