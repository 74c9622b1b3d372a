-- One row per contact, month and outsourced vendor that is paid by minute of handling, by handled contact or by outcome: the fee (M34).
-- An outcome is what an agent of the vendor talked about and was logged as resolved; internal contacts are not paid.
{{ config(materialized='table') }}

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

agents as (
    select * from {{ ref('dim_agent') }}
),

work_spans as (
    select * from {{ ref('int_agent_work_spans') }}
    where
        kind <> 'wrap'
        and held_seconds + worked_seconds > 0
),

months as (
    select
        period_month,
        min(begins_at) as begins_at
    from {{ ref('int_cost_months') }}
    where {{ is_touched('period_month') }}
    group by period_month
),

served as (
    select
        contact_time.period_month,
        contact_time.contact_id,
        labour.vendor_id,
        terms.payment_basis,
        terms.unit_price_amount,
        cast(sum(contact_time.handle_seconds) as bigint) as handle_seconds,
        sum(contact_time.talk_units + contact_time.hold_units + contact_time.message_units) as conversation_units
    from contact_time
    inner join labour
        on
            contact_time.period_month = labour.period_month
            and contact_time.agent_id = labour.agent_id
    inner join terms
        on
            labour.period_month = terms.period_month
            and labour.vendor_id = terms.vendor_id
    group by contact_time.period_month, contact_time.contact_id, labour.vendor_id, terms.payment_basis, terms.unit_price_amount
),

paid as (
    select
        served.*,
        contacts.agent_logged_resolved,
        months.begins_at,
        contacts.started_at < months.begins_at as has_begun_before
    from served
    inner join contacts
        on served.contact_id = contacts.contact_id
    inner join months
        on served.period_month = months.period_month
    where contacts.direction <> 'internal'
),

-- what a vendor was paid for in the month before is not paid again where the contact goes on
served_before as (
    select
        paid.period_month,
        paid.contact_id,
        paid.vendor_id
    from paid
    inner join work_spans
        on
            paid.contact_id = work_spans.contact_id
            and paid.begins_at > work_spans.started_at
    inner join agents
        on
            work_spans.agent_id = agents.agent_id
            and paid.vendor_id = agents.vendor_id
            and cast(work_spans.started_at as date) >= agents.effective_from
            and cast(work_spans.started_at as date) < agents.effective_before
    where paid.has_begun_before
    group by paid.period_month, paid.contact_id, paid.vendor_id
),

final as (
    select
        paid.period_month,
        paid.contact_id,
        paid.vendor_id,
        paid.payment_basis,
        paid.handle_seconds,
        cast(
            case paid.payment_basis
                when 'minute' then {{ share_of('paid.unit_price_amount', 'paid.handle_seconds', 60) }}
                when 'contact'
                    then case
                        when paid.conversation_units > 0 and served_before.contact_id is null then paid.unit_price_amount
                        else 0
                    end
                when 'outcome'
                    then case
                        when paid.agent_logged_resolved and paid.conversation_units > 0 and served_before.contact_id is null
                            then paid.unit_price_amount
                        else 0
                    end
            end as decimal(18, 6)
        ) as fee_amount
    from paid
    left join served_before
        on
            paid.period_month = served_before.period_month
            and paid.contact_id = served_before.contact_id
            and paid.vendor_id = served_before.vendor_id
)

select * from final
