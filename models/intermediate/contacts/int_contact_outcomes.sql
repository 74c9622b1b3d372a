-- One row per contact with what became of it and why. The platform's own outcome decides where it is delivered; otherwise the
-- segments do. Unknown stays null with its reason.
with

contacts as (
    select * from {{ ref('int_contacts_stitched') }}
),

handling as (
    select * from {{ ref('int_contact_handling') }}
),

waits as (
    select * from {{ ref('int_contact_waits') }}
),

channels as (
    select * from {{ ref('channels') }}
),

joined as (
    select
        contacts.contact_id,
        contacts.contact_record_count,
        contacts.customer_id,
        contacts.identity_confidence,
        contacts.channel,
        channels.is_live,
        contacts.direction,
        contacts.initiation_method,
        contacts.purpose,
        coalesce(contacts.queue_id, waits.first_queue_id, handling.first_agent_queue_id) as queue_id,
        contacts.reason_code,
        contacts.product_line_id,
        contacts.campaign_id,
        contacts.started_at,
        contacts.ended_at,
        contacts.first_ended_at,
        contacts.disconnect_reason,
        contacts.agent_logged_resolved,
        contacts.stated_cancel_intent,
        contacts.is_complaint,
        contacts.callback_offered,
        contacts.callback_accepted,
        contacts.callback_attempt_count,
        contacts.applications_used,
        contacts.is_test,
        contacts.source_outcome,
        contacts.source_exclusion,
        coalesce(waits.queued_at, contacts.started_at) as queued_at,
        coalesce(waits.has_queue, false) as has_queue,
        coalesce(waits.has_ivr, false) as has_ivr,
        coalesce(waits.has_bot, false) as has_bot,
        -- a contact without any segment waited nobody knows how long
        coalesce(waits.has_invalid_wait, handling.contact_id is null) as has_invalid_wait,
        coalesce(waits.queue_seconds, 0) as queue_seconds,
        coalesce(waits.customer_wait_seconds, 0) as customer_wait_seconds,
        coalesce(waits.ring_seconds, 0) as ring_seconds,
        waits.invalid_ring_reason,
        coalesce(waits.ivr_seconds, 0) as ivr_seconds,
        coalesce(waits.bot_seconds, 0) as bot_seconds,
        coalesce(waits.has_invalid_self_service, false) as has_invalid_self_service,
        coalesce(waits.consult_seconds, 0) as consult_seconds,
        handling.answered_at,
        coalesce(handling.agent_segment_count, 0) as agent_segment_count,
        handling.first_agent_id,
        handling.last_agent_id,
        coalesce(handling.has_invalid_duration, false) as has_invalid_duration,
        handling.invalid_duration_reason,
        coalesce(handling.has_capped_wrap, false) as has_capped_wrap,
        handling.talk_seconds,
        handling.hold_seconds,
        handling.wrap_seconds,
        handling.handle_seconds,
        handling.longest_hold_seconds,
        coalesce(handling.transfer_count, 0) as transfer_count,
        coalesce(handling.escalation_count, 0) as escalation_count,
        coalesce(handling.is_callback_reached, false) as is_callback_reached,
        -- null where neither knows: least() of one null differs between engines
        case
            when handling.first_callback_talk_at <= waits.first_callback_ring_at then handling.first_callback_talk_at
            else coalesce(waits.first_callback_ring_at, handling.first_callback_talk_at)
        end as first_callback_at
    from contacts
    left join handling
        on contacts.contact_id = handling.contact_id
    left join waits
        on contacts.contact_id = waits.contact_id
    left join channels
        on contacts.channel = channels.channel
),

classified as (
    select
        *,
        case
            when source_outcome is not null then source_outcome
            when callback_accepted and callback_attempt_count > 0 then 'callback'
            when agent_segment_count > 0 then 'answered'
            when ended_at is null then 'open'
            when direction <> 'inbound' then 'not_reached'
            when callback_accepted then 'callback'
            when is_live and has_queue then 'abandoned'
            when not has_queue and (has_bot or channel = 'self_service') then 'self_served'
            when is_live and has_ivr then 'abandoned'
            when not is_live then 'closed_without_reply'
        end as contact_outcome,
        case
            when source_outcome is not null then 'the platform says so'
            when callback_accepted and callback_attempt_count > 0 then 'callback accepted in the queue and attempted'
            when agent_segment_count > 0 then 'an agent talked or wrote'
            when ended_at is null then 'not ended yet'
            when direction <> 'inbound' then 'ended without anybody reached'
            when callback_accepted then 'callback accepted in the queue'
            when is_live and has_queue then 'ended in the queue without an agent'
            when not has_queue and (has_bot or channel = 'self_service') then 'ended with the bot, no queue entered'
            when is_live and has_ivr then 'ended in the IVR, no queue entered'
            when not is_live then 'ended without a reply'
            else 'no segments delivered'
        end as contact_outcome_reason
    from joined
),

final as (
    select
        *,
        case
            when contact_outcome <> 'abandoned' then null
            when has_queue then 'queue'
            when has_ivr or has_bot then 'ivr'
        end as abandoned_in,
        coalesce(
            source_outcome = 'answered' and agent_segment_count = 0
            or source_outcome in ('abandoned', 'self_served', 'voicemail') and agent_segment_count > 0,
            false
        ) as has_contradicting_segments
    from classified
)

select * from final
