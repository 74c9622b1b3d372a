-- One row per group of customers, and one for all: who ever had a lengthy conversation, who had others, and who had none, with all that
-- they bought in view (M48). It describes: what customers of the first group bought before their conversation, and what would have brought
-- them there anyway, is in it too. fct_comparison_effects compares.
with

customers as (
    select * from {{ ref('dim_customer') }}
    where not is_staff
),

denied_customer_ids as (
    select customer_id
    from {{ ref('denied_customer_ids') }}
    group by customer_id
),

conversations as (
    select
        customer_id,
        count(*) as conversation_count,
        count(case when is_lengthy then 1 end) as lengthy_count
    from {{ ref('int_conversations') }}
    where customer_id is not null
    group by customer_id
),

contacted as (
    select customer_id
    from {{ ref('fct_contacts') }}
    where
        is_handled
        and is_identified
        and exclusion_reason is null
    group by customer_id
),

sales as (
    select
        customer_id,
        count(*) as sale_count,
        sum(net_amount) as net_amount,
        sum(net_margin_amount) as margin_amount,
        count(*) - count(net_margin_amount) as unknown_margin_count,
        count(case when kind = 'donation' then 1 end) as donation_count,
        sum(case when kind = 'donation' then net_amount end) as donation_amount,
        sum(case when kind = 'donation' then net_margin_amount end) as donation_margin_amount,
        sum(case when kind = 'ticket' then units end) as ticket_units,
        sum(case when kind = 'ticket' then net_amount end) as ticket_amount,
        sum(case when kind = 'ticket' then net_margin_amount end) as ticket_margin_amount
    from {{ ref('int_transaction_amounts') }}
    where
        customer_id is not null
        and kind <> 'renewal'
    group by customer_id
),

grouped as (
    select
        customers.customer_id,
        case
            when conversations.lengthy_count > 0 then 'lengthy'
            when contacted.customer_id is not null then 'contacted, not lengthily'
            else 'never contacted'
        end as contact_group,
        coalesce(conversations.conversation_count, 0) as conversation_count,
        coalesce(conversations.lengthy_count, 0) as lengthy_count,
        coalesce(sales.sale_count, 0) as sale_count,
        coalesce(sales.net_amount, 0) as net_amount,
        coalesce(sales.margin_amount, 0) as margin_amount,
        coalesce(sales.unknown_margin_count, 0) as unknown_margin_count,
        coalesce(sales.donation_count, 0) as donation_count,
        coalesce(sales.donation_amount, 0) as donation_amount,
        coalesce(sales.donation_margin_amount, 0) as donation_margin_amount,
        coalesce(sales.ticket_units, 0) as ticket_units,
        coalesce(sales.ticket_amount, 0) as ticket_amount,
        coalesce(sales.ticket_margin_amount, 0) as ticket_margin_amount
    from customers
    left join denied_customer_ids
        on customers.customer_id = denied_customer_ids.customer_id
    left join conversations
        on customers.customer_id = conversations.customer_id
    left join contacted
        on customers.customer_id = contacted.customer_id
    left join sales
        on customers.customer_id = sales.customer_id
    where denied_customer_ids.customer_id is null
),

with_all as (
    select * from grouped

    union all

    select
        customer_id,
        'all' as contact_group,
        conversation_count,
        lengthy_count,
        sale_count,
        net_amount,
        margin_amount,
        unknown_margin_count,
        donation_count,
        donation_amount,
        donation_margin_amount,
        ticket_units,
        ticket_amount,
        ticket_margin_amount
    from grouped
),

ranked as (
    select
        *,
        row_number() over (partition by contact_group order by margin_amount, customer_id) as margin_rank,
        count(*) over (partition by contact_group) as group_count
    from with_all
),

added_up as (
    select
        contact_group,
        count(*) as customer_count,
        count(case when sale_count > 0 then 1 end) as buyer_count,
        sum(conversation_count) as conversation_count,
        sum(lengthy_count) as lengthy_count,
        count(case when lengthy_count = 1 then 1 end) as lengthy_once_count,
        sum(sale_count) as sale_count,
        sum(unknown_margin_count) as unknown_margin_count,
        sum(net_amount) as net_amount,
        sum(margin_amount) as margin_amount,
        min(case when 2 * margin_rank >= group_count then margin_amount end) as median_margin_amount,
        sum(donation_count) as donation_count,
        sum(donation_amount) as donation_amount,
        sum(donation_margin_amount) as donation_margin_amount,
        sum(ticket_units) as ticket_units,
        sum(ticket_amount) as ticket_amount,
        sum(ticket_margin_amount) as ticket_margin_amount
    from ranked
    group by contact_group
),

totals as (
    select * from added_up
    where contact_group = 'all'
),

final as (
    select
        added_up.contact_group,
        added_up.customer_count,
        added_up.buyer_count,
        cast(added_up.conversation_count as bigint) as conversation_count,
        cast(added_up.lengthy_count as bigint) as lengthy_count,
        added_up.lengthy_once_count,
        cast({{ share_of('cast(1000 as decimal(18, 6))', 'added_up.lengthy_count', 'added_up.conversation_count') }} as decimal(18, 6))
            as lengthy_per_thousand_conversations,
        cast(added_up.sale_count as bigint) as sale_count,
        cast(added_up.unknown_margin_count as bigint) as unknown_margin_count,
        cast(added_up.net_amount as decimal(18, 6)) as net_amount,
        cast(added_up.margin_amount as decimal(18, 6)) as margin_amount,
        {%- for name in ['customer_count', 'net_amount', 'margin_amount', 'donation_amount', 'ticket_amount', 'ticket_units'] %}
        cast({{ statistic(
            'cast(added_up.' ~ name ~ ' as ' ~ double_type() ~ ') / nullif(cast(totals.' ~ name ~ ' as ' ~ double_type() ~ '), 0)'
        ) }} as decimal(18, 6)) as {{ name }}_share,
        {%- endfor %}
        cast({{ statistic('cast(added_up.margin_amount as ' ~ double_type() ~ ') / added_up.customer_count') }} as decimal(18, 6))
            as mean_margin_amount,
        cast(added_up.median_margin_amount as decimal(18, 6)) as median_margin_amount,
        cast(added_up.donation_count as bigint) as donation_count,
        cast(added_up.donation_amount as decimal(18, 6)) as donation_amount,
        cast(added_up.donation_margin_amount as decimal(18, 6)) as donation_margin_amount,
        cast(added_up.ticket_units as decimal(18, 6)) as ticket_units,
        cast(added_up.ticket_amount as decimal(18, 6)) as ticket_amount,
        cast(added_up.ticket_margin_amount as decimal(18, 6)) as ticket_margin_amount,
        'descriptive' as level_of_claim
    from added_up
    cross join totals
)

select * from final
