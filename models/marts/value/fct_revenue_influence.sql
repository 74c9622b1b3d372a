-- One row per window, sale and contact of its customer that ended within the window before it: how the sale is shared between such
-- contacts by the last, the linear and the first model (M30). It is a memo beside the departments' totals, credits no sale more than once
-- over, and says nothing of what would have been bought without the contact.
{{ config(materialized='table') }}
{%- set windows = var('attribution_windows') %}
{%- set amounts = {'last_eligible': 'shared.last_amount', 'linear': 'shared.linear_amount', 'first': 'shared.first_amount'} %}

with

sales as (
    select * from {{ ref('int_transaction_amounts') }}
    where net_amount is not null
),

influencing_contacts as (
    select * from {{ ref('int_influencing_contacts') }}
),

contacts as (
    select * from {{ ref('fct_contacts') }}
),

as_of as (
    select as_of
    from {{ ref('int_as_of') }}
    where domain = 'value'
),

-- where the record says which contact made the sale, nobody else is credited
recorded as (
    select
        sales.transaction_id,
        contacts.contact_id,
        case when contacts.direction = 'outbound' then 'sales' else 'service' end as contact_type,
        coalesce(contacts.ended_at, contacts.started_at) as ended_at,
        contacts.started_at
    from sales
    inner join contacts
        on sales.cause_contact_id = contacts.contact_id
    where sales.occurred_at >= contacts.started_at
),

candidates as (
    select
        sales.transaction_id,
        recorded.contact_id,
        recorded.contact_type,
        recorded.ended_at,
        sales.occurred_at,
        true as is_recorded_cause,
        case
            when sales.occurred_at <= recorded.ended_at then 0
            else {{ seconds_between('recorded.ended_at', 'sales.occurred_at') }}
        end as seconds_after_contact
    from sales
    inner join recorded
        on sales.transaction_id = recorded.transaction_id

    union all

    select
        sales.transaction_id,
        influencing_contacts.contact_id,
        influencing_contacts.contact_type,
        influencing_contacts.ended_at,
        sales.occurred_at,
        false as is_recorded_cause,
        {{ seconds_between('influencing_contacts.ended_at', 'sales.occurred_at') }} as seconds_after_contact
    from sales
    inner join influencing_contacts
        on
            sales.customer_id = influencing_contacts.customer_id
            and sales.occurred_at > influencing_contacts.ended_at
            and sales.occurred_at <= {{ seconds_after('influencing_contacts.ended_at', 86400 * windows | max) }}
    left join recorded
        on sales.transaction_id = recorded.transaction_id
    where recorded.transaction_id is null
),

windows as (
    {%- for days in windows %}
    select cast({{ days }} as bigint) as window_days
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

in_windows as (
    select
        windows.window_days,
        candidates.*,
        row_number() over by_time as contact_number,
        count(*) over (partition by windows.window_days, candidates.transaction_id) as contact_count
    from candidates
    inner join windows
        on candidates.occurred_at <= {{ seconds_after('candidates.ended_at', '86400 * windows.window_days') }}
    window by_time as (
        partition by windows.window_days, candidates.transaction_id
        order by candidates.ended_at, candidates.contact_id
    )
),

shared as (
    select
        in_windows.*,
        sales.customer_id,
        sales.kind,
        sales.department,
        sales.product_line_id,
        sales.net_amount,
        case when in_windows.contact_number = in_windows.contact_count then sales.net_amount else cast(0 as decimal(18, 6)) end
            as last_amount,
        {{ share_between(
            'sales.net_amount', 'in_windows.contact_number - 1', 'in_windows.contact_number', 'in_windows.contact_count'
        ) }} as linear_amount,
        case when in_windows.contact_number = 1 then sales.net_amount else cast(0 as decimal(18, 6)) end as first_amount
    from in_windows
    inner join sales
        on in_windows.transaction_id = sales.transaction_id
),

final as (
    select
        shared.window_days,
        shared.transaction_id,
        shared.contact_id,
        shared.window_days = {{ var('attribution_window_days') }} as is_headline,
        shared.customer_id,
        shared.contact_type,
        contacts.business_date,
        contacts.channel,
        contacts.queue_id,
        contacts.program_id,
        contacts.vendor_id,
        contacts.reason_code,
        shared.kind as transaction_kind,
        shared.department,
        shared.product_line_id,
        shared.occurred_at,
        shared.is_recorded_cause,
        cast(shared.seconds_after_contact as bigint) as seconds_after_contact,
        cast(shared.contact_number as bigint) as contact_number,
        cast(shared.contact_count as bigint) as contact_count,
        shared.net_amount,
        cast(shared.last_amount as decimal(18, 6)) as last_amount,
        cast(shared.linear_amount as decimal(18, 6)) as linear_amount,
        cast(shared.first_amount as decimal(18, 6)) as first_amount,
        cast({{ amounts[var('attribution_model')] }} as decimal(18, 6)) as credited_amount,
        coalesce(
            {{ seconds_after('shared.ended_at', '86400 * shared.window_days + ' ~ 3600 * var('ingestion_lag_hours')) }} <= as_of.as_of,
            false
        ) as is_mature,
        'descriptive' as level_of_claim
    from shared
    inner join contacts
        on shared.contact_id = contacts.contact_id
    left join as_of
        on true
)

select * from final
