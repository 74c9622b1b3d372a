{#- The rows of a unit test's input. dbt casts them to the columns that the input has in the database; a raw table may lack some of
    them, or be absent. So rows of raw tables are texts, with the columns that the test names; staging casts them. -#}
{% macro get_fixture_sql(rows, column_name_to_data_types) -%}
    {%- if model.source_name is not defined -%}
        {{ return(dbt.get_fixture_sql(rows, column_name_to_data_types)) }}
    {%- endif -%}
    {%- set names = [] -%}
    {%- for row in rows -%}
        {%- do names.extend(row.keys() | reject('in', names)) -%}
    {%- endfor -%}
    {%- for row in rows %}
    {{ 'union all' if not loop.first }}
    select
        {%- for name in names %}
        {{ sql_text(row.get(name)) }} as {{ adapter.quote(name) }}{{ ',' if not loop.last }}
        {%- endfor %}
    {%- endfor %}
{%- endmacro %}
