-- One row per contact that is one of several pieces of a cut-off conversation: a customer's contact that begins within the grace after
-- their last one was cut off continues it (M10). Their last one is the one that began last; only live contacts can be cut off, and one that
-- ended before it began was cut off when it began. Contacts that stand alone have no row.
{{ config(materialized=kept(), incremental_strategy='touched', unique_key='customer_id') }}

with

contacts as (
    select
        contact_id,
        customer_id,
        started_at,
        case when ended_at < started_at then started_at else ended_at end as ended_at,
        coalesce(is_live and disconnect_reason in ('telecom_problem', 'other'), false) as is_cut_off
    from {{ ref('int_built_contacts') }}
    where
        exclusion_reason is null
        and is_identified
        and direction = 'inbound'
),

customers_cut_off as (
    select customer_id
    from contacts
    where
        is_cut_off
        and ended_at is not null
    group by customer_id
),

in_order as (
    select
        contacts.customer_id,
        contacts.contact_id,
        contacts.started_at,
        lag(contacts.is_cut_off) over by_start as was_cut_off,
        lag(contacts.ended_at) over by_start as previous_ended_at
    from contacts
    inner join customers_cut_off
        on contacts.customer_id = customers_cut_off.customer_id
    window by_start as (partition by contacts.customer_id order by contacts.started_at, contacts.contact_id)
),

marked as (
    select
        *,
        coalesce(
            was_cut_off
            and started_at >= previous_ended_at
            and started_at <= {{ seconds_after('previous_ended_at', 60 * var('reconnect_grace_minutes')) }},
            false
        ) as is_reconnect
    from in_order
),

grouped as (
    select
        *,
        {{ last_known('case when not is_reconnect then contact_id end', 'until_here') }} as session_id,
        lead(is_reconnect) over by_start as is_reconnected
    from marked
    window
        by_start as (partition by customer_id order by started_at, contact_id),
        until_here as (partition by customer_id order by started_at, contact_id rows between unbounded preceding and current row)
),

final as (
    select
        contact_id,
        session_id,
        is_reconnect,
        customer_id
    from grouped
    where is_reconnect or coalesce(is_reconnected, false)
)

select * from final
