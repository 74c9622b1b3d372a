-- One row per contact whose customer answered a question about satisfaction that can be judged: satisfied or not (M16). Answers on its
-- reconnects are answers on the contact that they continue.
{{ config(materialized=kept(), incremental_strategy='touched', unique_key='customer_id') }}

with

answers as (
    select *
    from {{ ref('fct_survey_answers') }}
    where
        instrument = 'csat'
        and not is_relationship
        and is_positive is not null
        and {{ is_touched('contact_id') }}
),

reconnects as (
    select * from {{ ref('int_contact_reconnects') }}
),

sessions as (
    select * from {{ ref('int_contact_sessions') }}
),

answered as (
    select
        coalesce(reconnects.session_id, answers.contact_id) as session_id,
        answers.is_positive,
        answers.is_negative
    from answers
    left join reconnects
        on answers.contact_id = reconnects.contact_id
),

final as (
    select
        sessions.session_id as contact_id,
        sessions.customer_id,
        min(case when answered.is_positive then 1 else 0 end) = 1 as is_satisfied,
        -- on a scale without a negative part nobody can be dissatisfied, nor the opposite
        max(case when answered.is_negative then 1 when answered.is_negative is not null then 0 end) = 1 as is_dissatisfied
    from answered
    inner join sessions
        on answered.session_id = sessions.session_id
    group by sessions.session_id, sessions.customer_id
)

select * from final
