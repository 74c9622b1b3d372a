-- One row per period (day, week, month, all time), dimension and value of it, with every measure added up from its days.
-- noqa: disable=LT02,LT05
{{ config(materialized='table') }}

{%- set models = measured_models() %}

with

days as (
    select * from {{ ref('int_metric_days') }}
),

-- any day that a mart has: the books of a month begin before the first contact in it
calendar as (
    select
        day as date_day,
        cast({{ dbt.date_trunc('week', 'day') }} as date) as week_start_date,
        cast({{ dbt.date_trunc('month', 'day') }} as date) as month_start_date,
        cast({{ dbt.last_day('day', 'month') }} as date) as month_end_date
    from days
    group by day
),

first_day as (
    select min(day) as day from days
),

periods as (
    {%- for grain, start in {
        'day': 'calendar.date_day', 'week': 'calendar.week_start_date', 'month': 'calendar.month_start_date', 'all': 'first_day.day'
    }.items() %}
    {{ 'union all' if not loop.first }}
    select
        '{{ grain }}' as grain,
        {{ start }} as period_start,
        {{ {'day': 'calendar.date_day', 'week': dbt.dateadd('day', 6, 'calendar.week_start_date'), 'month': 'calendar.month_end_date', 'all': 'null'}[grain] }}
            as period_end,
        days.dimension,
        days.dimension_value,
        {%- for model in models %}
        {%- for measure in model.measures %}
        sum(days.{{ measure.name }}) as {{ measure.name }},
        {%- endfor %}
        sum(days.{{ model.name }}_row_count) as {{ model.name }}_row_count{{ ',' if not loop.last }}
        {%- endfor %}
    from days
    {%- if grain == 'all' %}
    cross join first_day
    group by first_day.day, days.dimension, days.dimension_value
    {%- else %}
    inner join calendar
        on days.day = calendar.date_day
    group by {{ start }}{{ ', calendar.month_end_date' if grain == 'month' }}, days.dimension, days.dimension_value
    {%- endif %}
    {%- endfor %}
)

select * from periods
