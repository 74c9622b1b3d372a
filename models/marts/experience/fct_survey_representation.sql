-- One row per month, question and channel, and per month and question over all channels: how well the answers stand for the contacts that
-- were handled, and what weighting the channels by their contacts does to the result (M16). A channel without answers cannot be weighted
-- and is shown as not covered.
with

contacts as (
    select
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as month_start_date,
        channel
    from {{ ref('fct_contacts') }}
    where
        exclusion_reason is null
        and is_handled
        and direction <> 'internal'
),

invitations as (
    select
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as month_start_date,
        channel
    from {{ ref('fct_survey_invitations') }}
    where
        is_delivered
        and not is_relationship
        and channel is not null
),

answers as (
    select
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as month_start_date,
        question_id,
        channel,
        is_positive
    from {{ ref('fct_survey_answers') }}
    where
        is_valid
        and not is_relationship
        and business_date is not null
        and is_positive is not null
),

contacts_by_channel as (
    select
        month_start_date,
        channel,
        count(*) as handled_contact_count
    from contacts
    group by month_start_date, channel
),

invitations_by_channel as (
    select
        month_start_date,
        channel,
        count(*) as delivered_invitation_count
    from invitations
    group by month_start_date, channel
),

answers_by_channel as (
    select
        month_start_date,
        question_id,
        channel,
        count(*) as answer_count,
        count(case when is_positive then 1 end) as positive_count
    from answers
    group by month_start_date, question_id, channel
),

questions as (
    select
        month_start_date,
        question_id
    from answers_by_channel
    group by month_start_date, question_id
),

by_channel as (
    select
        questions.month_start_date,
        questions.question_id,
        contacts_by_channel.channel,
        contacts_by_channel.handled_contact_count,
        coalesce(invitations_by_channel.delivered_invitation_count, 0) as delivered_invitation_count,
        coalesce(answers_by_channel.answer_count, 0) as answer_count,
        coalesce(answers_by_channel.positive_count, 0) as positive_count
    from questions
    inner join contacts_by_channel
        on questions.month_start_date = contacts_by_channel.month_start_date
    left join invitations_by_channel
        on
            contacts_by_channel.month_start_date = invitations_by_channel.month_start_date
            and contacts_by_channel.channel = invitations_by_channel.channel
    left join answers_by_channel
        on
            questions.month_start_date = answers_by_channel.month_start_date
            and questions.question_id = answers_by_channel.question_id
            and contacts_by_channel.channel = answers_by_channel.channel
),

weighted as (
    select
        *,
        {{ share_of('cast(handled_contact_count as decimal(18, 6))', 'positive_count', 'answer_count') }} as weighted_positive_count,
        case when answer_count > 0 then handled_contact_count else 0 end as covered_contact_count
    from by_channel
),

summed as (
    select
        month_start_date,
        question_id,
        channel,
        handled_contact_count,
        covered_contact_count,
        delivered_invitation_count,
        answer_count,
        positive_count,
        weighted_positive_count
    from weighted

    union all

    select
        month_start_date,
        question_id,
        'all' as channel,
        sum(handled_contact_count) as handled_contact_count,
        sum(covered_contact_count) as covered_contact_count,
        sum(delivered_invitation_count) as delivered_invitation_count,
        sum(answer_count) as answer_count,
        sum(positive_count) as positive_count,
        sum(weighted_positive_count) as weighted_positive_count
    from weighted
    group by month_start_date, question_id
),

rated as (
    select
        month_start_date,
        question_id,
        channel,
        cast(handled_contact_count as bigint) as handled_contact_count,
        cast(covered_contact_count as bigint) as covered_contact_count,
        cast(delivered_invitation_count as bigint) as delivered_invitation_count,
        cast(answer_count as bigint) as answer_count,
        cast(positive_count as bigint) as positive_count,
        {{ share_of('cast(1 as decimal(18, 6))', 'cast(positive_count as bigint)', 'cast(answer_count as bigint)') }} as positive_rate,
        {{ share_of('cast(weighted_positive_count as decimal(18, 6))', 1, 'cast(covered_contact_count as bigint)') }}
            as weighted_positive_rate
    from summed
),

final as (
    select
        *,
        cast(weighted_positive_rate - positive_rate as decimal(18, 6)) as weighting_effect
    from rated
)

select * from final
