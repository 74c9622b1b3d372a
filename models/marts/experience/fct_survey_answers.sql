-- One row per question answered in one response: the contact that it is about, whether it counts and, where not, why; its score on the
-- question's scale turned so that high is good, and whether that is positive by the scale registry (M16). A customer's last answer before
-- the closing counts.
{{ config(
    materialized=kept(), incremental_strategy='touched', unique_key='survey_answer_id', on_schema_change='fail'
) }}

with

answers as (
    select
        *,
        {{ survey_answer_id() }} as survey_answer_id
    from {{ ref('stg_survey_answers') }}
),

questions as (
    select * from {{ ref('stg_survey_questions') }}
),

invitations as (
    select * from {{ ref('stg_survey_invitations') }}
),

links as (
    select * from {{ ref('int_contact_links') }}
),

contacts as (
    select * from {{ ref('int_built_contacts') }}
),

instrument_scales as (
    select * from {{ ref('instrument_scales') }}
),

offsets as (
    select * from {{ ref('int_timezone_offsets') }}
),

instruments_of_one_scale as (
    select instrument
    from instrument_scales
    where is_only_scale
    group by instrument
),

traced as (
    select
        answers.survey_answer_id,
        answers.response_id,
        answers.question_id,
        answers.invitation_id,
        coalesce(answers.contact_id, invitations.contact_id) as contact_record_id,
        coalesce(answers.customer_id, invitations.customer_id) as stated_customer_id,
        answers.answered_at,
        answers.score,
        answers.theme,
        answers.product_line_id,
        answers.updated_at
    from answers
    left join invitations
        on answers.invitation_id = invitations.invitation_id
    where {{ is_touched('answers.survey_answer_id') }}
),

with_contacts as (
    select
        traced.*,
        coalesce(links.contact_id, traced.contact_record_id) as contact_id,
        coalesce(traced.stated_customer_id, contacts.customer_id) as customer_id,
        contacts.contact_id is not null as is_contact_known,
        contacts.exclusion_reason,
        contacts.business_date,
        contacts.channel,
        contacts.queue_id,
        contacts.program_id,
        contacts.vendor_id,
        contacts.reason_code,
        contacts.last_agent_id,
        contacts.started_at as contact_started_at,
        case when contacts.ended_at > contacts.started_at then contacts.ended_at else contacts.started_at end as contact_over_at,
        coalesce(contacts.business_timezone, '{{ var("reporting_timezone") }}') as timezone,
        coalesce(traced.product_line_id, contacts.product_line_id) as answer_product_line_id
    from traced
    left join links
        on traced.contact_record_id = links.contact_record_id
    left join contacts
        on coalesce(links.contact_id, traced.contact_record_id) = contacts.contact_id
),

with_scales as (
    select
        with_contacts.*,
        coalesce(
            with_contacts.answered_at > {{ seconds_after('with_contacts.contact_over_at', 86400 * var('survey_close_days')) }}, false
        ) as is_late,
        questions.question_id is not null as is_question_known,
        questions.instrument,
        coalesce(questions.is_relationship, false) as is_relationship,
        questions.scale_min,
        questions.scale_max,
        coalesce(questions.is_reversed, false) as is_reversed,
        coalesce(questions.positive_min, instrument_scales.positive_min) as positive_min,
        instrument_scales.negative_max,
        instruments_of_one_scale.instrument is not null and instrument_scales.instrument is null as is_on_foreign_scale
    from with_contacts
    left join questions
        on with_contacts.question_id = questions.question_id
    left join instrument_scales
        on
            questions.instrument = instrument_scales.instrument
            and questions.scale_min = instrument_scales.scale_min
            and questions.scale_max = instrument_scales.scale_max
    left join instruments_of_one_scale
        on questions.instrument = instruments_of_one_scale.instrument
),

checked as (
    select
        *,
        case
            when not is_question_known then 'question not on the list'
            when score is null then 'not answered'
            when scale_min is null or scale_max is null then 'scale of the question unknown'
            when score < scale_min or score > scale_max then 'outside the scale of the question'
            when is_on_foreign_scale then 'scale not used for the instrument'
            when exclusion_reason is not null then 'contact excluded'
            when answered_at < contact_started_at then 'answered before the contact'
            when is_late then 'answered after the closing'
        end as problem
    from with_scales
),

ranked as (
    select
        *,
        count(*) over same_item as answer_count,
        row_number() over (
            partition by
                question_id, contact_id, customer_id, case when contact_id is null then response_id end, problem
            order by coalesce(answered_at, updated_at) desc nulls last, updated_at desc nulls last, response_id desc
        ) as answer_rank
    from checked
    window same_item as (
        partition by question_id, contact_id, customer_id, case when contact_id is null then response_id end, problem
    )
),

judged as (
    select
        *,
        case
            when problem is not null then problem
            when answer_rank > 1 then 'superseded by a later answer'
        end as invalid_reason,
        case when is_reversed then scale_min + scale_max - score else score end as turned_score
    from ranked
),

final as (
    select
        judged.survey_answer_id,
        judged.response_id,
        judged.question_id,
        judged.instrument,
        judged.is_relationship,
        judged.invitation_id,
        judged.customer_id,
        judged.contact_id,
        judged.is_contact_known,
        judged.business_date,
        cast({{ seconds_after(
            seconds_after('judged.answered_at', 'offsets.utc_offset_seconds'), -3600 * var('business_day_start_hour')
        ) }} as date) as answer_date,
        judged.answered_at,
        judged.channel,
        judged.queue_id,
        judged.program_id,
        judged.vendor_id,
        judged.reason_code,
        judged.answer_product_line_id as product_line_id,
        judged.last_agent_id,
        judged.theme,
        judged.score,
        judged.scale_min,
        judged.scale_max,
        judged.is_reversed,
        judged.invalid_reason is null as is_valid,
        judged.invalid_reason,
        judged.is_late,
        case when judged.invalid_reason is null then judged.answer_count - 1 end as revision_count,
        cast(case when judged.invalid_reason is null then judged.turned_score end as decimal(18, 6)) as turned_score,
        case when judged.invalid_reason is null then judged.turned_score >= judged.positive_min end as is_positive,
        case when judged.invalid_reason is null then judged.turned_score <= judged.negative_max end as is_negative
    from judged
    left join offsets
        on
            judged.timezone = offsets.timezone
            and judged.answered_at >= offsets.valid_from
            and judged.answered_at < offsets.valid_to
)

select * from final
