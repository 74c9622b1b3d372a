-- One row per investment, ledger and month from the first cash flow on: what flowed, and what it has added up to, as it is and discounted
-- to the first month (M41). Four ledgers: the plan, and what happened with benefits as claimed, as confirmed by operations, and as found
-- by finance. Benefits that were taken back are in none. What happened is known up to the last month that the feed has complete, and that
-- operations or finance have come to in their reviews: the last month of which they confirmed any benefit. The plan is known to its end. A
-- month without a cash flow between others has a row.
{{ config(materialized='table') }}
{%- set ledgers = {
    'plan': ['claimed', 'ops_verified', 'finance_verified'],
    'claimed': ['claimed', 'ops_verified', 'finance_verified'],
    'ops_verified': ['ops_verified', 'finance_verified'],
    'finance_verified': ['finance_verified'],
} %}

with

cash_flows as (
    select
        *,
        coalesce(verification, 'claimed') as verification_state
    from {{ ref('stg_investment_cash_flows') }}
),

months as (
    select month_start_date
    from {{ ref('dim_date') }}
    group by month_start_date
),

as_of as (
    select * from {{ ref('int_as_of') }}
    where domain = 'cost'
),

in_ledgers as (
    {%- for ledger, states in ledgers.items() %}
    select
        '{{ ledger }}' as ledger,
        investment_id,
        cast({{ dbt.date_trunc('month', 'period_month') }} as date) as period_month,
        kind,
        amount,
        case when amount is null then 1 else 0 end as unknown_count
    from cash_flows
    where
        scenario = '{{ 'plan' if ledger == 'plan' else 'actual' }}'
        and (kind = 'cost' or verification_state in ('{{ states | join("', '") }}'))
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

reviewed as (
    select
        ledger,
        max(case when kind = 'benefit' then period_month end) as reviewed_through_month
    from in_ledgers
    where ledger in ('ops_verified', 'finance_verified')
    group by ledger
),

known as (
    select in_ledgers.*
    from in_ledgers
    left join reviewed
        on in_ledgers.ledger = reviewed.ledger
    left join as_of
        on true
    where
        in_ledgers.ledger = 'plan'
        or (
            cast({{ dbt.dateadd('month', 1, 'in_ledgers.period_month') }} as {{ dbt.type_timestamp() }}) <= as_of.as_of
            and (in_ledgers.ledger = 'claimed' or in_ledgers.period_month <= reviewed.reviewed_through_month)
        )
),

flows as (
    select
        ledger,
        investment_id,
        period_month,
        sum(case when kind = 'cost' then amount else 0 end) as cost_amount,
        sum(case when kind = 'benefit' then amount else 0 end) as benefit_amount,
        sum(unknown_count) as unknown_count
    from known
    group by ledger, investment_id, period_month
),

bounds as (
    select
        ledger,
        investment_id,
        min(period_month) as first_month,
        max(period_month) as last_month
    from flows
    group by ledger, investment_id
),

-- every month in between, and those of cash flows before the calendar begins
spine as (
    select
        bounds.ledger,
        bounds.investment_id,
        bounds.first_month,
        months.month_start_date as period_month
    from bounds
    inner join months
        on months.month_start_date between bounds.first_month and bounds.last_month

    union

    select
        flows.ledger,
        flows.investment_id,
        bounds.first_month,
        flows.period_month
    from flows
    inner join bounds
        on
            flows.ledger = bounds.ledger
            and flows.investment_id = bounds.investment_id
),

every_month as (
    select
        spine.ledger,
        spine.investment_id,
        spine.period_month,
        spine.first_month,
        cast(coalesce(flows.cost_amount, 0) as decimal(18, 4)) as cost_amount,
        cast(coalesce(flows.benefit_amount, 0) as decimal(18, 4)) as benefit_amount,
        coalesce(flows.unknown_count, 0) as unknown_count,
        cast(coalesce(flows.benefit_amount, 0) - coalesce(flows.cost_amount, 0) as decimal(18, 4)) as net_amount
    from spine
    left join flows
        on
            spine.ledger = flows.ledger
            and spine.investment_id = flows.investment_id
            and spine.period_month = flows.period_month
),

numbered as (
    select
        *,
        cast(
            12 * (extract(year from period_month) - extract(year from first_month))
            + extract(month from period_month) - extract(month from first_month) as bigint
        ) as period_number
    from every_month
),

-- what flows in a month is worth less the later it does
weighed as (
    select
        *,
        power(
            cast(1 + {{ var('investment_discount_per_year') }} as {{ double_type() }}), -cast(period_number as {{ double_type() }}) / 12
        ) as discount_factor
    from numbered
),

discounted as (
    select
        *,
        cast({{ statistic('cast(net_amount as ' ~ double_type() ~ ') * discount_factor') }} as decimal(18, 6)) as discounted_net_amount
    from weighed
),

final as (
    select
        ledger,
        investment_id,
        period_month,
        period_number,
        cost_amount,
        benefit_amount,
        unknown_count,
        net_amount,
        discounted_net_amount,
        cast(sum(net_amount) over so_far as decimal(18, 4)) as cumulative_amount,
        cast(sum(discounted_net_amount) over so_far as decimal(18, 6)) as cumulative_discounted_amount
    from discounted
    window so_far as (
        partition by ledger, investment_id
        order by period_month
        rows between unbounded preceding and current row
    )
)

select * from final
