-- One row per save episode: at-risk events of a customer about one subscription, each within so many days of the one before (M27). It
-- opens with the first, and ends when so many days have passed without another.
{{ config(materialized='table') }}
{%- set gap = 86400 * var('save_episode_gap_days') %}

with

requests as (
    select
        *,
        coalesce(subscription_id, '') as subscription_key,
        case entry_door
            when 'stated_cancel_intent' then 1
            when 'cancel_notice' then 2
            when 'complaint' then 3
            else 4
        end as door_rank
    from {{ ref('int_save_requests') }}
),

compared as (
    select
        *,
        lag(requested_at) over (
            partition by customer_id, subscription_key
            order by requested_at, door_rank, request_id
        ) as previous_requested_at
    from requests
),

numbered as (
    select
        *,
        sum(
            case when previous_requested_at is null or requested_at > {{ seconds_after('previous_requested_at', gap) }} then 1 else 0 end
        ) over (
            partition by customer_id, subscription_key
            order by requested_at, door_rank, request_id
            rows between unbounded preceding and current row
        ) as episode_number
    from compared
),

episodes as (
    select
        customer_id,
        subscription_key,
        episode_number,
        min(requested_at) as opened_at,
        max(requested_at) as last_requested_at,
        count(*) as request_count,
        {{ earliest('request_id', ['requested_at', 'door_rank', 'request_id']) }} as request_id,
        {{ earliest('entry_door', ['requested_at', 'door_rank', 'request_id']) }} as entry_door,
        {{ earliest('contact_id', ['requested_at', 'door_rank', 'request_id']) }} as contact_id,
        {{ latest('contact_id', ['requested_at', 'door_rank', 'request_id']) }} as last_contact_id,
        {{ earliest('product_line_id', ['requested_at', 'door_rank', 'request_id']) }} as product_line_id,
        {{ earliest('business_date', ['requested_at', 'door_rank', 'request_id']) }} as business_date,
        max(case when entry_door in ('stated_cancel_intent', 'cancel_notice') then 1 else 0 end) = 1 as is_wish_to_cancel,
        min(case when entry_door = 'cancel_notice' then 1 else 0 end) = 1 as is_notice_only
    from numbered
    group by customer_id, subscription_key, episode_number
),

-- one wish told twice, once with and once without the name of the subscription, is one
ordered as (
    select
        *,
        max(case when subscription_key = '' then opened_at end) over before as unnamed_opened_at,
        max(case when subscription_key <> '' then opened_at end) over before as named_opened_at
    from episodes
    window before as (
        partition by customer_id
        order by opened_at, subscription_key, episode_number
        rows between unbounded preceding and 1 preceding
    )
),

final as (
    select
        {{ dbt.concat(["request_id", "':'", "case when subscription_key = '' then 'any' else subscription_key end"]) }} as episode_id,
        customer_id,
        nullif(subscription_key, '') as subscription_id,
        entry_door,
        opened_at,
        {{ seconds_after('last_requested_at', gap) }} as closes_at,
        business_date,
        contact_id,
        last_contact_id,
        product_line_id,
        request_count,
        is_wish_to_cancel,
        is_notice_only,
        coalesce(
            opened_at <= {{ seconds_after("case when subscription_key = '' then named_opened_at else unnamed_opened_at end", gap) }},
            false
        ) as is_duplicate
    from ordered
)

select * from final
