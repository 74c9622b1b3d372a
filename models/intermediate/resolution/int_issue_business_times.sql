-- One row per ended issue whose first queue has opening hours: the seconds of them between its start and its end (M12b). Opening
-- periods and the instants stand in one list per queue; what a queue had been open until an instant only grows, so the largest value
-- before it is the newest.
{{ config(materialized='table') }}

with

issues as (
    select
        issue_id,
        queue_id,
        started_at,
        ended_at
    from {{ ref('int_issues') }}
    where
        ended_at is not null
        and queue_id is not null
),

open_periods as (
    select * from {{ ref('int_queue_open_periods') }}
),

scheduled_queues as (
    select queue_id
    from {{ ref('stg_queue_hours') }}
    group by queue_id
),

points as (
    select
        queue_id,
        opens_at as happened_at,
        0 as is_instant,
        '' as issue_id,
        0 as is_end,
        opens_at,
        open_seconds_before,
        open_seconds_before + open_seconds as open_seconds_until
    from open_periods

    union all

    select
        issues.queue_id,
        issues.started_at as happened_at,
        1 as is_instant,
        issues.issue_id,
        0 as is_end,
        cast(null as {{ dbt.type_timestamp() }}) as opens_at,
        cast(null as bigint) as open_seconds_before,
        cast(null as bigint) as open_seconds_until
    from issues
    inner join scheduled_queues
        on issues.queue_id = scheduled_queues.queue_id

    union all

    select
        issues.queue_id,
        issues.ended_at as happened_at,
        1 as is_instant,
        issues.issue_id,
        1 as is_end,
        cast(null as {{ dbt.type_timestamp() }}) as opens_at,
        cast(null as bigint) as open_seconds_before,
        cast(null as bigint) as open_seconds_until
    from issues
    inner join scheduled_queues
        on issues.queue_id = scheduled_queues.queue_id
),

located as (
    select
        issue_id,
        is_instant,
        is_end,
        happened_at,
        max(opens_at) over until_here as opened_at,
        max(open_seconds_before) over until_here as open_seconds_before,
        max(open_seconds_until) over until_here as open_seconds_until
    from points
    window until_here as (
        partition by queue_id
        order by happened_at, is_instant
        range between unbounded preceding and current row
    )
),

measured as (
    select
        issue_id,
        is_end,
        case
            when opened_at is null then 0
            else least(open_seconds_before + {{ seconds_between('opened_at', 'happened_at') }}, open_seconds_until)
        end as open_seconds
    from located
    where is_instant = 1
),

final as (
    select
        issue_id,
        cast(max(case when is_end = 1 then open_seconds end) - max(case when is_end = 0 then open_seconds end) as bigint)
            as business_seconds
    from measured
    group by issue_id
)

select * from final
