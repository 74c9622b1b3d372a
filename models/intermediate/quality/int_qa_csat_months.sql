-- One row per programme, or all, and month, or all: quality scores, satisfaction and contacts of it, each over all that there are (M23).
with

evaluations as (
    select *
    from {{ ref('fct_qa_evaluations') }}
    where
        is_counted
        and score_excl_critical is not null
        and contact_date is not null
),

answers as (
    select *
    from {{ ref('fct_survey_answers') }}
    where
        instrument = 'csat'
        and not is_relationship
        and is_valid
        and is_positive is not null
        and business_date is not null
),

contacts as (
    select *
    from {{ ref('fct_contacts') }}
    where
        exclusion_reason is null
        and is_handled
        and direction <> 'internal'
        and business_date is not null
),

-- who is evaluated twice is one contact
evaluated_contacts as (
    select contact_id
    from evaluations
    group by contact_id
),

counted as (
    select
        coalesce(program_id, '(unknown)') as program_id,
        cast({{ dbt.date_trunc('month', 'contact_date') }} as date) as month_start_date,
        count(*) as evaluation_count,
        sum(score_excl_critical) as score_sum,
        0 as answer_count,
        0 as satisfied_count,
        0 as handled_contact_count,
        0 as evaluated_contact_count
    from evaluations
    group by coalesce(program_id, '(unknown)'), cast({{ dbt.date_trunc('month', 'contact_date') }} as date)

    union all

    select
        coalesce(program_id, '(unknown)') as program_id,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as month_start_date,
        0 as evaluation_count,
        cast(0 as decimal(18, 6)) as score_sum,
        count(*) as answer_count,
        count(case when is_positive then 1 end) as satisfied_count,
        0 as handled_contact_count,
        0 as evaluated_contact_count
    from answers
    group by coalesce(program_id, '(unknown)'), cast({{ dbt.date_trunc('month', 'business_date') }} as date)

    union all

    select
        coalesce(contacts.program_id, '(unknown)') as program_id,
        cast({{ dbt.date_trunc('month', 'contacts.business_date') }} as date) as month_start_date,
        0 as evaluation_count,
        cast(0 as decimal(18, 6)) as score_sum,
        0 as answer_count,
        0 as satisfied_count,
        count(*) as handled_contact_count,
        count(evaluated_contacts.contact_id) as evaluated_contact_count
    from contacts
    left join evaluated_contacts
        on contacts.contact_id = evaluated_contacts.contact_id
    group by coalesce(contacts.program_id, '(unknown)'), cast({{ dbt.date_trunc('month', 'contacts.business_date') }} as date)
),

grouped as (
    {%- for program in ['program_id', "'all'"] %}
    {%- set is_last_program = loop.last %}
    {%- for month in ['month_start_date', 'cast(null as date)'] %}
    select
        {{ program }} as program_id,
        {{ month }} as month_start_date,
        evaluation_count,
        score_sum,
        answer_count,
        satisfied_count,
        handled_contact_count,
        evaluated_contact_count
    from counted
    {{ 'union all' if not (loop.last and is_last_program) }}
    {%- endfor %}
    {%- endfor %}
),

summed as (
    select
        program_id,
        month_start_date,
        cast(sum(evaluation_count) as bigint) as evaluation_count,
        cast(sum(score_sum) as decimal(18, 6)) as score_sum,
        cast(sum(answer_count) as bigint) as answer_count,
        cast(sum(satisfied_count) as bigint) as satisfied_count,
        cast(sum(handled_contact_count) as bigint) as handled_contact_count,
        cast(sum(evaluated_contact_count) as bigint) as evaluated_contact_count
    from grouped
    group by program_id, month_start_date
),

final as (
    select
        *,
        {{ share_of(
            'cast(1 as decimal(18, 6))', 'cast(score_sum * 1000000 as ' ~ dbt.type_bigint() ~ ')', 'evaluation_count * 1000000'
        ) }} as qa_score,
        {{ share_of('cast(1 as decimal(18, 6))', 'satisfied_count', 'answer_count') }} as csat_rate
    from summed
)

select * from final
