-- One row per investment and month: what was planned and what happened, in the month and up to it, and whether it quietly misses the mark
-- (M41): less than the plan by more than the tolerance in so many months in a row, and nobody decided anything since the first of them.
with

months as (
    select * from {{ ref('int_investment_months') }}
),

investments as (
    select * from {{ ref('stg_investments') }}
),

actions as (
    select * from {{ ref('investment_actions') }}
),

planned as (
    select * from months
    where ledger = 'plan'
),

realised as (
    select * from months
    where ledger = 'finance_verified'
),

claimed as (
    select * from months
    where ledger = 'claimed'
),

known_through as (
    select
        investment_id,
        max(period_month) as last_month
    from realised
    group by investment_id
),

either as (
    select
        investment_id,
        period_month
    from planned

    union

    select
        investment_id,
        period_month
    from claimed
),

beside as (
    select
        either.investment_id,
        either.period_month,
        planned.net_amount as planned_net_amount,
        planned.cumulative_amount as planned_cumulative_amount,
        claimed.net_amount as claimed_net_amount,
        claimed.cumulative_amount as claimed_cumulative_amount,
        realised.cost_amount,
        realised.benefit_amount,
        realised.net_amount,
        realised.cumulative_amount,
        coalesce(either.period_month <= known_through.last_month, false) as is_known,
        case
            when either.period_month > known_through.last_month or known_through.last_month is null then null
            when planned.unknown_count > 0 or realised.unknown_count > 0 then null
            when
                coalesce(realised.net_amount, 0)
                < coalesce(planned.net_amount, 0)
                - abs(coalesce(planned.net_amount, 0)) * cast({{ var('investment_miss_tolerance') }} as decimal(9, 6))
                then 1
            else 0
        end as is_short
    from either
    left join planned
        on
            either.investment_id = planned.investment_id
            and either.period_month = planned.period_month
    left join claimed
        on
            either.investment_id = claimed.investment_id
            and either.period_month = claimed.period_month
    left join realised
        on
            either.investment_id = realised.investment_id
            and either.period_month = realised.period_month
    left join known_through
        on either.investment_id = known_through.investment_id
),

-- a month that is not short ends a run of short ones
in_runs as (
    select
        *,
        sum(case when is_short = 1 then 0 else 1 end) over (
            partition by investment_id
            order by period_month
            rows between unbounded preceding and current row
        ) as run_number
    from beside
),

measured as (
    select
        *,
        sum(is_short) over in_run as short_months_in_a_row,
        min(case when is_short = 1 then period_month end) over in_run as short_since_month
    from in_runs
    window in_run as (
        partition by investment_id, run_number
        order by period_month
        rows between unbounded preceding and current row
    )
),

acted_on as (
    select
        measured.investment_id,
        measured.period_month,
        count(*) as action_count
    from measured
    inner join actions
        on
            measured.investment_id = actions.investment_id
            and measured.short_since_month <= actions.decided_on
            and actions.decided_on < cast({{ dbt.dateadd('month', 1, 'measured.period_month') }} as date)
    group by measured.investment_id, measured.period_month
),

final as (
    select
        measured.investment_id,
        measured.period_month,
        coalesce(investments.name, measured.investment_id) as name,
        investments.technology_id,
        measured.is_known,
        cast(measured.planned_net_amount as decimal(18, 6)) as planned_net_amount,
        cast(measured.planned_cumulative_amount as decimal(18, 6)) as planned_cumulative_amount,
        cast(measured.claimed_net_amount as decimal(18, 6)) as claimed_net_amount,
        cast(measured.claimed_cumulative_amount as decimal(18, 6)) as claimed_cumulative_amount,
        cast(measured.cost_amount as decimal(18, 6)) as cost_amount,
        cast(measured.benefit_amount as decimal(18, 6)) as benefit_amount,
        cast(measured.net_amount as decimal(18, 6)) as net_amount,
        cast(measured.cumulative_amount as decimal(18, 6)) as cumulative_amount,
        measured.is_short = 1 as is_below_plan,
        cast(case when measured.is_short is not null then measured.short_months_in_a_row end as bigint) as months_below_plan_in_a_row,
        coalesce(acted_on.action_count, 0) as action_count,
        case
            when measured.is_short is not null
                then
                    measured.short_months_in_a_row >= {{ var('investment_miss_months') }}
                    and coalesce(acted_on.action_count, 0) = 0
        end as is_quietly_missing
    from measured
    left join investments
        on measured.investment_id = investments.investment_id
    left join acted_on
        on
            measured.investment_id = acted_on.investment_id
            and measured.period_month = acted_on.period_month
)

select * from final
