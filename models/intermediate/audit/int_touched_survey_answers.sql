-- One row per survey answer that is judged anew: a new load brought it or its invitation, it lies after the days of the last build's
-- calendar, or it is about a contact that is made anew.
{{ config(materialized='table') }}

with

scope as (
    select * from {{ ref('int_build_scope') }}
),

answers as (
    select
        *,
        {{ survey_answer_id() }} as survey_answer_id
    from {{ ref('stg_survey_answers') }}
),

invitations as (
    select * from {{ ref('stg_survey_invitations') }}
),

touched_records as (
    select * from {{ ref('int_touched_contact_records') }}
),

delivered_invitations as (
    select invitation_id
    from {{ deliveries_of_new_keys('survey_invitations') }}
    group by invitation_id
),

invitations_changed as (
    select invitation_id from delivered_invitations
    union
    select invitations.invitation_id
    from invitations
    inner join touched_records
        on invitations.contact_id = touched_records.touched_id
),

final as (
    select {{ survey_answer_id() }} as touched_id from {{ deliveries_of_new_keys('survey_answers') }}
    union
    select answers.survey_answer_id as touched_id
    from answers
    inner join touched_records
        on answers.contact_id = touched_records.touched_id
    union
    select answers.survey_answer_id as touched_id
    from answers
    inner join invitations_changed
        on answers.invitation_id = invitations_changed.invitation_id
    union
    select answers.survey_answer_id as touched_id
    from answers
    cross join scope
    where answers.answered_at > scope.known_until
)

select * from final
where {{ is_needed_to_touch() }}
