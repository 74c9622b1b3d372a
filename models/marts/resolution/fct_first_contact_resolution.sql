-- One row per index contact and window: whether the first contact about a matter settled it, and what broke it where it did not (M10). What
-- came next is kept (int_index_contacts); which windows are over is seen when it is read, by as_of.
{{ config(materialized=judged_when_read()) }}

with

index_contacts as (
    select * from {{ ref('int_index_contacts') }}
),

repeat_windows as (
    select * from {{ ref('repeat_windows') }}
),

as_of as (
    select as_of
    from {{ ref('int_as_of') }}
    where domain = 'resolution'
),

offered_windows as (
    select window_hours from repeat_windows
    union all
    select cast(null as bigint) as window_hours
),

-- the standard windows, and the reason's own where it is none of them
windows as (
    select
        index_contacts.*,
        coalesce(offered_windows.window_hours, index_contacts.window_hours) as judged_hours
    from index_contacts
    cross join offered_windows
    left join repeat_windows
        on index_contacts.window_hours = repeat_windows.window_hours
    where offered_windows.window_hours is not null or repeat_windows.window_hours is null
),

bounded as (
    select
        *,
        {{ repeat_window_end('ended_at', 'judged_hours', 'business_timezone') }} as window_ends_at
    from windows
),

when_over as (
    select
        bounded.*,
        {{ outcome_when_over('bounded.window_ends_at') }} as outcome_when_over,
        {{ seconds_after('bounded.window_ends_at', 3600 * var('ingestion_lag_hours')) }} as matures_at,
        coalesce(
            {{ seconds_after('bounded.window_ends_at', 3600 * var('ingestion_lag_hours')) }} <= as_of.as_of, false
        ) as is_mature
    from bounded
    left join as_of
        on true
),

judged as (
    select
        *,
        case
            when outcome_when_over = 'resolved' and not is_mature then 'pending'
            else outcome_when_over
        end as outcome
    from when_over
),

final as (
    select
        contact_id,
        judged_hours as window_hours,
        customer_id,
        business_date,
        channel,
        queue_id,
        program_id,
        vendor_id,
        reason_code,
        product_line_id,
        last_agent_id,
        ended_at,
        judged_hours = window_hours as is_headline,
        window_ends_at,
        matures_at,
        is_mature,
        is_eligible,
        outcome,
        case
            when outcome = 'repeated' then next_started_at
            when outcome = 'follow_up_needed' then next_follow_up_at
            when outcome = 'exited' then next_exited_at
        end as broken_at,
        case
            when outcome = 'repeated' then next_contact_id
            when outcome = 'follow_up_needed' then next_follow_up_id
            when outcome in ('escalated', 'transferred') then contact_id
        end as breaking_contact_id,
        case
            when outcome is null then 'reason unknown, so that no repeat can be recognised'
            when outcome = 'escalated' then 'escalated within the contact'
            when outcome = 'transferred' then 'transferred within the contact'
            when outcome = 'repeated' then 'contact about the same reason within the window'
            when outcome = 'follow_up_needed' then 'follow-up by an agent delivered the answer'
            when outcome = 'exited' then 'the last subscription of the customer ended within the window'
            when outcome = 'resolved' then 'window closed without another contact about the reason'
            when ended_at is null then 'contact still open'
            when window_ends_at is not null then 'window or the delay of its feeds not over yet'
        end as outcome_reason,
        case
            when is_mature and outcome is not null
                then outcome = 'resolved' and not coalesce(next_any_started_at <= window_ends_at, false)
        end as is_one_contact_resolution,
        case when is_mature and outcome is not null then outcome = 'resolved' and transfer_count = 0 end as is_first_point_resolution
    from judged
)

select * from final
