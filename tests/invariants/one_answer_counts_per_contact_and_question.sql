-- A failure means that two answers of one customer to one question about one contact both count, so that whoever answers twice weighs
-- twice (M16), or that an answer counts that is not on its scale or came late. What to do: look at ranked in fct_survey_answers.
select
    question_id,
    contact_id,
    customer_id,
    count(*) as answer_count
from {{ ref('fct_survey_answers') }}
where
    is_valid
    and contact_id is not null
group by question_id, contact_id, customer_id
having
    count(*) > 1
    or min(score - scale_min) < 0
    or max(score - scale_max) > 0
    or count(case when is_late or score is null then 1 end) > 0
