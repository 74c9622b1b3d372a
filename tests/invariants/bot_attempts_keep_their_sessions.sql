-- A failure means that a delivered bot session is in no attempt, or in two, or that an attempt's session count is not what its
-- sessions are. What to do: find the session in int_bot_sessions, then in int_bot_attempt_sessions; a local day without an offset of
-- the reporting zone loses it, a contact that stands twice doubles it.
with

sessions as (
    select count(*) as session_count from {{ ref('stg_bot_sessions') }}
),

attempts as (
    select coalesce(sum(session_count), 0) as session_count from {{ ref('fct_bot_attempts') }}
),

attempt_sessions as (
    select count(*) as session_count from {{ ref('int_bot_attempt_sessions') }}
)

select
    sessions.session_count as delivered_session_count,
    attempt_sessions.session_count as clustered_session_count,
    attempts.session_count as counted_session_count
from sessions
cross join attempts
cross join attempt_sessions
where
    sessions.session_count is distinct from attempts.session_count
    or sessions.session_count is distinct from attempt_sessions.session_count
