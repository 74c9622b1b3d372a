{#- The key of a raw table's row as one text, its parts joined by |. -#}
{% macro row_key(table) -%}
    {%- if execute -%}
        {%- set parts = [] -%}
        {%- for column in contract_table(table).config.meta['key'] -%}
            {%- do parts.append("coalesce(cast(" ~ column ~ " as " ~ dbt.type_string() ~ "), '')") -%}
            {%- if not loop.last -%}{%- do parts.append("'|'") -%}{%- endif -%}
        {%- endfor -%}
        {{ dbt.concat(parts) if parts | length > 1 else parts[0] }}
    {%- else -%}
        ''
    {%- endif -%}
{%- endmacro %}
