-- One row per lengthy contact: a conversation of at least a quarter of an hour, and longer than most in its queue (M48). With what it cost,
-- and what else it may have cost: callers who gave up while it lasted, between none that anybody could have answered and all of them.
with

conversations as (
    select * from {{ ref('int_conversations') }}
    where is_lengthy
),

abandons as (
    select * from {{ ref('int_lengthy_abandons') }}
),

caller_margins as (
    select * from {{ ref('int_queue_caller_margins') }}
),

abandon_losses as (
    select * from {{ ref('abandon_losses') }}
),

costed_contacts as (
    select * from {{ ref('fct_costed_contacts') }}
),

numbered as (
    select
        contact_id,
        row_number() over (partition by customer_id order by conversation_started_at, contact_id) as lengthy_number,
        count(*) over (partition by customer_id) as customer_lengthy_count
    from conversations
    where customer_id is not null
),

joined as (
    select
        conversations.*,
        numbered.lengthy_number,
        numbered.customer_lengthy_count,
        costed_contacts.cost_amount,
        abandons.abandon_count,
        abandons.capacity_abandon_count,
        abandons.unknown_staffing_abandon_count,
        abandons.shared_abandon_count,
        caller_margins.margin_amount as caller_margin_amount,
        coalesce(own_losses.lost_probability, any_losses.lost_probability) as lost_probability,
        coalesce(own_losses.probability_low, any_losses.probability_low) as probability_low,
        coalesce(own_losses.probability_high, any_losses.probability_high) as probability_high
    from conversations
    left join numbered
        on conversations.contact_id = numbered.contact_id
    left join costed_contacts
        on conversations.contact_id = costed_contacts.contact_id
    left join abandons
        on conversations.contact_id = abandons.contact_id
    left join caller_margins
        on conversations.queue_id = caller_margins.queue_id
    left join abandon_losses as own_losses
        on
            conversations.queue_id = own_losses.queue_id
            and conversations.business_date between own_losses.effective_from and own_losses.effective_to
    left join abandon_losses as any_losses
        on
            any_losses.queue_id = 'any'
            and conversations.business_date between any_losses.effective_from and any_losses.effective_to
),

final as (
    select
        contact_id,
        customer_id,
        business_date,
        month_start_date,
        direction,
        channel,
        queue_id,
        program_id,
        vendor_id,
        reason_code,
        product_line_id,
        last_agent_id,
        conversation_started_at,
        conversation_ended_at,
        talk_seconds,
        hold_seconds,
        handle_seconds,
        threshold_seconds,
        threshold_rule,
        excess_seconds,
        cast(lengthy_number as bigint) as lengthy_number,
        cast(customer_lengthy_count as bigint) as customer_lengthy_count,
        cast(cost_amount as decimal(18, 6)) as cost_amount,
        abandon_count,
        capacity_abandon_count,
        unknown_staffing_abandon_count,
        shared_abandon_count,
        caller_margin_amount,
        -- its share of those whom nobody could have answered
        cast(
            cast(shared_abandon_count as decimal(12, 6)) * cast(caller_margin_amount as decimal(12, 6))
            * cast(probability_low as decimal(7, 6)) as decimal(18, 6)
        ) as expected_loss_low_amount,
        cast(
            cast(shared_abandon_count as decimal(12, 6)) * cast(caller_margin_amount as decimal(12, 6))
            * cast(lost_probability as decimal(7, 6)) as decimal(18, 6)
        ) as expected_loss_amount,
        -- all of them, as if this conversation alone had kept the queue waiting
        cast(
            cast(capacity_abandon_count + unknown_staffing_abandon_count as decimal(12, 0)) * cast(caller_margin_amount as decimal(12, 6))
            * cast(probability_high as decimal(7, 6)) as decimal(18, 6)
        ) as expected_loss_high_amount,
        case
            when abandon_count is null then 'queue or end of the conversation unknown'
            when caller_margin_amount is null then 'no sales known after contacts of the queue'
            when lost_probability is null then 'no loss decided for the day'
        end as loss_null_reason
    from joined
)

select * from final
