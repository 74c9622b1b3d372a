-- One row per contact record that may have changed since the last build: a new load brought it, a segment of it, or a row that names it; or
-- it waits for as_of. With it come the records that it is, or ever was, stitched together with. Empty in a full build, as all lists of what
-- is touched.
{{ config(materialized='table') }}

with

scope as (
    select * from {{ ref('int_build_scope') }}
),

contacts as (
    select * from {{ ref('stg_contacts') }}
),

segments as (
    select * from {{ ref('stg_contact_segments') }}
),

links as (
    select * from {{ ref('int_contact_links') }}
),

survey_invitations as (
    select * from {{ ref('stg_survey_invitations') }}
),

survey_answers as (
    select * from {{ ref('stg_survey_answers') }}
),

bot_sessions as (
    select * from {{ ref('stg_bot_sessions') }}
),

delivered_contacts as (
    select * from {{ ref('int_delivered_contacts') }}
),

delivered_segments as (
    select * from {{ ref('int_delivered_contact_segments') }}
),

delivered_sessions as (
    select * from {{ ref('int_delivered_bot_sessions') }}
),

-- a person of staff, now or before: the exclusion of their contacts and of their sessions with bots may change
delivered_staff as (
    select customer_id
    from {{ deliveries_of_new_keys('customers') }}
    where is_staff
    group by customer_id
),

-- open ones end at as_of, and what lies after the days of the calendar was read without opening hours and zones
waiting as (
    select contacts.contact_id
    from contacts
    cross join scope
    where
        not scope.is_full
        and (contacts.ended_at is null or contacts.ended_at > scope.known_until or contacts.started_at > scope.known_until)

    union all

    select segments.contact_id
    from segments
    cross join scope
    where
        segments.started_at > scope.known_until
        or segments.ended_at > scope.known_until
),

answers_changed as (
    select
        survey_answers.contact_id,
        survey_answers.invitation_id
    from {{ deliveries_of_new_keys('survey_answers') }}

    union all

    select
        survey_answers.contact_id,
        survey_answers.invitation_id
    from survey_answers
    cross join scope
    where survey_answers.answered_at > scope.known_until
),

named as (
    select contact_id from delivered_contacts
    union all
    select contact_id from delivered_segments
    union all
    select contact_id from waiting
    union all
    select contacts.contact_id
    from contacts
    inner join delivered_staff
        on contacts.customer_id = delivered_staff.customer_id
    union all
    select bot_sessions.contact_id
    from bot_sessions
    inner join delivered_staff
        on bot_sessions.customer_id = delivered_staff.customer_id
    union all
    select bot_sessions.handed_off_contact_id as contact_id
    from bot_sessions
    inner join delivered_staff
        on bot_sessions.customer_id = delivered_staff.customer_id
    union all
    select contact_id from delivered_sessions
    union all
    select handed_off_contact_id as contact_id from delivered_sessions
    union all
    select contact_id from {{ deliveries_of_new_keys('contact_sentiment') }}
    union all
    select contact_id from {{ deliveries_of_new_keys('survey_invitations') }}
    union all
    select contact_id from answers_changed
    union all
    select survey_invitations.contact_id
    from survey_invitations
    inner join answers_changed
        on survey_invitations.invitation_id = answers_changed.invitation_id
),

changed as (
    select contact_id
    from named
    where contact_id is not null
    group by contact_id
),

-- which record names which first one, and ever did; a name counts both ways
names as (
    select
        contact_id,
        initial_contact_id
    from contacts
    where initial_contact_id <> contact_id

    union all

    select
        contact_id,
        initial_contact_id
    from delivered_contacts
    where initial_contact_id <> contact_id
),

neighbours as (
    select
        contact_id,
        initial_contact_id as neighbour_id
    from names

    union all

    select
        initial_contact_id as contact_id,
        contact_id as neighbour_id
    from names
),

one_step as (
    select contact_id from changed
    union
    select neighbours.neighbour_id as contact_id
    from neighbours
    inner join changed
        on neighbours.contact_id = changed.contact_id
),

-- names are followed one step further (int_contact_links)
two_steps as (
    select contact_id from one_step
    union
    select neighbours.neighbour_id as contact_id
    from neighbours
    inner join one_step
        on neighbours.contact_id = one_step.contact_id
),

of_one_contact as (
    select links.contact_id
    from links
    inner join two_steps
        on links.contact_record_id = two_steps.contact_id
    group by links.contact_id
),

final as (
    select contact_id as touched_id from two_steps
    union
    select links.contact_record_id as touched_id
    from links
    inner join of_one_contact
        on links.contact_id = of_one_contact.contact_id
)

select * from final
where {{ is_needed_to_touch() }}
