-- One row per contact: the records of one customer session put together. What the records disagree on is taken from the
-- first record that knows it; what the end of the session decides, from the last.
{%- set record_order = ['is_later_record', 'started_at', 'contact_record_id'] %}

with

records as (
    select * from {{ ref('stg_contacts') }}
    where {{ is_touched('contact_id', 'int_touched_contact_records') }}
),

links as (
    select * from {{ ref('int_contact_links') }}
),

single_records as (
    select
        records.contact_id,
        cast(1 as bigint) as contact_record_count,
        records.customer_id,
        records.identity_confidence,
        records.channel,
        records.direction,
        records.initiation_method,
        records.purpose,
        records.queue_id,
        records.reason_code,
        records.product_line_id,
        records.campaign_id,
        records.started_at,
        records.ended_at,
        records.ended_at as first_ended_at,
        records.disconnect_reason,
        records.agent_logged_resolved,
        records.stated_cancel_intent,
        records.is_complaint,
        records.callback_offered,
        records.callback_accepted,
        records.applications_used,
        records.is_test,
        records.source_outcome,
        records.source_exclusion,
        cast(0 as bigint) as callback_attempt_count,
        records.updated_at
    from records
    left join links
        on records.contact_id = links.contact_record_id
    where links.contact_record_id is null
),

linked_records as (
    select
        links.contact_id as stitched_contact_id,
        links.contact_record_id,
        links.is_callback_attempt,
        -- clocks differ: the record that the others name is the first also where another one starts before it
        case when links.contact_record_id = links.contact_id then 0 else 1 end as is_later_record,
        records.*
    from records
    inner join links
        on records.contact_id = links.contact_record_id
),

stitched_records as (
    select
        stitched_contact_id as contact_id,
        count(*) as contact_record_count,
        {{ earliest('customer_id', record_order) }} as customer_id,
        -- of the record that gives the customer, also where that record has none
        nullif(
            {{ earliest("case when customer_id is not null then coalesce(identity_confidence, '') end", record_order) }}, ''
        ) as identity_confidence,
        {{ earliest('channel', record_order) }} as channel,
        {{ earliest('direction', record_order) }} as direction,
        {{ earliest('initiation_method', record_order) }} as initiation_method,
        {{ earliest('purpose', record_order) }} as purpose,
        {{ earliest('queue_id', record_order) }} as queue_id,
        {{ earliest('reason_code', record_order) }} as reason_code,
        {{ earliest('product_line_id', record_order) }} as product_line_id,
        {{ earliest('campaign_id', record_order) }} as campaign_id,
        min(started_at) as started_at,
        case when count(ended_at) = count(*) then max(ended_at) end as ended_at,
        {{ earliest('ended_at', record_order) }} as first_ended_at,
        {{ latest('disconnect_reason', record_order) }} as disconnect_reason,
        {{ latest('agent_logged_resolved', record_order) }} as agent_logged_resolved,
        {{ dbt.bool_or('stated_cancel_intent') }} as stated_cancel_intent,
        {{ dbt.bool_or('is_complaint') }} as is_complaint,
        {{ dbt.bool_or('callback_offered') }} as callback_offered,
        {{ dbt.bool_or('callback_accepted') }} as callback_accepted,
        max(applications_used) as applications_used,
        {{ dbt.bool_or('is_test') }} as is_test,
        {{ earliest('source_outcome', record_order) }} as source_outcome,
        {{ earliest('source_exclusion', record_order) }} as source_exclusion,
        count(case when is_callback_attempt then 1 end) as callback_attempt_count,
        max(updated_at) as updated_at
    from linked_records
    group by stitched_contact_id
),

final as (
    select * from single_records
    union all
    select * from stitched_records
)

select * from final
