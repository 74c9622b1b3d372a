-- A failure means that the shares of the leaks of a technology's month do not add up to 1, or that rates published from the same
-- attempts are not nested: more durable than resolved, more resolved than contained, more contained than eligible (M08). What to do:
-- count the attempts of that month by leak in fct_bot_attempts; one has no leak, or a rung is counted without the one below it.
with

attempts as (
    select * from {{ ref('fct_bot_attempts') }}
),

leaks as (
    select
        technology_id,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as month_start_date,
        leak,
        count(*) as attempt_count
    from attempts
    group by technology_id, cast({{ dbt.date_trunc('month', 'business_date') }} as date), leak
),

summed as (
    select
        technology_id,
        month_start_date,
        sum(case when leak is not null then attempt_count else 0 end) as leaked_count,
        sum(
            case
                when leak in ('none', 'circled_back', 'pending', 'no_evidence', 'abandoned', 'handoff_unknown') then attempt_count
                else 0
            end
        ) as contained_or_open_count
    from leaks
    group by technology_id, month_start_date
),

rungs as (
    select
        technology_id,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as month_start_date,
        count(*) as attempt_count,
        count(case when is_eligible then 1 end) as eligible_count,
        count(case when is_eligible and is_contained then 1 end) as contained_count,
        count(case when is_resolved then 1 end) as resolved_count,
        count(case when is_durably_resolved then 1 end) as durable_count,
        count(case when is_durably_resolved and not is_mature then 1 end) as immature_durable_count
    from attempts
    group by technology_id, cast({{ dbt.date_trunc('month', 'business_date') }} as date)
)

select
    rungs.technology_id,
    rungs.month_start_date,
    rungs.attempt_count,
    summed.leaked_count,
    rungs.eligible_count,
    rungs.contained_count,
    rungs.resolved_count,
    rungs.durable_count
from rungs
left join summed
    on
        rungs.month_start_date = summed.month_start_date
        and coalesce(rungs.technology_id, '(unknown)') = coalesce(summed.technology_id, '(unknown)')
where
    rungs.attempt_count is distinct from summed.leaked_count
    or rungs.eligible_count > rungs.attempt_count
    or rungs.contained_count > rungs.eligible_count
    or rungs.contained_count > summed.contained_or_open_count
    or rungs.resolved_count > rungs.contained_count
    or rungs.durable_count > rungs.resolved_count
    or rungs.immature_durable_count > 0
