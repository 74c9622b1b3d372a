-- One row per invitation to a survey: the contact that it is about, whether it was delivered and answered, and whether the customer
-- should have been spared (M16). Who does not answer is not dissatisfied; how many do not must be known.
with

invitations as (
    select * from {{ ref('stg_survey_invitations') }}
),

links as (
    select * from {{ ref('int_contact_links') }}
),

contacts as (
    select * from {{ ref('fct_contacts') }}
),

answers as (
    select
        invitation_id,
        count(*) as answered_item_count,
        count(case when is_valid then 1 end) as valid_item_count
    from {{ ref('fct_survey_answers') }}
    where
        invitation_id is not null
        and score is not null
    group by invitation_id
),

traced as (
    select
        invitations.invitation_id,
        coalesce(invitations.customer_id, contacts.customer_id) as customer_id,
        invitations.contact_id is null as is_relationship,
        contacts.contact_id,
        contacts.exclusion_reason,
        coalesce(contacts.business_date, cast(invitations.sent_at as date)) as business_date,
        contacts.channel,
        contacts.queue_id,
        contacts.program_id,
        contacts.vendor_id,
        contacts.reason_code,
        contacts.product_line_id,
        coalesce(contacts.ended_at, contacts.started_at) as contact_over_at,
        invitations.sent_at,
        coalesce(invitations.was_delivered, true) as is_delivered
    from invitations
    left join links
        on invitations.contact_id = links.contact_record_id
    left join contacts
        on coalesce(links.contact_id, invitations.contact_id) = contacts.contact_id
),

in_order as (
    select
        *,
        max(case when is_delivered then sent_at end) over (
            partition by customer_id
            order by sent_at, invitation_id
            rows between unbounded preceding and 1 preceding
        ) as previous_sent_at
    from traced
),

final as (
    select
        in_order.invitation_id,
        in_order.customer_id,
        in_order.is_relationship,
        in_order.contact_id,
        in_order.exclusion_reason,
        in_order.business_date,
        in_order.channel,
        in_order.queue_id,
        in_order.program_id,
        in_order.vendor_id,
        in_order.reason_code,
        in_order.product_line_id,
        in_order.sent_at,
        in_order.is_delivered,
        coalesce(answers.answered_item_count, 0) as answered_item_count,
        coalesce(answers.answered_item_count, 0) > 0 as is_answered,
        coalesce(answers.valid_item_count, 0) > 0 as has_valid_answer,
        {{ seconds_between('in_order.contact_over_at', 'in_order.sent_at') }} as seconds_after_contact,
        case
            when in_order.customer_id is not null and in_order.sent_at is not null
                then
                    coalesce(
                        in_order.sent_at < {{ seconds_after('in_order.previous_sent_at', 86400 * var('survey_quarantine_days')) }}, false
                    )
        end as is_in_quarantine
    from in_order
    left join answers
        on in_order.invitation_id = answers.invitation_id
)

select * from final
