{#- The rows of one semantic model by period (day, week, month, all time), dimension and value of it, with every measure added up: parts are
    added, never rates. The mart is read once, into a cube of all dimensions by day, and the single dimensions are rolled up from the cube. -#}
{% macro metric_periods(semantic_model, mart) -%}
{%- set model = measured_model(semantic_model) -%}
{%- set names = model.dimensions | map(attribute='name') | list -%}
{%- set measures = model.measures | map(attribute='name') | list -%}

with

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

days as (
    {%- for dimension in ['all'] + names %}
    {{ 'union all' if not loop.first }}
    select
        date_day,
        cast({{ dbt.date_trunc('week', 'date_day') }} as date) as week_start_date,
        cast({{ dbt.date_trunc('month', 'date_day') }} as date) as month_start_date,
        cast({{ dbt.last_day('date_day', 'month') }} as date) as month_end_date,
        '{{ dimension }}' as dimension,
        {{ "'all'" if dimension == 'all' else "coalesce(cast(" ~ dimension ~ " as " ~ dbt.type_string() ~ "), '(unknown)')" }} as dimension_value,
        {%- for measure in measures %}
        sum({{ measure }}) as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from cube
    group by date_day{{ ', ' ~ dimension if dimension != 'all' }}
    {%- endfor %}
),

periods as (
    {%- for grain, start, end in [
        ('day', 'date_day', 'date_day'),
        ('week', 'week_start_date', dbt.dateadd('day', 6, 'week_start_date')),
        ('month', 'month_start_date', 'month_end_date'),
        ('all', 'min(date_day)', none),
    ] %}
    {{ 'union all' if not loop.first }}
    select
        '{{ grain }}' as grain,
        {{ start }} as period_start,
        cast({{ end or 'null' }} as date) as period_end,
        dimension,
        dimension_value,
        {%- for measure in measures %}
        sum({{ measure }}) as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from days
    group by dimension, dimension_value{{ ', ' ~ start if grain != 'all' }}{{ ', ' ~ end if grain == 'month' }}
    {%- endfor %}
)

select * from periods
{%- endmacro %}
