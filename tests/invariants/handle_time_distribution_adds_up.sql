-- A failure means that the distribution of handle time loses contacts or revenue or shows them twice: on each level, and on the rows of
-- each cell, its bands must add up to the contacts and seconds behind aht_seconds, and the levels to the same revenue. What to do: a
-- seed duration_bands with a gap or an overlap on some day is the likely cause; else compare the level named here with fct_contacts.
with

levels as (
    select
        level,
        sum(contact_count) as contact_count,
        sum(handle_seconds) as handle_seconds,
        sum(recurring_amount) as recurring_amount
    from {{ ref('fct_handle_time_distribution') }}
    group by level
),

contacts as (
    select
        count(*) as contact_count,
        sum(handle_seconds) as handle_seconds
    from {{ ref('fct_contacts') }}
    where
        exclusion_reason is null
        and handle_seconds is not null
),

cells as (
    select
        level,
        month_start_date,
        queue_id,
        channel,
        max(cell_contact_count) as cell_contact_count,
        sum(contact_count) as contact_count
    from {{ ref('fct_handle_time_distribution') }}
    group by level, month_start_date, queue_id, channel
)

select
    levels.level,
    'level' as problem
from levels
cross join contacts
inner join levels as everything
    on everything.level = 'all'
where
    levels.contact_count <> contacts.contact_count
    or levels.handle_seconds <> contacts.handle_seconds
    or levels.recurring_amount is distinct from everything.recurring_amount

union all

select
    level,
    'cell' as problem
from cells
where cell_contact_count <> contact_count

union all

select
    level,
    'band' as problem
from {{ ref('fct_handle_time_distribution') }}
where
    handle_seconds < contact_count * from_seconds
    or (contact_count > 0 and handle_seconds >= contact_count * before_seconds)
    or p10_seconds > p50_seconds
    or p50_seconds > p90_seconds
    or (recurring_amount is null) = (recurring_amount_null_reason is null)
    or valued_contact_count > contact_count
