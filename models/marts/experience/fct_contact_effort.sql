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

after_others as (
    select * from {{ ref('fct_repeat_contacts') }}
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

counted as (
    select
        repeats.*,
        case when repeats.is_repeat is not null then case when repeats.is_repeat then 1 else 0 end end as repeat_count,
        case
            when repeats.is_repeat is null then null
            when not after_others.is_same_channel then 1
            else 0
        end as channel_switch_count
    from repeats
    left join after_others
        on repeats.contact_id = after_others.contact_id
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
