-- One row per index contact and window: whether the first contact about a matter settled it, and what broke it where it did not (M10).
with

sessions as (
    select * from {{ ref('int_contact_sessions') }}
),

reason_repeats as (
    select * from {{ ref('int_reason_repeats') }}
),

customer_repeats as (
    select * from {{ ref('int_customer_repeats') }}
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

-- the first of its issue: neither a repeat nor beside another one
index_contacts as (
    select
        sessions.*,
        reason_repeats.next_started_at,
        reason_repeats.next_session_id,
        case
            when reason_repeats.next_follow_up_at <= customer_repeats.next_follow_up_at or customer_repeats.next_follow_up_at is null
                then reason_repeats.next_follow_up_at
            else customer_repeats.next_follow_up_at
        end as next_follow_up_at,
        case
            when reason_repeats.next_follow_up_at <= customer_repeats.next_follow_up_at or customer_repeats.next_follow_up_at is null
                then reason_repeats.next_follow_up_id
            else customer_repeats.next_follow_up_id
        end as next_follow_up_id,
        customer_repeats.next_exited_at,
        customer_repeats.next_started_at as next_any_started_at,
        repeat_windows.window_hours is not null as has_standard_window
    from sessions
    left join repeat_windows
        on sessions.window_hours = repeat_windows.window_hours
    left join reason_repeats
        on sessions.session_id = reason_repeats.session_id
    left join customer_repeats
        on sessions.session_id = customer_repeats.session_id
    where
        sessions.is_handled
        and not coalesce(reason_repeats.is_repeat or reason_repeats.is_parallel, false)
),

-- the standard windows, and the reason's own where it is none of them
windows as (
    select
        index_contacts.*,
        coalesce(offered_windows.window_hours, index_contacts.window_hours) as judged_hours
    from index_contacts
    cross join offered_windows
    where offered_windows.window_hours is not null or not index_contacts.has_standard_window
),

bounded as (
    select
        *,
        {{ repeat_window_end('ended_at', 'judged_hours', 'business_timezone') }} as window_ends_at
    from windows
),

-- only what lies in (end, end + W] counts
in_window as (
    select
        bounded.*,
        {{ seconds_after('bounded.window_ends_at', 3600 * var('ingestion_lag_hours')) }} as matures_at,
        coalesce(
            {{ seconds_after('bounded.window_ends_at', 3600 * var('ingestion_lag_hours')) }} <= as_of.as_of, false
        ) as is_mature,
        case when bounded.next_started_at <= bounded.window_ends_at then bounded.next_started_at end as repeated_at,
        case when bounded.next_follow_up_at <= bounded.window_ends_at then bounded.next_follow_up_at end as followed_up_at,
        case when bounded.next_exited_at <= bounded.window_ends_at then bounded.next_exited_at end as exited_at,
        coalesce(bounded.next_any_started_at <= bounded.window_ends_at, false) as is_contacted_again
    from bounded
    left join as_of
        on true
),

judged as (
    select
        *,
        case
            when match_key is null then null
            when escalation_count > 0 then 'escalated'
            {%- if var('transfer_breaks_fcr') %}
            when transfer_count > 0 then 'transferred'
            {%- endif %}
            when
                repeated_at is not null
                and (followed_up_at is null or repeated_at <= followed_up_at)
                and (exited_at is null or repeated_at <= exited_at)
                then 'repeated'
            when followed_up_at is not null and (exited_at is null or followed_up_at <= exited_at) then 'follow_up_needed'
            when exited_at is not null then 'exited'
            when not is_mature then 'pending'
            else 'resolved'
        end as outcome
    from in_window
),

final as (
    select
        session_id as contact_id,
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
            when outcome = 'repeated' then repeated_at
            when outcome = 'follow_up_needed' then followed_up_at
            when outcome = 'exited' then exited_at
        end as broken_at,
        case
            when outcome = 'repeated' then next_session_id
            when outcome = 'follow_up_needed' then next_follow_up_id
            when outcome in ('escalated', 'transferred') then session_id
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
        case when is_mature and outcome is not null then outcome = 'resolved' and not is_contacted_again end as is_one_contact_resolution,
        case when is_mature and outcome is not null then outcome = 'resolved' and transfer_count = 0 end as is_first_point_resolution
    from judged
)

select * from final
