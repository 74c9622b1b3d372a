-- One row per reason and month with handled contacts: how much work the reason was expected to be, against the mean of all (M03).
-- Expectations come from the months before, so that no month is measured by itself; a reason without them has no index, and never 0. The
-- applications that agents had open stand beside it, for the contacts whose desktop was measured.
with

contacts as (
    select * from {{ ref('fct_contacts') }}
),

calendar as (
    select * from {{ ref('int_calendar') }}
),

-- contacts with as many applications count together, so that the median needs no list of them all
by_applications as (
    select
        contacts.reason_code,
        calendar.month_start_date,
        contacts.applications_used,
        count(*) as contact_count,
        cast(sum(contacts.handle_seconds) as bigint) as handle_seconds
    from contacts
    inner join calendar
        on contacts.business_date = calendar.date_day
    where
        contacts.exclusion_reason is null
        and contacts.handle_seconds is not null
        and contacts.reason_code is not null
    group by contacts.reason_code, calendar.month_start_date, contacts.applications_used
),

monthly as (
    select
        reason_code,
        month_start_date,
        cast(sum(contact_count) as bigint) as contact_count,
        cast(sum(handle_seconds) as bigint) as handle_seconds
    from by_applications
    group by reason_code, month_start_date
),

measured_desktops as (
    select
        reason_code,
        month_start_date,
        applications_used,
        sum(contact_count) over (
            partition by reason_code, month_start_date
            order by applications_used
        ) as desktops_until_here,
        sum(contact_count) over (partition by reason_code, month_start_date) as desktop_count
    from by_applications
    where applications_used is not null
),

desktops as (
    select
        reason_code,
        month_start_date,
        cast(max(desktop_count) as bigint) as measured_desktop_count,
        min(case when 2 * desktops_until_here >= desktop_count then applications_used end) as median_applications
    from measured_desktops
    group by reason_code, month_start_date
),

numbered as (
    select
        *,
        cast(12 * extract(year from month_start_date) + extract(month from month_start_date) as {{ dbt.type_int() }}) as month_number
    from monthly
),

all_reasons as (
    select
        month_number,
        cast(sum(contact_count) as bigint) as contact_count,
        cast(sum(handle_seconds) as bigint) as handle_seconds
    from numbered
    group by month_number
),

-- a range of month numbers passes over months without contacts
all_reasons_base as (
    select
        month_number,
        sum(contact_count) over base as contact_count,
        sum(handle_seconds) over base as handle_seconds,
        count(*) over base as month_count
    from all_reasons
    window base as (
        order by month_number
        range between {{ var('complexity_base_months') }} preceding and 1 preceding
    )
),

reason_base as (
    select
        *,
        cast(coalesce(sum(contact_count) over base, 0) as bigint) as base_contact_count,
        sum(handle_seconds) over base as base_handle_seconds
    from numbered
    window base as (
        partition by reason_code
        order by month_number
        range between {{ var('complexity_base_months') }} preceding and 1 preceding
    )
),

expected as (
    select
        reason_base.reason_code,
        reason_base.month_start_date,
        reason_base.contact_count,
        all_reasons_base.month_count as base_month_count,
        reason_base.base_contact_count,
        case
            when reason_base.base_contact_count >= {{ var('minimum_n_publish') }}
                then cast(reason_base.base_handle_seconds as decimal(28, 6)) / reason_base.base_contact_count
        end as expected_handle_time,
        cast(all_reasons_base.handle_seconds as decimal(28, 6)) / nullif(all_reasons_base.contact_count, 0) as overall_handle_time
    from reason_base
    inner join all_reasons_base
        on reason_base.month_number = all_reasons_base.month_number
),

final as (
    select
        expected.reason_code,
        expected.month_start_date,
        expected.contact_count,
        expected.base_month_count,
        expected.base_contact_count,
        cast(expected.expected_handle_time as decimal(18, 6)) as expected_handle_time,
        cast(expected.overall_handle_time as decimal(18, 6)) as overall_handle_time,
        cast(
            cast(expected.expected_handle_time as {{ double_type() }})
            / cast(nullif(expected.overall_handle_time, 0) as {{ double_type() }})
            as decimal(18, 6)
        ) as complexity_index,
        case
            when expected.base_month_count = 0 then 'no months before'
            when expected.base_contact_count = 0 then 'no contact for the reason in the months before'
            when expected.expected_handle_time is null then 'too few contacts for the reason in the months before'
            when expected.overall_handle_time = 0 then 'no handle time in the months before'
        end as complexity_null_reason,
        coalesce(desktops.measured_desktop_count, 0) as measured_desktop_count,
        desktops.median_applications
    from expected
    left join desktops
        on
            expected.reason_code = desktops.reason_code
            and expected.month_start_date = desktops.month_start_date
)

select * from final
