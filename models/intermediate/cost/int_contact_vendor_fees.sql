-- One row per contact, month and outsourced vendor that is paid by minute of handling, by handled contact or by outcome: the fee (M34).
-- An outcome is what the agent logged as resolved; internal contacts are not paid.
with

contact_time as (
    select * from {{ ref('int_agent_contact_time') }}
),

labour as (
    select * from {{ ref('int_labour_costs') }}
    where is_outsourced
),

terms as (
    select * from {{ ref('int_vendor_terms') }}
    where payment_basis in ('minute', 'contact', 'outcome')
),

contacts as (
    select * from {{ ref('fct_contacts') }}
),

served as (
    select
        contact_time.period_month,
        contact_time.contact_id,
        labour.vendor_id,
        cast(sum(contact_time.handle_seconds) as bigint) as handle_seconds,
        sum(contact_time.talk_units + contact_time.hold_units + contact_time.message_units) as conversation_units
    from contact_time
    inner join labour
        on
            contact_time.period_month = labour.period_month
            and contact_time.agent_id = labour.agent_id
    group by contact_time.period_month, contact_time.contact_id, labour.vendor_id
),

final as (
    select
        served.period_month,
        served.contact_id,
        served.vendor_id,
        terms.payment_basis,
        served.handle_seconds,
        case terms.payment_basis
            when 'minute' then {{ share_of('terms.unit_price_amount', 'served.handle_seconds', 60) }}
            when 'contact' then case when served.conversation_units > 0 then terms.unit_price_amount else 0 end
            when 'outcome' then case when contacts.agent_logged_resolved then terms.unit_price_amount else 0 end
        end as fee_amount
    from served
    inner join terms
        on
            served.period_month = terms.period_month
            and served.vendor_id = terms.vendor_id
    inner join contacts
        on served.contact_id = contacts.contact_id
    where contacts.direction <> 'internal'
)

select * from final
