-- A failure means that a contact with an evaluation at random and a valid answer about satisfaction is missing beside quality or is
-- there twice, that its class of alignment is not the one of pass and answer, or that a reason is given where something failed (M23).
-- What to do: look at joined in fct_qa_csat_alignment.
with

alignment as (
    select * from {{ ref('fct_qa_csat_alignment') }}
),

evaluated as (
    select contact_id
    from {{ ref('fct_qa_evaluations') }}
    where
        is_counted
        and contact_id is not null
    group by contact_id
),

answered as (
    select contact_id
    from {{ ref('fct_survey_answers') }}
    where
        instrument = 'csat'
        and not is_relationship
        and is_valid
        and is_positive is not null
    group by contact_id
),

compared as (
    select
        contact_id,
        count(*) as row_count,
        count(
            case
                when
                    alignment is distinct from
                    case
                        when is_passed is null then null
                        when is_passed and is_satisfied then 'both good'
                        when is_passed then 'quality good, customer not satisfied'
                        when is_satisfied then 'quality not good, customer satisfied'
                        else 'neither'
                    end
                    or is_aligned is distinct from (is_passed = is_satisfied)
                    or (is_passed and is_critical_pass = false)
                    or (is_passed and score_excl_critical is null)
                    or (triage_reason is not null and not coalesce(is_dissatisfied, false))
                    then 1
            end
        ) as wrong_count
    from alignment
    group by contact_id
)

select
    coalesce(evaluated.contact_id, compared.contact_id) as contact_id,
    coalesce(compared.row_count, 0) as row_count,
    compared.wrong_count
from evaluated
inner join answered
    on evaluated.contact_id = answered.contact_id
full join compared
    on evaluated.contact_id = compared.contact_id
where
    compared.row_count is distinct from 1
    or compared.wrong_count > 0
    or answered.contact_id is null
