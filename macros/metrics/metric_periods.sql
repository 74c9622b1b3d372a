{#- The rows of one semantic model by period (day, week, month, all time), dimension and value of it, with every measure added up: parts are
    added, never rates. -#}
{% macro metric_periods(semantic_model, mart) -%}
{%- set model = measured_model(semantic_model) -%}
{%- set measures = model.measures | map(attribute='name') | list -%}

with

{{ metric_days(model, mart) }}

added_up as (
    select
        case
            when grouping(date_day) = 0 then 'day'
            when grouping(week_start_date) = 0 then 'week'
            when grouping(month_start_date) = 0 then 'month'
            else 'all'
        end as grain,
        date_day,
        week_start_date,
        month_start_date,
        min(first_day) as first_day,
        dimension,
        dimension_value,
        {%- for measure in measures %}
        sum({{ measure }}) as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from days
    group by
        grouping sets (
            (dimension, dimension_value, date_day),
            (dimension, dimension_value, week_start_date),
            (dimension, dimension_value, month_start_date),
            (dimension, dimension_value)
        )
),

periods as (
    select
        grain,
        coalesce(date_day, week_start_date, month_start_date, first_day) as period_start,
        cast(case grain
            when 'day' then date_day
            when 'week' then {{ dbt.dateadd('day', 6, 'week_start_date') }}
            when 'month' then {{ dbt.last_day('month_start_date', 'month') }}
        end as date) as period_end,
        dimension,
        dimension_value,
        {%- for measure in measures %}
        {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from added_up
)

select * from periods
{%- endmacro %}


{#- The CTEs up to days, one row per day, dimension and value of it. The mart is read once, into a cube of all dimensions by day; the single
    dimensions are rolled up from the cube. -#}
{% macro metric_days(model, mart) -%}
{%- set dimensions = model.dimensions | map(attribute='name') | list -%}
{%- set measures = model.measures | map(attribute='name') | list -%}

cube as (
    select
        {{ model.day }} as date_day,
        {%- for dimension in model.dimensions %}
        {{ dimension.expr or dimension.name }} as {{ dimension.name }},
        {%- endfor %}
        {%- for measure in model.measures %}
        {{ measure_sql(measure) }} as {{ measure.name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ mart }}
    where {{ model.day }} is not null
    group by {{ model.day }}{% for dimension in model.dimensions %}, {{ dimension.expr or dimension.name }}{% endfor %}
),

by_dimension as (
    select
        date_day,
        case
            when false then null
            {%- for dimension in dimensions %}
            when grouping({{ dimension }}) = 0 then '{{ dimension }}'
            {%- endfor %}
            else 'all'
        end as dimension,
        case
            when false then null
            {%- for dimension in dimensions %}
            when grouping({{ dimension }}) = 0 then coalesce(cast({{ dimension }} as {{ dbt.type_string() }}), '(unknown)')
            {%- endfor %}
            else 'all'
        end as dimension_value,
        {%- for measure in measures %}
        sum({{ measure }}) as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from cube
    group by grouping sets ((date_day){% for dimension in dimensions %}, (date_day, {{ dimension }}){% endfor %})
),

days as (
    select
        by_dimension.*,
        date_day as first_day,
        cast({{ dbt.date_trunc('week', 'date_day') }} as date) as week_start_date,
        cast({{ dbt.date_trunc('month', 'date_day') }} as date) as month_start_date
    from by_dimension
),
{%- endmacro %}
