-- One row per investment, ledger and way of counting (as it is, or discounted): when what flowed had paid back what was spent (M41).
-- Within the month of crossing it is interpolated: the months before, and what was still open as a part of that month's flow. What was
-- recovered, sank below again and was recovered once more has a first and a last crossing.
with

months as (
    select * from {{ ref('int_investment_months') }}
),

counted as (
    {%- for method, flow, cumulative in [
        ('simple', 'net_amount', 'cumulative_amount'),
        ('discounted', 'discounted_net_amount', 'cumulative_discounted_amount'),
    ] %}
    select
        '{{ method }}' as method,
        ledger,
        investment_id,
        period_number,
        cast({{ flow }} as {{ double_type() }}) as flow_amount,
        cast({{ cumulative }} as {{ double_type() }}) as cumulative_amount
    from months
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

followed as (
    select
        *,
        lag(cumulative_amount) over (partition by method, ledger, investment_id order by period_number) as amount_before,
        lag(period_number) over (partition by method, ledger, investment_id order by period_number) as period_before,
        row_number() over (partition by method, ledger, investment_id order by period_number desc) as periods_from_end
    from counted
),

crossings as (
    select
        *,
        case
            when amount_before < 0 and cumulative_amount >= 0
                then period_before - amount_before / flow_amount * (period_number - period_before)
        end as crossing_months
    from followed
),

final as (
    select
        method,
        ledger,
        investment_id,
        min(crossing_months) as first_crossing_months,
        max(crossing_months) as last_crossing_months,
        count(crossing_months) as crossing_count,
        min(cumulative_amount) as lowest_amount,
        max(case when periods_from_end = 1 then cumulative_amount end) as last_amount
    from crossings
    group by method, ledger, investment_id
)

select * from final
