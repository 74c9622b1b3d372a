-- One row per raw row or line that could not be used, with the rule that it broke and its original text. Broken values are judged
-- here, row by row; broken lines were judged by landing.
-- depends_on: {{ ref('iana_timezones') }}
with

{% for table in staged_tables() -%}
{{ table }} as (
    {{ raw_deliveries(table) }}
),

{% endfor -%}

landing_rejects as (
    {{ raw_deliveries('landing_rejects') }}
),

broken_rows as (
    {%- for table in staged_tables() %}
    {{ 'union all' if not loop.first }}
    select
        '{{ table }}' as table_name,
        {{ row_key(table) }} as row_key,
        broken_rule as rule,
        delivered_text as original_text,
        cast(null as {{ dbt.type_string() }}) as file_name,
        cast(null as {{ dbt.type_int() }}) as line_number
    from {{ table }}
    where broken_rule is not null
    {%- endfor %}
),

broken_lines as (
    select
        table_name,
        cast(null as {{ dbt.type_string() }}) as row_key,
        rule,
        original_text,
        file_name,
        line_number
    from landing_rejects
),

final as (
    select * from broken_rows
    union all
    select * from broken_lines
)

select * from final
