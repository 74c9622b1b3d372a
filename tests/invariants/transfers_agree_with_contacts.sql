-- A failure means that fct_transfers and the transfer_count and escalation_count of fct_contacts tell two stories: a contact that
-- transfer_rate counts has no hand-over, or the other way round; a delivered transfer or escalation was lost. What to do: compare the
-- contact's segments with int_contact_transfers; every transfer_kind and every agent leg but the first has a row there.
with

transfers as (
    select
        contact_id,
        count(case when transfer_class <> 'bot_handoff' then 1 end) as hand_over_count,
        count(case when escalation_evidence = 'platform' then 1 end) as delivered_escalation_count,
        count(case when is_routing_correction and transfer_number <> 1 then 1 end) as late_correction_count
    from {{ ref('fct_transfers') }}
    group by contact_id
)

select
    contacts.contact_id,
    contacts.transfer_count,
    transfers.hand_over_count,
    contacts.escalation_count,
    transfers.delivered_escalation_count
from {{ ref('fct_contacts') }} as contacts
left join transfers
    on contacts.contact_id = transfers.contact_id
where
    coalesce(transfers.hand_over_count, 0) < contacts.transfer_count
    or (coalesce(transfers.hand_over_count, 0) > 0) <> (contacts.transfer_count > 0)
    or coalesce(transfers.delivered_escalation_count, 0) <> contacts.escalation_count
    or transfers.late_correction_count > 0
