-- A warning means that more handled contacts than unknown_owner_share_warn were worked on by an agent whom the platform does not name
-- (B.2). Their time counts, but belongs to no team and no vendor. What to do: look for a field of the platform that still knows the
-- agent, and map it to contact_segments.agent_id.
{{ config(severity='warn') }}

with

handled as (
    select count(*) as contact_count
    from {{ ref('fct_contacts') }}
    where is_handled
),

unknown_owner as (
    select count(distinct legs.contact_id) as contact_count
    from {{ ref('fct_agent_segments') }} as legs
    inner join {{ ref('fct_contacts') }} as contacts
        on legs.contact_id = contacts.contact_id
    where
        contacts.is_handled
        and legs.has_conversation
        and legs.agent_id is null
)

select
    unknown_owner.contact_count as unknown_owner_contact_count,
    handled.contact_count as handled_contact_count
from handled
cross join unknown_owner
where unknown_owner.contact_count > {{ var('unknown_owner_share_warn') }} * handled.contact_count
