-- One row per investment and ledger: what it cost, what it brought, and after how many months it had paid for itself, as it is and
-- discounted (M41). Plan and what happened stand side by side; only what finance found in the ledger counts as realised. What was not
-- recovered has no number and says so: neither 0 nor the length of the record.
with

months as (
    select * from {{ ref('int_investment_months') }}
),

simple as (
    select * from {{ ref('int_investment_crossings') }}
    where method = 'simple'
),

discounted as (
    select * from {{ ref('int_investment_crossings') }}
    where method = 'discounted'
),

investments as (
    select * from {{ ref('stg_investments') }}
),

investment_months as (
    select * from {{ ref('fct_investment_months') }}
),

added_up as (
    select
        ledger,
        investment_id,
        min(period_month) as first_month,
        max(period_month) as last_month,
        count(*) as month_count,
        sum(unknown_count) as unknown_count,
        sum(cost_amount) as cost_amount,
        sum(benefit_amount) as benefit_amount,
        sum(net_amount) as net_amount,
        sum(discounted_net_amount) as discounted_net_amount
    from months
    group by ledger, investment_id
),

latest as (
    select
        investment_id,
        {{ latest('is_quietly_missing', ['period_month']) }} as is_quietly_missing
    from investment_months
    where is_known
    group by investment_id
),

joined as (
    select
        added_up.*,
        {%- for method in ['simple', 'discounted'] %}
        {{ method }}.first_crossing_months as {{ method }}_first_months,
        {{ method }}.last_crossing_months as {{ method }}_last_months,
        case
            when added_up.unknown_count > 0 then 'amount of a cash flow unknown'
            when {{ method }}.lowest_amount >= 0 then 'nothing to recover'
            when {{ method }}.last_amount < 0 then 'not recovered by as_of'
        end as {{ method }}_null_reason,
        {%- endfor %}
        latest.is_quietly_missing
    from added_up
    inner join simple
        on
            added_up.ledger = simple.ledger
            and added_up.investment_id = simple.investment_id
    inner join discounted
        on
            added_up.ledger = discounted.ledger
            and added_up.investment_id = discounted.investment_id
    left join latest
        on added_up.investment_id = latest.investment_id
),

final as (
    select
        joined.investment_id,
        joined.ledger,
        joined.ledger = 'finance_verified' as is_realised,
        coalesce(investments.name, joined.investment_id) as name,
        investments.technology_id,
        investments.approved_on,
        joined.first_month,
        joined.last_month,
        joined.month_count,
        cast(case when joined.unknown_count = 0 then joined.cost_amount end as decimal(18, 6)) as cost_amount,
        cast(case when joined.unknown_count = 0 then joined.benefit_amount end as decimal(18, 6)) as benefit_amount,
        cast(case when joined.unknown_count = 0 then joined.net_amount end as decimal(18, 6)) as net_amount,
        cast(case when joined.unknown_count = 0 then joined.discounted_net_amount end as decimal(18, 6)) as discounted_net_amount,
        cast(case
            when joined.unknown_count = 0 and joined.cost_amount > 0
                then {{ statistic(
                    'cast(joined.net_amount as ' ~ double_type() ~ ') / cast(joined.cost_amount as ' ~ double_type() ~ ')'
                ) }}
        end as decimal(18, 6)) as return_on_investment_share,
        {%- for method in ['simple', 'discounted'] %}
        {%- for crossing in ['first', 'last'] %}
        cast(case
            when joined.unknown_count = 0 then {{ statistic('joined.' ~ method ~ '_' ~ crossing ~ '_months') }}
        end as decimal(18, 6)) as {{ method }}_{{ crossing }}_payback_months,
        {%- endfor %}
        joined.{{ method }}_null_reason as {{ method }}_payback_null_reason,
        {%- endfor %}
        case when joined.ledger = 'finance_verified' then joined.is_quietly_missing end as is_quietly_missing
    from joined
    left join investments
        on joined.investment_id = investments.investment_id
)

select * from final
