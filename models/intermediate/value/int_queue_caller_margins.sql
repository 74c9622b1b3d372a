-- One row per queue: the margin of sales that followed its handled contacts, for each of them (M48). What a caller is worth who was not
-- answered, if the call is all that was lost; sales are credited by the headline window and model (M30).
with

contacts as (
    select * from {{ ref('fct_contacts') }}
    where
        is_handled
        and is_identified
        and exclusion_reason is null
        and queue_id is not null
),

influence as (
    select * from {{ ref('fct_revenue_influence') }}
    where
        is_headline
        and is_mature
        and net_amount > 0
),

sales as (
    select * from {{ ref('int_transaction_amounts') }}
),

as_of as (
    select * from {{ ref('int_as_of') }}
    where domain = 'value'
),

credited as (
    select
        influence.contact_id,
        sum(
            cast(influence.credited_amount as {{ double_type() }}) / cast(influence.net_amount as {{ double_type() }})
            * cast(sales.net_margin_amount as {{ double_type() }})
        ) as margin_amount
    from influence
    inner join sales
        on influence.transaction_id = sales.transaction_id
    group by influence.contact_id
),

final as (
    select
        contacts.queue_id,
        count(*) as contact_count,
        cast({{ statistic('sum(coalesce(credited.margin_amount, 0)) / count(*)') }} as decimal(18, 6)) as margin_amount
    from contacts
    inner join as_of
        on
            {{ seconds_after('contacts.ended_at', 86400 * var('attribution_window_days') + 3600 * var('ingestion_lag_hours')) }}
            <= as_of.as_of
    left join credited
        on contacts.contact_id = credited.contact_id
    group by contacts.queue_id
    having count(*) >= {{ var('minimum_n_publish') }}
)

select * from final
