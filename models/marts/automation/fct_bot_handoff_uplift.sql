-- One row per month, channel and reason of contacts that a bot handed over: their handle time beside that of contacts which came to an
-- agent directly, in the months before (M08). The comparison stands apart from fct_bot_attempts, whose rows depend on one customer each.
with

attempts as (
    select * from {{ ref('int_bot_attempt_endings') }}
),

contacts as (
    select * from {{ ref('fct_contacts') }}
    where exclusion_reason is null and direction = 'inbound' and handle_seconds is not null
),

direct_handle_times as (
    select * from {{ ref('int_direct_handle_times') }}
),

handed_off as (
    select handed_off_contact_id as contact_id
    from attempts
    where handed_off_contact_id is not null and exclusion_reason is null
),

months as (
    select
        cast({{ dbt.date_trunc('month', 'contacts.business_date') }} as date) as month_start_date,
        contacts.channel,
        contacts.reason_code,
        count(*) as handed_off_contact_count,
        cast(sum(contacts.handle_seconds) as bigint) as handed_off_handle_seconds
    from contacts
    where
        exists (
            select 1
            from handed_off
            where handed_off.contact_id = contacts.contact_id
        )
    group by
        cast({{ dbt.date_trunc('month', 'contacts.business_date') }} as date),
        contacts.channel,
        contacts.reason_code
),

compared as (
    select
        months.*,
        direct_handle_times.direct_contact_count,
        direct_handle_times.direct_handle_seconds,
        case
            when months.reason_code is null then 'reason unknown'
            when direct_handle_times.direct_contact_count is null then 'no direct contacts in the months before'
            when direct_handle_times.direct_contact_count < {{ var('minimum_n_publish') }} then 'too few direct contacts'
        end as uplift_null_reason
    from months
    left join direct_handle_times
        on
            months.month_start_date = direct_handle_times.month_start_date
            and months.channel = direct_handle_times.channel
            and months.reason_code = direct_handle_times.reason_code
),

-- whole seconds by whole numbers, so that every engine rounds alike
rounded as (
    select
        *,
        handed_off_contact_count * direct_handle_seconds + (direct_contact_count - direct_contact_count % 2) / 2 as dividend
    from compared
),

expected as (
    select
        *,
        case
            when uplift_null_reason is null
                then cast((cast(dividend as bigint) - cast(dividend as bigint) % direct_contact_count) / direct_contact_count as bigint)
        end as expected_handle_seconds
    from rounded
),

final as (
    select
        {{ dbt.concat([
            'cast(month_start_date as ' ~ dbt.type_string() ~ ')', "'|'", 'channel', "'|'", "coalesce(reason_code, '(unknown)')"
        ]) }} as handoff_group_id,
        month_start_date,
        channel,
        reason_code,
        handed_off_contact_count,
        handed_off_handle_seconds,
        direct_contact_count,
        direct_handle_seconds,
        expected_handle_seconds,
        handed_off_handle_seconds - expected_handle_seconds as uplift_seconds,
        uplift_null_reason
    from expected
)

select * from final
