-- How often do customers call again about the same matter within a day and a week, by reason, and how far can that be believed? Beside each
-- rate stands the share of handled contacts whose customer is known, for the others are in no repeat rate (M11, B.3), and a warning where
-- that is below identity_coverage_warn. A few ids may make most of the repeats, so the rate without the busiest hundredth of the customers
-- stands there too.
with

repeats as (
    select * from {{ ref('fct_contact_repeats') }}
),

contacts as (
    select * from {{ ref('fct_contacts') }}
    where
        is_handled
        and direction = 'inbound'
        and exclusion_reason is null
),

reasons as (
    select * from {{ ref('dim_reason') }}
),

coverage as (
    select
        coalesce(reason_code, '(unknown)') as reason_code,
        count(*) as handled_count,
        count(case when is_identified then 1 end) as identified_count
    from contacts
    group by coalesce(reason_code, '(unknown)')
),

customers as (
    select
        customer_id,
        percent_rank() over (order by count(*) desc) < 0.01 as is_busiest
    from repeats
    group by customer_id
),

windows as (
    select
        repeats.contact_id,
        repeats.reason_code,
        customers.is_busiest,
        24 as window_hours,
        repeats.is_repeated_24h as is_repeated
    from repeats
    inner join customers
        on repeats.customer_id = customers.customer_id

    union all

    select
        repeats.contact_id,
        repeats.reason_code,
        customers.is_busiest,
        168 as window_hours,
        repeats.is_repeated_168h as is_repeated
    from repeats
    inner join customers
        on repeats.customer_id = customers.customer_id
),

counted as (
    select
        coalesce(reason_code, '(unknown)') as reason_code,
        window_hours,
        count(case when is_repeated then 1 end) as repeated_count,
        count(is_repeated) as judged_count,
        count(case when is_repeated and is_busiest then 1 end) as repeated_of_busiest_count,
        count(case when is_repeated is not null and is_busiest then 1 end) as judged_of_busiest_count
    from windows
    group by coalesce(reason_code, '(unknown)'), window_hours
),

offered_windows as (
    select 24 as window_hours
    union all
    select 168 as window_hours
),

-- reasons of which nobody is identified stand here too: their rate is unknown, not low
rates as (
    select
        coverage.reason_code,
        coalesce(reasons.reason_l2, reasons.reason_l1, coverage.reason_code) as reason,
        offered_windows.window_hours,
        coalesce(counted.repeated_count, 0) as repeated_count,
        coalesce(counted.judged_count, 0) as judged_count,
        coalesce(counted.repeated_of_busiest_count, 0) as repeated_of_busiest_count,
        coalesce(counted.judged_of_busiest_count, 0) as judged_of_busiest_count,
        coverage.handled_count,
        coverage.identified_count,
        cast(coverage.identified_count as {{ double_type() }}) / coverage.handled_count as identity_coverage
    from coverage
    cross join offered_windows
    left join counted
        on
            coverage.reason_code = counted.reason_code
            and offered_windows.window_hours = counted.window_hours
    left join reasons
        on coverage.reason_code = reasons.reason_code
),

final as (
    select
        reason_code,
        reason,
        window_hours,
        repeated_count,
        judged_count,
        case
            when judged_count >= {{ var('minimum_n_publish') }} then cast(repeated_count as {{ double_type() }}) / judged_count
        end as repeat_rate,
        {{ wilson_low('repeated_count', 'judged_count') }} as interval_low,
        {{ wilson_high('repeated_count', 'judged_count') }} as interval_high,
        cast(repeated_of_busiest_count as {{ double_type() }}) / nullif(repeated_count, 0) as repeats_of_busiest_share,
        case
            when judged_count - judged_of_busiest_count >= {{ var('minimum_n_publish') }}
                then cast(repeated_count - repeated_of_busiest_count as {{ double_type() }}) / (judged_count - judged_of_busiest_count)
        end as repeat_rate_without_busiest,
        handled_count,
        identity_coverage,
        case
            when judged_count = 0 then 'no customer is known: nothing can be said'
            when judged_count < {{ var('minimum_n_publish') }} then 'too few contacts of known customers'
            when identity_coverage < {{ var('identity_coverage_warn') }}
                then 'too many customers are not known: the rate is that of the others'
        end as warning
    from rates
)

select * from final
order by window_hours asc, handled_count desc, reason_code asc
