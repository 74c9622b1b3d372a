-- One row per delivery, good or not, of the contact records of which a new load brought one: what a row said before matters as much as
-- what it says now. Read once here for all lists of what a build touches; empty in a full build.
{{ config(materialized='table') }}

select
    contact_id,
    initial_contact_id,
    customer_id,
    started_at
from {{ deliveries_of_new_keys('contacts') }}
where {{ is_needed_to_touch() }}
