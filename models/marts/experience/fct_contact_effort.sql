-- One row per handled inbound contact of an identified customer: what made it an effort for the customer, counted without a survey (M18).
-- Proving again who one is would be a driver too; no raw table delivers it, so it is left out (seed observed_effort_drivers).
{{ config(
    materialized=kept(), incremental_strategy='touched', unique_key='customer_id', on_schema_change='fail'
) }}

with

repeats as (
    select * from {{ ref('int_contact_repeats') }}
    where {{ is_touched('customer_id') }}
),

sessions as (
    select * from {{ ref('int_contact_sessions') }}
),

reconnects as (
    select * from {{ ref('int_contact_reconnects') }}
),

contacts as (
    select * from {{ ref('int_built_contacts') }}
),

drivers as (
    select * from {{ ref('observed_effort_drivers') }}
),

weights as (
    select
        coalesce(max(case when driver = 'repeat' then weight end), 0) as repeat_weight,
        coalesce(max(case when driver = 'transfer' then weight end), 0) as transfer_weight,
        coalesce(max(case when driver = 'channel_switch' then weight end), 0) as channel_switch_weight,
        coalesce(max(case when driver = 'long_wait' then weight end), 0) as long_wait_weight
    from drivers
    where is_delivered
),

-- each piece of a contact has its own wait; one that nobody knows makes the number of long ones unknown
waits as (
    select
        coalesce(reconnects.session_id, contacts.contact_id) as session_id,
        case
            when
                count(case when contacts.is_live then contacts.customer_wait_seconds end)
                + count(case when not contacts.is_live and contacts.is_responded_in_time is not null then 1 end)
                = count(*)
                then count(
                    case
                        when contacts.is_live and contacts.customer_wait_seconds > {{ var('long_wait_seconds') }} then 1
                        when not contacts.is_live and not contacts.is_responded_in_time then 1
                    end
                )
        end as long_wait_count
    from contacts
    left join reconnects
        on contacts.contact_id = reconnects.contact_id
    group by coalesce(reconnects.session_id, contacts.contact_id)
),

counted as (
    select
        repeats.*,
        case when repeats.is_repeat is not null then case when repeats.is_repeat then 1 else 0 end end as repeat_count,
        sessions.transfer_count,
        case
            when repeats.is_repeat is null then null
            when previous_sessions.channel <> sessions.channel then 1
            else 0
        end as channel_switch_count,
        waits.long_wait_count
    from repeats
    inner join sessions
        on repeats.contact_id = sessions.session_id
    left join sessions as previous_sessions
        on repeats.previous_contact_id = previous_sessions.session_id
    left join waits
        on repeats.contact_id = waits.session_id
),

final as (
    select
        counted.contact_id,
        counted.customer_id,
        counted.business_date,
        counted.channel,
        counted.queue_id,
        counted.program_id,
        counted.vendor_id,
        counted.reason_code,
        counted.product_line_id,
        counted.last_agent_id,
        cast(counted.repeat_count as bigint) as repeat_count,
        counted.transfer_count,
        cast(counted.channel_switch_count as bigint) as channel_switch_count,
        cast(counted.long_wait_count as bigint) as long_wait_count,
        cast(
            counted.repeat_count * weights.repeat_weight
            + counted.transfer_count * weights.transfer_weight
            + counted.channel_switch_count * weights.channel_switch_weight
            + counted.long_wait_count * weights.long_wait_weight
            as decimal(18, 6)
        ) as effort_points,
        case
            when counted.repeat_count is null then 'reason unknown'
            when counted.long_wait_count is null then 'wait unknown'
        end as effort_null_reason
    from counted
    cross join weights
)

select * from final
