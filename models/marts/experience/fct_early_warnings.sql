-- One row per signal: how well its flags foretold that a customer would ask to cancel (M21). Precision counts flags whose horizon is over,
-- beside the share of all observations that a cancellation followed; recall counts cancellations of customers whom the signal had observed.
-- What was seen within a day of the request is no warning.
{%- set horizon = 86400 * var('early_warning_days') %}

with

signals as (
    select * from {{ ref('early_warning_signals') }}
),

observations as (
    select * from {{ ref('int_warning_observations') }}
),

cancellations as (
    select * from {{ ref('int_cancellations') }}
    where is_voluntary
),

as_of as (
    select * from {{ ref('int_as_of') }}
    where domain = 'resolution'
),

timed as (
    select
        observations.*,
        {{ seconds_between('observations.observed_at', 'observations.next_requested_at') }} as lead_seconds,
        coalesce(as_of.as_of >= {{ seconds_after('observations.observed_at', horizon) }}, false) as is_over
    from observations
    left join as_of
        on 1 = 1
),

-- recorded with the request itself: says nothing before it
judged as (
    select
        *,
        coalesce(lead_seconds <= 86400, false) as is_with_request,
        coalesce(lead_seconds > 86400 and lead_seconds <= {{ horizon }}, false) as is_followed
    from timed
),

by_signal as (
    select
        signal,
        count(case when is_over and not is_with_request then 1 end) as observation_count,
        count(case when is_over and not is_with_request and is_followed then 1 end) as followed_count,
        count(case when is_over and not is_with_request and is_flag then 1 end) as flag_count,
        count(case when is_over and not is_with_request and is_flag and is_followed then 1 end) as true_flag_count,
        count(case when is_flag and is_with_request then 1 end) as flag_with_request_count,
        count(case when is_flag and not is_over and not is_with_request then 1 end) as pending_flag_count
    from judged
    group by signal
),

-- one request of a customer, whatever it ended
requests as (
    select
        signal,
        customer_id,
        next_requested_at,
        max(case when is_flag then lead_seconds end) as lead_seconds
    from judged
    where is_followed
    group by signal, customer_id, next_requested_at
),

ranked as (
    select
        signal,
        lead_seconds,
        row_number() over (partition by signal order by lead_seconds, customer_id, next_requested_at) as lead_rank,
        count(*) over (partition by signal) as warned_count
    from requests
    where lead_seconds is not null
),

medians as (
    select
        signal,
        -- of an even number, between the two in the middle
        cast(sum(lead_seconds) as {{ double_type() }}) / (count(*) * 86400) as median_lead_days
    from ranked
    where
        2 * lead_rank >= warned_count
        and 2 * lead_rank <= warned_count + 2
    group by signal
),

by_request as (
    select
        signal,
        count(*) as observed_request_count,
        count(lead_seconds) as warned_request_count
    from requests
    group by signal
),

all_requests as (
    select
        customer_id,
        requested_at
    from cancellations
    group by customer_id, requested_at
),

request_totals as (
    select count(*) as request_count from all_requests
),

joined as (
    select
        signals.signal,
        coalesce(by_signal.observation_count, 0) as observation_count,
        coalesce(by_signal.followed_count, 0) as followed_count,
        coalesce(by_signal.flag_count, 0) as flag_count,
        coalesce(by_signal.true_flag_count, 0) as true_flag_count,
        coalesce(by_signal.flag_count, 0) - coalesce(by_signal.true_flag_count, 0) as false_flag_count,
        coalesce(by_signal.flag_with_request_count, 0) as flag_with_request_count,
        coalesce(by_signal.pending_flag_count, 0) as pending_flag_count,
        request_totals.request_count,
        coalesce(by_request.observed_request_count, 0) as observed_request_count,
        coalesce(by_request.warned_request_count, 0) as warned_request_count,
        medians.median_lead_days
    from signals
    cross join request_totals
    left join by_signal
        on signals.signal = by_signal.signal
    left join by_request
        on signals.signal = by_request.signal
    left join medians
        on signals.signal = medians.signal
),

final as (
    select
        signal,
        cast({{ var('early_warning_days') }} as bigint) as horizon_days,
        observation_count,
        followed_count,
        cast(case
            when observation_count >= {{ var('minimum_n_publish') }}
                then {{ share_of('cast(1 as decimal(18, 6))', 'followed_count', 'observation_count') }}
        end as decimal(18, 6)) as base_rate,
        flag_count,
        true_flag_count,
        false_flag_count,
        flag_with_request_count,
        pending_flag_count,
        {{ published_share('precision', 'true_flag_count', 'flag_count', 'too few flags') }},
        {{ published_share('recall', 'warned_request_count', 'observed_request_count', 'too few requests') }},
        cast(case
            when flag_count >= {{ var('minimum_n_publish') }} and true_flag_count > 0
                then {{ share_of('cast(1 as decimal(18, 6))', 'false_flag_count', 'true_flag_count') }}
        end as decimal(18, 6)) as false_flags_per_true,
        request_count,
        observed_request_count,
        warned_request_count,
        cast({{ statistic('median_lead_days') }} as decimal(18, 6)) as median_lead_days,
        'descriptive' as level_of_claim
    from joined
)

select * from final
