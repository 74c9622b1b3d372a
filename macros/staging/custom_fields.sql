{#- A company's own columns of a raw table (x_*), beside its key. Which they are is known when the model is built. -#}
{% macro custom_fields(table) -%}
    select
    {%- if execute %}
        {%- for name in contract_table(table).config.meta['key'] %}
        {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
        {%- for name in (found_columns(table) or {}) if name not in contract_table(table).columns %},
        {{ name if name.startswith('x_') else 'x_' ~ name }}
        {%- endfor %}
    {%- else %}
        *
    {%- endif %}
    from {{ ref('stg_' ~ table) }}
{%- endmacro %}
