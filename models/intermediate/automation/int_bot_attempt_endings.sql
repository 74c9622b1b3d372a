-- One row per attempt of a customer with a bot: its sessions put together, what came next, however late, and the contact that it was
-- handed to (M08).
{{ config(materialized=kept(), incremental_strategy='touched', unique_key='attempt_id') }}

with

attempts as (
    select * from {{ ref('int_bot_attempts') }}
),

returns as (
    select * from {{ ref('int_bot_returns') }}
),

contacts as (
    select * from {{ ref('fct_contacts') }}
),

sentiment as (
    select * from {{ ref('int_handoff_sentiment') }}
),

final as (
    select
        attempts.*,
        returns.return_contact_id,
        returns.return_channel,
        returns.returned_at,
        returns.any_return_contact_id,
        returns.any_return_channel,
        returns.any_returned_at,
        handed_off.channel as handed_off_channel,
        handed_off.is_handled as is_handoff_answered,
        handed_off.handle_seconds as handoff_handle_seconds,
        sentiment.engine as handoff_sentiment_engine,
        sentiment.engine_version as handoff_sentiment_engine_version,
        sentiment.sentiment_shift as handoff_sentiment_shift
    from attempts
    left join returns
        on attempts.attempt_id = returns.attempt_id
    left join contacts as handed_off
        on attempts.handed_off_contact_id = handed_off.contact_id
    left join sentiment
        on attempts.handed_off_contact_id = sentiment.contact_id
)

select * from final
