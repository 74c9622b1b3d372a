{#- A text value as a type of the contract; null where it cannot be read. Spark and DuckDB read row by row. Postgres has no
    such cast: there a raw column must already have its type, and the build says so. -#}
{% macro parse_text(expression, data_type) -%}
    {{ return(adapter.dispatch('parse_text', 'cx_metrics')(expression, data_type)) }}
{%- endmacro %}

{% macro default__parse_text(expression, data_type) -%}
    {{ exceptions.raise_compiler_error(
        "Raw column " ~ expression ~ " is text, and this engine cannot read text row by row: deliver it as "
        ~ contract_type(data_type) ~ ", or cast it in the table that the raw_schema var points to."
    ) }}
{%- endmacro %}

{% macro duckdb__parse_text(expression, data_type) -%}
    {%- if data_type == 'timestamp' -%}
        {#- A cast to timestamp ignores a zone at the end of the text; a cast to timestamptz honours it. -#}
        case
            when regexp_matches(trim({{ expression }}), '([zZ]|[+-][0-9]{2}(:?[0-9]{2})?)$') and length(trim({{ expression }})) > 16
                then try_cast(regexp_replace(trim({{ expression }}), '([+-][0-9]{2})([0-9]{2})$', '\1:\2') as timestamptz) at time zone 'UTC'
            else try_cast(trim({{ expression }}) as timestamp)
        end
    {%- elif data_type == 'integer' -%}
        case when regexp_matches(trim({{ expression }}), '^[+-]?[0-9]+$') then try_cast(trim({{ expression }}) as integer) end
    {%- else -%}
        try_cast(trim({{ expression }}) as {{ contract_type(data_type) }})
    {%- endif -%}
{%- endmacro %}

{#- A cast of this engine reads more than values of the type: the text 09:00 becomes an hour of today, 2025 a day. -#}
{% macro spark__parse_text(expression, data_type) -%}
    {%- set day = '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}' -%}
    {%- set clock = '[0-9:.]+([zZ]| UTC|[+-][0-9:]+)?' -%}
    {%- set forms = {
        'timestamp': day ~ '([ T]' ~ clock ~ ')?', 'date': day ~ '([ T].*)?', 'integer': '[+-]?[0-9]+', 'boolean': '.*'
    } -%}
    {%- set form = forms.get(data_type, '[-+.0-9eE]+') -%}
    case
        when trim({{ expression }}) rlike '^({{ form }})$' then try_cast(trim({{ expression }}) as {{ contract_type(data_type) }})
    end
{%- endmacro %}
