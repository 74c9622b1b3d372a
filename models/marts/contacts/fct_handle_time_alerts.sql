-- One row per queue and week of handled contacts: whether handle time fell while repeats rose and first contact resolution fell, against
-- the weeks before (M02). Only mature contacts are compared, and each of the three changes must be larger than chance makes it.
with

results as (
    select * from {{ ref('fct_contact_results') }}
),

calendar as (
    select * from {{ ref('int_calendar') }}
),

-- the calendar has no gaps, so that its weeks can be counted
weeks as (
    select
        week_start_date,
        row_number() over (order by week_start_date) as week_number
    from calendar
    group by week_start_date
),

compared as (
    select
        *,
        is_repeated is not null and handle_seconds is not null as is_compared
    from results
),

reason_days as (
    select
        queue_id,
        reason_code,
        business_date,
        max(as_of) as as_of,
        count(case when ended_at is not null and not is_mature then 1 end) as immature_count,
        count(case when is_compared then 1 end) as contact_count,
        coalesce(sum(case when is_compared then handle_seconds end), 0) as handle_seconds,
        coalesce(
            sum(case when is_compared then cast(handle_seconds as {{ double_type() }}) * cast(handle_seconds as {{ double_type() }}) end), 0
        ) as squared_handle_seconds,
        count(case when is_compared and is_repeated then 1 end) as repeated_count,
        count(is_first_contact_resolved) as first_contact_count,
        count(case when is_first_contact_resolved then 1 end) as resolved_count
    from compared
    group by queue_id, reason_code, business_date
),

reason_weeks as (
    select
        reason_days.queue_id,
        reason_days.reason_code,
        calendar.week_start_date,
        weeks.week_number,
        max(reason_days.as_of) as as_of,
        sum(reason_days.immature_count) as immature_count,
        sum(reason_days.contact_count) as contact_count,
        sum(reason_days.handle_seconds) as handle_seconds,
        sum(reason_days.squared_handle_seconds) as squared_handle_seconds,
        sum(reason_days.repeated_count) as repeated_count,
        sum(reason_days.first_contact_count) as first_contact_count,
        sum(reason_days.resolved_count) as resolved_count
    from reason_days
    inner join calendar
        on reason_days.business_date = calendar.date_day
    inner join weeks
        on calendar.week_start_date = weeks.week_start_date
    group by reason_days.queue_id, reason_days.reason_code, calendar.week_start_date, weeks.week_number
),

reason_weeks_with_base as (
    select
        *,
        sum(contact_count) over base as base_contact_count,
        sum(handle_seconds) over base as base_handle_seconds
    from reason_weeks
    window base as (
        partition by queue_id, reason_code
        order by week_number
        range between {{ var('alert_baseline_weeks') }} preceding and 1 preceding
    )
),

-- what the contacts of the week would have taken if each reason had taken as long as in the weeks before
same_mix as (
    select
        queue_id,
        week_number,
        sum(case when base_contact_count > 0 then handle_seconds end) as handle_seconds,
        sum(
            case
                when base_contact_count > 0
                    then
                        contact_count
                        * (cast(base_handle_seconds as {{ double_type() }}) / cast(base_contact_count as {{ double_type() }}))
            end
        ) as expected_handle_seconds
    from reason_weeks_with_base
    group by queue_id, week_number
),

queue_weeks as (
    select
        queue_id,
        week_start_date,
        week_number,
        max(as_of) as as_of,
        cast(sum(immature_count) as bigint) as immature_count,
        cast(sum(contact_count) as bigint) as contact_count,
        cast(sum(handle_seconds) as {{ double_type() }}) as handle_seconds,
        sum(squared_handle_seconds) as squared_handle_seconds,
        cast(sum(repeated_count) as bigint) as repeated_count,
        cast(sum(first_contact_count) as bigint) as first_contact_count,
        cast(sum(resolved_count) as bigint) as resolved_count
    from reason_weeks
    group by queue_id, week_start_date, week_number
),

with_base as (
    select
        queue_weeks.*,
        same_mix.handle_seconds as same_mix_handle_seconds,
        same_mix.expected_handle_seconds,
        count(*) over base as base_week_count,
        sum(queue_weeks.immature_count) over base as base_immature_count,
        cast(sum(queue_weeks.contact_count) over base as {{ double_type() }}) as base_contact_count,
        sum(queue_weeks.handle_seconds) over base as base_handle_seconds,
        sum(queue_weeks.squared_handle_seconds) over base as base_squared_handle_seconds,
        cast(sum(queue_weeks.repeated_count) over base as {{ double_type() }}) as base_repeated_count,
        cast(sum(queue_weeks.first_contact_count) over base as {{ double_type() }}) as base_first_contact_count,
        cast(sum(queue_weeks.resolved_count) over base as {{ double_type() }}) as base_resolved_count
    from queue_weeks
    left join same_mix
        on
            coalesce(queue_weeks.queue_id, '') = coalesce(same_mix.queue_id, '')
            and queue_weeks.week_number = same_mix.week_number
    window base as (
        partition by queue_weeks.queue_id
        order by queue_weeks.week_number
        range between {{ var('alert_baseline_weeks') }} preceding and 1 preceding
    )
),

explained as (
    select
        *,
        case
            when as_of is null or {{ seconds_after('cast(week_start_date as ' ~ dbt.type_timestamp() ~ ')', 8 * 86400) }} > as_of
                then 'week not complete'
            when immature_count > 0 then 'windows of the week still open'
            when base_week_count < {{ var('alert_baseline_weeks') }} then 'weeks before are fewer than the baseline'
            when base_immature_count > 0 then 'windows of the baseline still open'
            when
                contact_count < {{ var('minimum_n_publish') }}
                or first_contact_count < {{ var('minimum_n_publish') }}
                or base_contact_count < {{ var('minimum_n_publish') }}
                or base_first_contact_count < {{ var('minimum_n_publish') }}
                then 'too few contacts'
        end as alert_null_reason
    from with_base
),

measured as (
    select
        *,
        handle_seconds / contact_count as aht_seconds,
        base_handle_seconds / base_contact_count as base_aht_seconds,
        cast(repeated_count as {{ double_type() }}) / contact_count as repeat_rate,
        base_repeated_count / base_contact_count as base_repeat_rate,
        cast(resolved_count as {{ double_type() }}) / first_contact_count as fcr_rate,
        base_resolved_count / base_first_contact_count as base_fcr_rate,
        (repeated_count + base_repeated_count) / (contact_count + base_contact_count) as pooled_repeat_rate,
        (resolved_count + base_resolved_count) / (first_contact_count + base_first_contact_count) as pooled_fcr_rate,
        -- variances of the mean; rounding may leave them a trace below 0
        greatest(squared_handle_seconds - handle_seconds * handle_seconds / contact_count, 0) / nullif(contact_count - 1, 0) / contact_count
        + greatest(base_squared_handle_seconds - base_handle_seconds * base_handle_seconds / base_contact_count, 0)
        / nullif(base_contact_count - 1, 0) / base_contact_count as aht_variance
    from explained
    where alert_null_reason is null
),

tested as (
    select
        *,
        -- whole numbers on both sides: a change of exactly the threshold reaches it
        100 * handle_seconds * base_contact_count <= (100 - {{ var('alert_handle_time_percent') }}) * base_handle_seconds * contact_count
        and 100 * (repeated_count * base_contact_count - base_repeated_count * contact_count)
        >= {{ var('alert_repeat_points') }} * contact_count * base_contact_count
        and 100 * (base_resolved_count * first_contact_count - resolved_count * base_first_contact_count)
        >= {{ var('alert_fcr_points') }} * first_contact_count * base_first_contact_count as is_over_thresholds,
        (base_aht_seconds - aht_seconds) > {{ var('wilson_z') }} * sqrt(aht_variance)
        and (repeat_rate - base_repeat_rate)
        > {{ var('wilson_z') }} * sqrt(pooled_repeat_rate * (1 - pooled_repeat_rate) * (1.0 / contact_count + 1.0 / base_contact_count))
        and (base_fcr_rate - fcr_rate)
        > {{ var('wilson_z') }}
        * sqrt(pooled_fcr_rate * (1 - pooled_fcr_rate) * (1.0 / first_contact_count + 1.0 / base_first_contact_count)) as is_significant
    from measured
),

final as (
    select
        explained.queue_id,
        explained.week_start_date,
        explained.contact_count,
        explained.first_contact_count,
        cast(explained.base_week_count as bigint) as base_week_count,
        cast(tested.aht_seconds as decimal(18, 6)) as average_handle_time,
        cast(tested.base_aht_seconds as decimal(18, 6)) as base_average_handle_time,
        cast(tested.aht_seconds / nullif(tested.base_aht_seconds, 0) - 1 as decimal(18, 6)) as aht_change,
        cast(tested.same_mix_handle_seconds / nullif(tested.expected_handle_seconds, 0) - 1 as decimal(18, 6)) as aht_change_at_same_mix,
        cast(tested.repeat_rate as decimal(18, 6)) as repeat_rate,
        cast(tested.base_repeat_rate as decimal(18, 6)) as base_repeat_rate,
        cast(tested.fcr_rate as decimal(18, 6)) as fcr_rate,
        cast(tested.base_fcr_rate as decimal(18, 6)) as base_fcr_rate,
        tested.is_over_thresholds,
        tested.is_over_thresholds and tested.is_significant as is_alert,
        explained.alert_null_reason
    from explained
    left join tested
        on
            coalesce(explained.queue_id, '') = coalesce(tested.queue_id, '')
            and explained.week_start_date = tested.week_start_date
)

select * from final
