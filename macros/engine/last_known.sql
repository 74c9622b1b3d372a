{#- The last value of a named window that is not null, of windows that end before or at the current row and have a total order. -#}
{% macro last_known(value, window) -%}
    {{ return(adapter.dispatch('last_known', 'cx_metrics')(value, window)) }}
{%- endmacro %}

{% macro default__last_known(value, window) -%}
    last_value({{ value }} ignore nulls) over {{ window }}
{%- endmacro %}

{% macro spark__last_known(value, window) -%}
    last_value({{ value }}, true) over {{ window }}
{%- endmacro %}

{#- This engine cannot ignore nulls: the array of all values of the window, its last element. -#}
{% macro postgres__last_known(value, window) -%}
    (array_remove(array_agg({{ value }}) over {{ window }}, null))[
        cardinality(array_remove(array_agg({{ value }}) over {{ window }}, null))
    ]
{%- endmacro %}
