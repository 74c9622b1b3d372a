-- A failure means that an answer, a mention or an evaluation neither counts nor says why, or does both; or that one was lost or came
-- twice on its way from staging. What to do: compare the mart with its staged table; the reasons are the last steps of the mart.
with

marts as (
    select
        'answers' as what,
        count(*) as row_count,
        count(case when is_valid = (invalid_reason is not null) then 1 end) as unexplained_count
    from {{ ref('fct_survey_answers') }}

    union all

    select
        'mentions' as what,
        count(*) as row_count,
        count(case when is_counted = (not_counted_reason is not null) then 1 end) as unexplained_count
    from {{ ref('fct_social_mentions') }}

    union all

    select
        'evaluations' as what,
        count(*) as row_count,
        count(case when is_counted = (not_counted_reason is not null) then 1 end) as unexplained_count
    from {{ ref('fct_qa_evaluations') }}
),

staged as (
    select
        'answers' as what,
        count(*) as row_count
    from {{ ref('stg_survey_answers') }}

    union all

    select
        'mentions' as what,
        count(*) as row_count
    from {{ ref('stg_social_mentions') }}

    union all

    select
        'evaluations' as what,
        count(*) as row_count
    from {{ ref('stg_qa_evaluations') }}
)

select
    marts.what,
    marts.row_count,
    staged.row_count as staged_row_count,
    marts.unexplained_count
from marts
inner join staged
    on marts.what = staged.what
where
    marts.row_count <> staged.row_count
    or marts.unexplained_count > 0
