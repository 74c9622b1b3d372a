{#- The first (or last) value of a group in the given order, as an aggregate; rows with a null value do not count.
    `order_by` must be a total order within the group, so that every engine picks the same row. -#}
{% macro earliest(value, order_by) -%}
    {{ return(adapter.dispatch('end_of_order', 'cx_metrics')(value, order_by, 'min_by', 'asc')) }}
{%- endmacro %}

{% macro latest(value, order_by) -%}
    {{ return(adapter.dispatch('end_of_order', 'cx_metrics')(value, order_by, 'max_by', 'desc')) }}
{%- endmacro %}

{% macro default__end_of_order(value, order_by, function, direction) -%}
    {{ function }}({{ value }}, struct({{ order_by | join(', ') }})) filter (where {{ value }} is not null)
{%- endmacro %}

{% macro duckdb__end_of_order(value, order_by, function, direction) -%}
    {{ function }}({{ value }}, {{ order_by[0] if order_by | length == 1 else 'row(' ~ order_by | join(', ') ~ ')' }}) filter (where {{ value }} is not null)
{%- endmacro %}

{% macro postgres__end_of_order(value, order_by, function, direction) -%}
    (array_agg({{ value }} order by {% for column in order_by %}{{ column }} {{ direction }}{{ ', ' if not loop.last }}{% endfor %}) filter (where {{ value }} is not null))[1]
{%- endmacro %}

{#- The first value of a named window that is not null; the window has a total order and reaches over the whole partition. -#}
{% macro first_known(value, window) -%}
    {{ return(adapter.dispatch('first_known', 'cx_metrics')(value, window)) }}
{%- endmacro %}

{% macro default__first_known(value, window) -%}
    first_value({{ value }} ignore nulls) over {{ window }}
{%- endmacro %}

{% macro postgres__first_known(value, window) -%}
    (array_remove(array_agg({{ value }}) over {{ window }}, null))[1]
{%- endmacro %}

{% macro spark__first_known(value, window) -%}
    first_value({{ value }}, true) over {{ window }}
{%- endmacro %}
