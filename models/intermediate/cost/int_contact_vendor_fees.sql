-- One row per contact, month and outsourced vendor that is paid by minute of handling, by handled contact or by outcome: the fee (M34).
-- An outcome is what an agent of the vendor talked about and was logged as resolved; internal contacts are not paid.
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
        cast(sum(contact_time.handle_seconds) as bigint) as handle_seconds,
        sum(contact_time.talk_units + contact_time.hold_units + contact_time.message_units) as conversation_units
    from contact_time
    inner join labour
        on
            contact_time.period_month = labour.period_month
            and contact_time.agent_id = labour.agent_id
    group by contact_time.period_month, contact_time.contact_id, labour.vendor_id
),

-- what a vendor was paid for in the month before is not paid again where the contact goes on
served_before as (
    select
        served.period_month,
        served.contact_id,
        served.vendor_id
    from served
    inner join months
        on served.period_month = months.period_month
    inner join contacts
        on
            served.contact_id = contacts.contact_id
            and contacts.started_at < months.begins_at
    inner join work_spans
        on
            served.contact_id = work_spans.contact_id
            and work_spans.started_at < months.begins_at
    inner join agents
        on
            work_spans.agent_id = agents.agent_id
            and served.vendor_id = agents.vendor_id
            and cast(work_spans.started_at as date) >= agents.effective_from
            and cast(work_spans.started_at as date) < agents.effective_before
    group by served.period_month, served.contact_id, served.vendor_id
),

final as (
    select
        served.period_month,
        served.contact_id,
        served.vendor_id,
        terms.payment_basis,
        served.handle_seconds,
        cast(
            case terms.payment_basis
                when 'minute' then {{ share_of('terms.unit_price_amount', 'served.handle_seconds', 60) }}
                when 'contact'
                    then case
                        when served.conversation_units > 0 and served_before.contact_id is null then terms.unit_price_amount
                        else 0
                    end
                when 'outcome'
                    then case
                        when contacts.agent_logged_resolved and served.conversation_units > 0 and served_before.contact_id is null
                            then terms.unit_price_amount
                        else 0
                    end
            end as decimal(18, 6)
        ) as fee_amount
    from served
    inner join terms
        on
            served.period_month = terms.period_month
            and served.vendor_id = terms.vendor_id
    inner join contacts
        on served.contact_id = contacts.contact_id
    left join served_before
        on
            served.period_month = served_before.period_month
            and served.contact_id = served_before.contact_id
            and served.vendor_id = served_before.vendor_id
    where contacts.direction <> 'internal'
)

select * from final
