-- One row per delivery, good or not, of the bot sessions of which a new load brought one: what a row said before matters as much as what
-- it says now. Read once here for all lists of what a build touches; empty in a full build.
{{ config(materialized='table') }}

select
    session_id,
    customer_id,
    contact_id,
    handed_off_contact_id
from {{ deliveries_of_new_keys('bot_sessions') }}
where {{ is_needed_to_touch() }}
