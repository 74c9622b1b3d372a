-- One row per session: an inbound contact of an identified customer, with the reconnects that continue it (M10). What the pieces
-- disagree on is taken from the first that knows it; the last agent and queue are those of the last piece that an agent handled.
-- A contact that ended before it began ended when it began: it is over, and its clocks differ.
{{ config(materialized='table') }}

with

contacts as (
    select
        *,
        case when ended_at < started_at then started_at else ended_at end as closed_at,
        -- a deferred contact waits long where its reply came too late
        case
            when is_live and customer_wait_seconds > {{ var('long_wait_seconds') }} then 1
            when is_live and customer_wait_seconds is not null then 0
            when not is_live and not is_responded_in_time then 1
            when not is_live and is_responded_in_time then 0
        end as long_wait
    from {{ ref('int_built_contacts') }}
    where
        exclusion_reason is null
        and is_identified
        and direction = 'inbound'
),

reconnects as (
    select * from {{ ref('int_contact_reconnects') }}
),

reasons as (
    select * from {{ ref('stg_reasons') }}
),

reason_rules as (
    select * from {{ ref('reason_rules') }}
),

single_contacts as (
    select
        contacts.contact_id as session_id,
        contacts.customer_id,
        contacts.channel,
        contacts.is_live,
        contacts.queue_id,
        contacts.program_id,
        contacts.vendor_id,
        contacts.reason_code,
        contacts.product_line_id,
        contacts.business_date,
        contacts.business_timezone,
        contacts.started_at,
        contacts.closed_at as ended_at,
        cast(1 as bigint) as piece_count,
        coalesce(contacts.is_handled, false) as is_handled,
        coalesce(contacts.contact_outcome = 'closed_without_reply', false) as is_closed_without_reply,
        contacts.agent_segment_count,
        contacts.transfer_count,
        contacts.escalation_count,
        contacts.last_agent_id,
        contacts.queue_id as last_queue_id,
        contacts.vendor_id as last_vendor_id,
        contacts.handle_seconds,
        cast(contacts.long_wait as bigint) as long_wait_count,
        contacts.agent_logged_resolved
    from contacts
    left join reconnects
        on contacts.contact_id = reconnects.contact_id
    where reconnects.contact_id is null
),

pieces as (
    select
        reconnects.session_id,
        contacts.*,
        -- of the queue, also where it has none: another piece's would be credited with work that is not theirs
        case when contacts.queue_id is not null then coalesce(contacts.program_id, '') end as queue_program_id,
        case when contacts.queue_id is not null then coalesce(contacts.vendor_id, '') end as queue_vendor_id,
        case when contacts.is_handled then 1 else 0 end as handled_last
    from contacts
    inner join reconnects
        on contacts.contact_id = reconnects.contact_id
),

reconnected_contacts as (
    select
        session_id,
        min(customer_id) as customer_id,
        {{ earliest('channel', ['started_at', 'contact_id']) }} as channel,
        {{ earliest('is_live', ['started_at', 'contact_id']) }} as is_live,
        {{ earliest('queue_id', ['started_at', 'contact_id']) }} as queue_id,
        nullif({{ earliest('queue_program_id', ['started_at', 'contact_id']) }}, '') as program_id,
        nullif({{ earliest('queue_vendor_id', ['started_at', 'contact_id']) }}, '') as vendor_id,
        {{ earliest('reason_code', ['started_at', 'contact_id']) }} as reason_code,
        {{ earliest('product_line_id', ['started_at', 'contact_id']) }} as product_line_id,
        {{ earliest('business_date', ['started_at', 'contact_id']) }} as business_date,
        {{ earliest('business_timezone', ['started_at', 'contact_id']) }} as business_timezone,
        min(started_at) as started_at,
        case when count(closed_at) = count(*) then max(closed_at) end as ended_at,
        count(*) as piece_count,
        coalesce({{ dbt.bool_or('is_handled') }}, false) as is_handled,
        min(case when contact_outcome = 'closed_without_reply' then 1 else 0 end) = 1 as is_closed_without_reply,
        cast(sum(agent_segment_count) as bigint) as agent_segment_count,
        cast(sum(transfer_count) as bigint) as transfer_count,
        cast(sum(escalation_count) as bigint) as escalation_count,
        -- an unknown agent stays unknown: the one before did not end it
        nullif({{ latest("coalesce(last_agent_id, '')", ['handled_last', 'started_at', 'contact_id']) }}, '') as last_agent_id,
        nullif({{ latest("coalesce(queue_id, '')", ['handled_last', 'started_at', 'contact_id']) }}, '') as last_queue_id,
        nullif({{ latest("coalesce(vendor_id, '')", ['handled_last', 'started_at', 'contact_id']) }}, '') as last_vendor_id,
        case
            when count(handle_seconds) = count(case when is_handled then 1 end) then cast(sum(handle_seconds) as bigint)
        end as handle_seconds,
        -- each piece has its own wait; one that nobody knows makes the number of long ones unknown
        case when count(long_wait) = count(*) then cast(sum(long_wait) as bigint) end as long_wait_count,
        {{ latest('agent_logged_resolved', ['started_at', 'contact_id']) }} as agent_logged_resolved
    from pieces
    group by session_id
),

sessions as (
    select * from single_contacts
    union all
    select * from reconnected_contacts
),

final as (
    select
        sessions.*,
        {{ repeat_match_key('sessions', 'reasons') }} as match_key,
        coalesce(reason_rules.repeat_window_hours, cast(24 * reasons.repeat_window_days as bigint), {{ var('repeat_window_hours') }})
            as window_hours,
        -- the reason list's null means true; a reason that is not on the list has not been judged
        case
            when reason_rules.is_first_contact_resolvable is not null then reason_rules.is_first_contact_resolvable
            when reasons.reason_code is not null then coalesce(reasons.is_first_contact_resolvable, true)
        end as is_eligible
    from sessions
    left join reasons
        on sessions.reason_code = reasons.reason_code
    left join reason_rules
        on
            sessions.reason_code = reason_rules.reason_code
            and sessions.business_date between reason_rules.effective_from and reason_rules.effective_to
)

select * from final
