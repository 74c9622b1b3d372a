-- One row per contact that was evaluated at random and whose customer answered a question about satisfaction: whether the two agree
-- (M23). A customer counts once, however often the contact was evaluated. Few contacts have both, and neither is drawn by lot alone:
-- what holds here holds for them.
with

evaluations as (
    select *
    from {{ ref('fct_qa_evaluations') }}
    where
        is_counted
        and contact_id is not null
),

answers as (
    select *
    from {{ ref('fct_survey_answers') }}
    where
        instrument = 'csat'
        and not is_relationship
        and is_valid
        and is_positive is not null
        and contact_id is not null
),

contacts as (
    select * from {{ ref('fct_contacts') }}
),

triage_themes as (
    select * from {{ ref('triage_themes') }}
),

ranked_evaluations as (
    select
        *,
        row_number() over (
            partition by contact_id
            order by submitted_at desc, evaluation_id desc
        ) as evaluation_rank
    from evaluations
),

ranked_answers as (
    select
        *,
        row_number() over (
            partition by contact_id
            order by answered_at desc nulls last, survey_answer_id desc
        ) as answer_rank
    from answers
),

joined as (
    select
        ranked_evaluations.evaluation_id,
        ranked_evaluations.contact_id,
        ranked_answers.survey_answer_id,
        ranked_evaluations.contact_date,
        cast({{ dbt.date_trunc('month', 'ranked_evaluations.contact_date') }} as date) as month_start_date,
        ranked_evaluations.channel,
        ranked_evaluations.queue_id,
        ranked_evaluations.program_id,
        ranked_evaluations.vendor_id,
        ranked_evaluations.reason_code,
        ranked_evaluations.agent_id,
        ranked_evaluations.team,
        ranked_evaluations.form_id,
        ranked_evaluations.form_version,
        ranked_evaluations.score_excl_critical,
        ranked_evaluations.is_critical_pass,
        ranked_evaluations.failed_item_count,
        case
            when ranked_evaluations.is_critical_pass = false then false
            else ranked_evaluations.score_excl_critical >= {{ var('qa_pass_score') }}
        end as is_passed,
        ranked_answers.question_id,
        ranked_answers.turned_score,
        ranked_answers.is_positive as is_satisfied,
        ranked_answers.is_negative as is_dissatisfied,
        ranked_evaluations.is_satisfaction_predicted,
        ranked_answers.theme,
        triage_themes.triage_reason as theme_reason,
        contacts.queue_seconds
    from ranked_evaluations
    inner join ranked_answers
        on
            ranked_evaluations.contact_id = ranked_answers.contact_id
            and ranked_answers.answer_rank = 1
    left join contacts
        on ranked_evaluations.contact_id = contacts.contact_id
    left join triage_themes
        on ranked_answers.theme = triage_themes.theme
    where ranked_evaluations.evaluation_rank = 1
),

final as (
    select
        evaluation_id,
        contact_id,
        survey_answer_id,
        contact_date,
        month_start_date,
        channel,
        queue_id,
        program_id,
        vendor_id,
        reason_code,
        agent_id,
        team,
        form_id,
        form_version,
        score_excl_critical,
        is_critical_pass,
        is_passed,
        question_id,
        turned_score,
        is_satisfied,
        is_dissatisfied,
        is_satisfaction_predicted,
        case
            when is_passed and is_satisfied then 'both good'
            when is_passed and not is_satisfied then 'quality good, customer not satisfied'
            when not is_passed and is_satisfied then 'quality not good, customer satisfied'
            when not is_passed and not is_satisfied then 'neither'
        end as alignment,
        is_passed = is_satisfied as is_aligned,
        is_satisfaction_predicted = is_satisfied as is_prediction_right,
        theme,
        case
            when failed_item_count = 0 and score_excl_critical is not null and is_dissatisfied
                then coalesce(theme_reason, case when queue_seconds > {{ var('long_wait_seconds') }} then 'wait' else 'other' end)
        end as triage_reason
    from joined
)

select * from final
