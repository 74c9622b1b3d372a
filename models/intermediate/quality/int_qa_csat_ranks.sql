-- One row per evaluated and answered contact and group that it belongs to - its programme or all, its month or all - with the ranks of
-- its score and of its satisfaction in the group, doubled so that the mean rank of ties is a whole number (M23).
with

alignment as (
    select *
    from {{ ref('fct_qa_csat_alignment') }}
    where score_excl_critical is not null
),

grouped as (
    {%- for program in ["coalesce(program_id, '(unknown)')", "'all'"] %}
    {%- set is_last_program = loop.last %}
    {%- for month in ['month_start_date', 'cast(null as date)'] %}
    select
        {{ program }} as program_id,
        {{ month }} as month_start_date,
        evaluation_id,
        score_excl_critical,
        turned_score,
        is_passed,
        is_satisfied,
        is_satisfaction_predicted
    from alignment
    {{ 'union all' if not (loop.last and is_last_program) }}
    {%- endfor %}
    {%- endfor %}
),

final as (
    select
        *,
        2 * rank() over (partition by program_id, month_start_date order by score_excl_critical)
        + count(*) over (partition by program_id, month_start_date, score_excl_critical) - 1 as doubled_score_rank,
        2 * rank() over (partition by program_id, month_start_date order by turned_score)
        + count(*) over (partition by program_id, month_start_date, turned_score) - 1 as doubled_satisfaction_rank
    from grouped
)

select * from final
