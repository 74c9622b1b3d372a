-- One row per session on a deferred channel that an agent wrote in: how many messages agents wrote (M10, fcr_ticket).
with

sessions as (
    select * from {{ ref('int_contact_sessions') }}
),

segments as (
    select * from {{ ref('int_built_segments') }}
),

links as (
    select * from {{ ref('int_contact_links') }}
),

reconnects as (
    select * from {{ ref('int_contact_reconnects') }}
),

final as (
    select
        sessions.session_id,
        count(*) as agent_message_count
    from segments
    left join links
        on segments.contact_id = links.contact_record_id
    left join reconnects
        on coalesce(links.contact_id, segments.contact_id) = reconnects.contact_id
    inner join sessions
        on coalesce(reconnects.session_id, links.contact_id, segments.contact_id) = sessions.session_id
    where
        segments.kind = 'message'
        and segments.agent_id is not null
        and not sessions.is_live
    group by sessions.session_id
)

select * from final
