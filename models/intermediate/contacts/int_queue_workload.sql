-- One row per queue and half hour with the agents' handle seconds that fell into it (B.4: workload is split over the intervals in which
-- it happened, other counts stand in the interval of arrival). A leg is spread from its start over its handle seconds.
with

legs as (
    select * from {{ ref('int_agent_legs') }}
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

aligned as (
    select
        legs.queue_id,
        legs.started_at,
        legs.handle_seconds,
        cast(
            (extract(minute from {{ seconds_after('legs.started_at', 'offsets.utc_offset_seconds') }}) % 30) * 60
            + floor(extract(second from legs.started_at)) as bigint
        ) as seconds_into_interval
    from legs
    inner join queues
        on legs.queue_id = queues.queue_id
    inner join offsets
        on
            queues.timezone = offsets.timezone
            and legs.started_at >= offsets.valid_from
            and legs.started_at < offsets.valid_to
    where legs.handle_seconds > 0
),

within_one_interval as (
    select
        queue_id,
        {{ dbt.date_trunc('second', seconds_after('started_at', '-seconds_into_interval')) }} as interval_started_at,
        handle_seconds
    from aligned
    where seconds_into_interval + handle_seconds <= 1800
),

-- a leg over more than two days of handle time puts the rest into the last of its 96 half hours
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
