-- Where did the newest month whose books are over go (M37)? Per drain, in the order in which they claim time: minutes, money, its share of
-- all that contacts and waiting cost, full-time agents that it would take (by practical_minutes_per_day on the weekdays of the month), an
-- average day, and the queue and day that it took most on. Drains do not overlap, so they may be added up.
with

month_over as (
    select max(period_month) as period_month
    from {{ ref('fct_ledger_reconciliation') }}
    where is_month_over
),

reconciliation as (
    select
        period_month,
        cast(sum(contact_amount + unused_capacity_amount) as {{ double_type() }}) as contacts_and_waiting_amount
    from {{ ref('fct_ledger_reconciliation') }}
    group by period_month
),

days as (
    select
        month_start_date,
        count(*) as day_count,
        count(case when iso_weekday <= 5 then 1 end) as weekday_count
    from {{ ref('dim_date') }}
    group by month_start_date
),

drains as (
    select
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as month_start_date,
        *
    from {{ ref('fct_daily_drains') }}
),

of_the_month as (
    select drains.*
    from drains
    inner join month_over
        on drains.month_start_date = month_over.period_month
),

summed as (
    select
        month_start_date,
        drain,
        drain_priority,
        sum(unit_count) as unit_count,
        sum(agent_minutes) as agent_minutes,
        sum(bot_minutes) as bot_minutes,
        cast(sum(cost_amount) as {{ double_type() }}) as cost_amount,
        cast(sum(full_time_days) as {{ double_type() }}) as full_time_days
    from of_the_month
    group by month_start_date, drain, drain_priority
),

dearest as (
    select
        drain,
        queue_id,
        business_date,
        row_number() over (
            partition by drain order by cost_amount desc, agent_minutes desc, business_date asc, queue_id asc
        ) as dearness
    from of_the_month
),

final as (
    select
        summed.month_start_date,
        summed.drain_priority,
        summed.drain,
        summed.unit_count,
        summed.agent_minutes,
        summed.bot_minutes,
        summed.cost_amount,
        summed.cost_amount / nullif(reconciliation.contacts_and_waiting_amount, 0) as share_of_contacts_and_waiting,
        summed.full_time_days / nullif(days.weekday_count, 0) as full_time_agents,
        summed.cost_amount / days.day_count as cost_of_an_average_day,
        dearest.queue_id as dearest_queue_id,
        dearest.business_date as dearest_business_date
    from summed
    inner join days
        on summed.month_start_date = days.month_start_date
    left join reconciliation
        on summed.month_start_date = reconciliation.period_month
    left join dearest
        on
            summed.drain = dearest.drain
            and dearest.dearness = 1
)

select * from final
order by drain_priority
