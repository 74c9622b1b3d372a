-- One row per contact that a bot handed over to people (M14): its log names the contact, or an agent answered after the bot in one contact.
{{ config(materialized=kept(), incremental_strategy='touched', unique_key='contact_id') }}

with

contacts as (
    select * from {{ ref('int_built_contacts') }}
),

waits as (
    select * from {{ ref('int_contact_waits') }}
),

bot_sessions as (
    select *
    from {{ ref('int_bot_attempt_sessions') }}
    where
        exclusion_reason is null
        and {{ is_touched('handed_off_contact_id', 'int_touched_contacts') }}
),

handed_off_sessions as (
    select
        handed_off_contact_id as contact_id,
        {{ earliest('technology_id', ['started_at', 'session_id']) }} as technology_id,
        max(ended_at) as ended_at
    from bot_sessions
    where handed_off_contact_id is not null
    group by handed_off_contact_id
),

final as (
    select
        contacts.contact_id,
        handed_off_sessions.technology_id,
        coalesce(handed_off_sessions.ended_at, waits.bot_ended_at) as transferred_at
    from contacts
    left join waits
        on contacts.contact_id = waits.contact_id
    left join handed_off_sessions
        on contacts.contact_id = handed_off_sessions.contact_id
    where
        handed_off_sessions.contact_id is not null
        or (waits.has_bot_before_answer and contacts.is_handled)
)

select * from final
