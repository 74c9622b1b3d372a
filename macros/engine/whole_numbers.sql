{#- A query of the whole numbers from 1 to `upper_bound`, in the column generated_number. -#}
{% macro whole_numbers(upper_bound) -%}
    {{ return(adapter.dispatch('whole_numbers', 'cx_metrics')(upper_bound)) }}
{%- endmacro %}

{% macro default__whole_numbers(upper_bound) -%}
    select generated_number from generate_series(1, {{ upper_bound }}) as numbers (generated_number)
{%- endmacro %}

{% macro spark__whole_numbers(upper_bound) -%}
    select explode(sequence(1, {{ upper_bound }})) as generated_number
{%- endmacro %}
