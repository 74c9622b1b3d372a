-- One row per agent, month and half hour in which the agent waited for contacts.
with

waits as (
    select
        period_month,
        agent_id,
        {{ seconds_between("cast('1970-01-01' as " ~ dbt.type_timestamp() ~ ")", 'started_at') }} as begins,
        {{ seconds_between("cast('1970-01-01' as " ~ dbt.type_timestamp() ~ ")", 'ended_at') }} as ends
    from {{ ref('int_agent_state_spans') }}
    where
        state = 'available'
        and is_paid
),

numbers as (
    {{ whole_numbers(96) }}
),

counted as (
    select
        *,
        {{ whole_division('begins', 1800) }} as first_half_hour,
        {{ whole_division('ends - 1', 1800) }} as last_half_hour
    from waits
),

-- a wait of more than two days puts the rest into the last of its 96 half hours
spread as (
    select
        period_month,
        agent_id,
        first_half_hour as half_hour,
        ends - begins as available_seconds
    from counted
    where first_half_hour = last_half_hour

    union all

    select
        counted.period_month,
        counted.agent_id,
        counted.first_half_hour + numbers.generated_number - 1 as half_hour,
        case
            when numbers.generated_number = 96 then counted.ends
            else least(counted.ends, (counted.first_half_hour + numbers.generated_number) * 1800)
        end
        - greatest(counted.begins, (counted.first_half_hour + numbers.generated_number - 1) * 1800) as available_seconds
    from counted
    inner join numbers
        on counted.first_half_hour + numbers.generated_number - 1 <= counted.last_half_hour
    where counted.first_half_hour < counted.last_half_hour
),

final as (
    select
        period_month,
        agent_id,
        {{ seconds_after("cast('1970-01-01' as " ~ dbt.type_timestamp() ~ ")", 'half_hour * 1800') }} as interval_started_at,
        cast(sum(available_seconds) as bigint) as available_seconds
    from spread
    group by period_month, agent_id, half_hour
)

select * from final
