-- One row per queue and local half hour in which a contact arrived in the queue or an agent worked for it.
with

contacts as (
    select * from {{ ref('fct_contacts') }}
),

workload as (
    select * from {{ ref('int_queue_workload') }}
),

queues as (
    select * from {{ ref('stg_queues') }}
),

offsets as (
    select * from {{ ref('int_timezone_offsets') }}
),

service_level_targets as (
    select * from {{ ref('service_level_targets') }}
),

arrivals as (
    select
        queue_id,
        interval_started_at,
        count(case when is_offered then 1 end) as offered_count,
        count(case when is_service_level_contact and is_answered then 1 end) as answered_count,
        count(case when is_service_level_contact and is_answered and is_out_of_queue_in_time then 1 end) as answered_in_time_count,
        count(case when is_service_level_contact and is_abandoned then 1 end) as abandoned_count,
        count(case when is_service_level_contact and is_short_abandon then 1 end) as short_abandon_count,
        count(case when is_offered and contact_outcome = 'callback' then 1 end) as callback_count,
        cast(coalesce(sum(case when is_service_level_contact and is_answered then queue_seconds end), 0) as bigint)
            as answered_queue_seconds,
        max(case when is_service_level_contact then queue_seconds end) as longest_queue_seconds
    from contacts
    where queue_id is not null
    group by queue_id, interval_started_at
),

intervals as (
    select
        coalesce(arrivals.queue_id, workload.queue_id) as queue_id,
        coalesce(arrivals.interval_started_at, workload.interval_started_at) as interval_started_at,
        coalesce(arrivals.offered_count, 0) as offered_count,
        coalesce(arrivals.answered_count, 0) as answered_count,
        coalesce(arrivals.answered_in_time_count, 0) as answered_in_time_count,
        coalesce(arrivals.abandoned_count, 0) as abandoned_count,
        coalesce(arrivals.short_abandon_count, 0) as short_abandon_count,
        coalesce(arrivals.callback_count, 0) as callback_count,
        coalesce(arrivals.answered_queue_seconds, 0) as answered_queue_seconds,
        arrivals.longest_queue_seconds,
        coalesce(workload.workload_seconds, 0) as workload_seconds
    from arrivals
    full outer join workload
        on
            arrivals.queue_id = workload.queue_id
            and arrivals.interval_started_at = workload.interval_started_at
),

localised as (
    select
        intervals.*,
        queues.channel,
        queues.program_id,
        queues.vendor_id,
        offsets.utc_offset_seconds,
        {{ seconds_after('intervals.interval_started_at', 'offsets.utc_offset_seconds') }} as interval_started_local
    from intervals
    left join queues
        on intervals.queue_id = queues.queue_id
    inner join offsets
        on
            coalesce(queues.timezone, '{{ var("reporting_timezone") }}') = offsets.timezone
            and intervals.interval_started_at >= offsets.valid_from
            and intervals.interval_started_at < offsets.valid_to
),

dated as (
    select
        *,
        cast({{ seconds_after('interval_started_local', -3600 * var('business_day_start_hour')) }} as date) as business_date
    from localised
),

final as (
    select
        dated.queue_id,
        dated.interval_started_at,
        dated.interval_started_local,
        dated.utc_offset_seconds,
        dated.business_date,
        dated.channel,
        dated.program_id,
        dated.vendor_id,
        dated.offered_count,
        dated.answered_count,
        dated.answered_in_time_count,
        dated.abandoned_count,
        dated.short_abandon_count,
        dated.callback_count,
        dated.answered_queue_seconds,
        dated.longest_queue_seconds,
        dated.workload_seconds,
        coalesce(queue_targets.target_rate, channel_targets.target_rate) as service_level_target_rate,
        dated.answered_count + dated.abandoned_count - dated.short_abandon_count > 0 as has_service_level,
        -- by multiplication: no division, so no rounding at the target
        case
            when dated.answered_count + dated.abandoned_count - dated.short_abandon_count > 0
                then
                    dated.answered_in_time_count
                    >= coalesce(queue_targets.target_rate, channel_targets.target_rate)
                    * (dated.answered_count + dated.abandoned_count - dated.short_abandon_count)
        end as is_at_service_level_target
    from dated
    left join service_level_targets as queue_targets
        on
            dated.channel = queue_targets.channel
            and dated.queue_id = queue_targets.queue_id
            and dated.business_date between queue_targets.effective_from and queue_targets.effective_to
    left join service_level_targets as channel_targets
        on
            dated.channel = channel_targets.channel
            and channel_targets.queue_id = 'any'
            and dated.business_date between channel_targets.effective_from and channel_targets.effective_to
)

select * from final
