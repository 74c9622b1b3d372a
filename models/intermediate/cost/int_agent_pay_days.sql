-- One row per agent and working day of a month that this build makes anew: what the payroll pays for it, in the reporting currency at the
-- rate of the day. Overtime is paid at the straight rate like any hour, the premium on it stands apart (M34). Amounts are null where no
-- pay rate was in force or a currency has no rate.
with

pay as (
    select * from {{ ref('stg_agent_pay') }}
),

pay_rates as (
    select
        *,
        coalesce(
            lead(effective_from) over (partition by agent_id order by effective_from), cast('2999-12-31' as date)
        ) as next_effective_from
    from {{ ref('stg_agent_pay_rates') }}
),

exchange_rates as (
    select * from {{ ref('int_exchange_rates') }}
),

days as (
    select
        *,
        cast({{ dbt.date_trunc('month', 'work_date') }} as date) as period_month,
        coalesce(regular_minutes, 0) + coalesce(overtime_minutes, 0) as paid_minutes
    from pay
),

-- sixty times the amounts, in the currency of the pay: a rate is per hour
priced as (
    select
        days.period_month,
        days.agent_id,
        days.work_date,
        days.overtime_queue_id,
        cast(days.paid_minutes as decimal(18, 4)) as paid_minutes,
        cast(coalesce(days.overtime_minutes, 0) as decimal(18, 4)) as overtime_minutes,
        cast(days.paid_minutes * pay_rates.hourly_rate as decimal(18, 6)) as straight_amount_times_60,
        cast(
            cast(coalesce(days.overtime_minutes, 0) * pay_rates.hourly_rate as decimal(18, 6))
            * (greatest(coalesce(pay_rates.overtime_multiplier, 1), 1) - 1) as decimal(18, 6)
        ) as premium_amount_times_60,
        coalesce(pay_rates.on_cost_rate, cast(0 as decimal(18, 6))) as on_cost_rate,
        cast(pay_rates.hourly_rate * greatest(coalesce(pay_rates.overtime_multiplier, 1), 1) as decimal(18, 6)) as overtime_hour_amount,
        exchange_rates.rate_to_reporting
    from days
    left join pay_rates
        on
            days.agent_id = pay_rates.agent_id
            and days.work_date >= pay_rates.effective_from
            and days.work_date < pay_rates.next_effective_from
    left join exchange_rates
        on
            coalesce(pay_rates.currency, '{{ var("reporting_currency") }}') = exchange_rates.currency
            and days.work_date = exchange_rates.date_day
    where {{ is_touched('days.period_month') }}
),

converted as (
    select
        *,
        {{ share_of('straight_amount_times_60', 1, 60) }} as straight_amount,
        {{ share_of('premium_amount_times_60', 1, 60) }} as premium_amount
    from priced
),

final as (
    select
        period_month,
        agent_id,
        work_date,
        overtime_queue_id,
        paid_minutes,
        overtime_minutes,
        -- what one more hour would cost in cash
        cast(
            cast(overtime_hour_amount * (1 + on_cost_rate) as decimal(18, 6)) * rate_to_reporting as decimal(18, 6)
        ) as overtime_hour_amount,
        cast(straight_amount * rate_to_reporting as decimal(18, 6)) as straight_amount,
        cast(cast(straight_amount * on_cost_rate as decimal(18, 6)) * rate_to_reporting as decimal(18, 6)) as on_cost_amount,
        cast(premium_amount * rate_to_reporting as decimal(18, 6)) as premium_amount,
        cast(cast(premium_amount * on_cost_rate as decimal(18, 6)) * rate_to_reporting as decimal(18, 6)) as premium_on_cost_amount
    from converted
)

select * from final
