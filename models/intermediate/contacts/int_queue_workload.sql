-- One row per queue and half hour with the agents' handle seconds that fell into it (B.4: workload is split over the intervals in which
-- it happened, other counts stand in the interval of arrival). Work of a leg that knows no queue is that of its contact's queue.
with

spans as (
    select * from {{ ref('int_agent_work_spans') }}
),

contacts as (
    select * from {{ ref('fct_contacts') }}
),

queues as (
    select * from {{ ref('stg_queues') }}
),

offsets as (
    select * from {{ ref('int_timezone_offsets') }}
),

numbers as (
    {{ whole_numbers(96) }}
),

-- what earlier spans of the leg already cover lies at the beginning of a span
work as (
    select
        coalesce(spans.leg_queue_id, contacts.queue_id) as queue_id,
        {{ seconds_after(dbt.date_trunc('second', 'spans.ended_at'), '-spans.worked_seconds') }} as started_at,
        spans.worked_seconds as handle_seconds
    from spans
    -- one equality, which every engine can hash
    left join contacts
        on case when spans.leg_queue_id is null then spans.contact_id end = contacts.contact_id
    where
        spans.worked_seconds > 0
        and not spans.has_invalid_leg_duration
),

aligned as (
    select
        work.queue_id,
        work.started_at,
        work.handle_seconds,
        cast(
            (extract(minute from {{ seconds_after('work.started_at', 'offsets.utc_offset_seconds') }}) % 30) * 60
            + extract(second from work.started_at) as bigint
        ) as seconds_into_interval
    from work
    left join queues
        on work.queue_id = queues.queue_id
    inner join offsets
        on
            coalesce(queues.timezone, '{{ var("reporting_timezone") }}') = offsets.timezone
            and work.started_at >= offsets.valid_from
            and work.started_at < offsets.valid_to
    where work.queue_id is not null
),

within_one_interval as (
    select
        queue_id,
        {{ dbt.date_trunc('second', seconds_after('started_at', '-seconds_into_interval')) }} as interval_started_at,
        handle_seconds
    from aligned
    where seconds_into_interval + handle_seconds <= 1800
),

-- a span of more than two days puts the rest into the last of its 96 half hours
over_several_intervals as (
    select
        aligned.queue_id,
        {{ dbt.date_trunc('second', seconds_after(
            'aligned.started_at', '1800 * (numbers.generated_number - 1) - aligned.seconds_into_interval'
        )) }} as interval_started_at,
        case
            when numbers.generated_number = 96
                then aligned.seconds_into_interval + aligned.handle_seconds
            else least(1800 * numbers.generated_number, aligned.seconds_into_interval + aligned.handle_seconds)
        end
        - greatest(1800 * (numbers.generated_number - 1), aligned.seconds_into_interval) as handle_seconds
    from aligned
    inner join numbers
        on 1800 * (numbers.generated_number - 1) < aligned.seconds_into_interval + aligned.handle_seconds
    where aligned.seconds_into_interval + aligned.handle_seconds > 1800
),

spread as (
    select * from within_one_interval
    union all
    select * from over_several_intervals
),

final as (
    select
        queue_id,
        interval_started_at,
        cast(sum(handle_seconds) as bigint) as workload_seconds
    from spread
    group by queue_id, interval_started_at
)

select * from final
