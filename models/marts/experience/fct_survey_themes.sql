-- One row per question, month, theme and group of customers: what promoters, passives and detractors speak of (M17). Answers whose words
-- were not coded stand as a theme of their own, so that shares have all answers below them.
with

answers as (
    select * from {{ ref('int_nps_answers') }}
),

counted as (
    select
        question_id,
        month_start_date,
        nps_group,
        coalesce(theme, '(not coded)') as theme,
        count(*) as answer_count
    from answers
    group by question_id, month_start_date, nps_group, coalesce(theme, '(not coded)')
),

final as (
    select
        question_id,
        month_start_date,
        nps_group,
        theme,
        answer_count,
        cast(sum(answer_count) over (partition by question_id, month_start_date, nps_group) as bigint) as group_answer_count,
        {{ share_of(
            'cast(1 as decimal(18, 6))',
            'answer_count',
            'cast(sum(answer_count) over (partition by question_id, month_start_date, nps_group) as ' ~ dbt.type_bigint() ~ ')'
        ) }} as share_of_group
    from counted
)

select * from final
