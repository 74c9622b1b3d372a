-- How much does silence overstate first contact resolution (M10)? Customers who gave up do not call again. Per month, over the mature first
-- contacts whose customer answered the question, resolution by silence beside resolution by the answer: the gap is how many were called
-- settled and were not. Answers come from those who answer; the response share says how few.
with

first_contacts as (
    select *
    from {{ ref('fct_first_contact_resolution') }}
    where
        is_headline
        and is_mature
        and outcome is not null
        and outcome <> 'exited'
),

answers as (
    select
        contact_id,
        min(case when is_positive then 1 else 0 end) as is_resolved_by_survey
    from {{ ref('fct_survey_answers') }}
    where
        instrument = 'first_contact_resolved'
        and not is_relationship
        and is_positive is not null
    group by contact_id
),

judged as (
    select
        cast({{ dbt.date_trunc('month', 'first_contacts.business_date') }} as date) as month_start_date,
        case when first_contacts.outcome = 'resolved' then 1 else 0 end as is_resolved_by_silence,
        answers.is_resolved_by_survey
    from first_contacts
    left join answers
        on first_contacts.contact_id = answers.contact_id
),

final as (
    select
        month_start_date,
        count(*) as first_contact_count,
        count(is_resolved_by_survey) as answered_count,
        count(is_resolved_by_survey) * 1.0 / count(*) as response_share,
        avg(case when is_resolved_by_survey is not null then is_resolved_by_silence * 1.0 end) as resolved_by_silence,
        avg(is_resolved_by_survey * 1.0) as resolved_by_survey,
        avg(case when is_resolved_by_survey is not null then is_resolved_by_silence * 1.0 end) - avg(is_resolved_by_survey * 1.0) as gap,
        sum(case when is_resolved_by_silence = 1 and is_resolved_by_survey = 0 then 1 else 0 end) as silent_and_unresolved_count
    from judged
    group by month_start_date
)

select * from final
order by month_start_date
