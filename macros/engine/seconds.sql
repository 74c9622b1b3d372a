{#- Whole seconds from one instant to a later one; the fractions of both instants are dropped first, so that the parts of
    a contact always add up to the whole. -#}
{% macro seconds_between(from_instant, to_instant) -%}
    {{ return(adapter.dispatch('seconds_between', 'cx_metrics')(from_instant, to_instant)) }}
{%- endmacro %}

{% macro default__seconds_between(from_instant, to_instant) -%}
    cast(
        extract(epoch from date_trunc('second', {{ to_instant }}) - date_trunc('second', {{ from_instant }})) as {{ dbt.type_bigint() }}
    )
{%- endmacro %}

{% macro duckdb__seconds_between(from_instant, to_instant) -%}
    date_diff('second', {{ from_instant }}, {{ to_instant }})
{%- endmacro %}

{% macro spark__seconds_between(from_instant, to_instant) -%}
    (unix_timestamp({{ to_instant }}) - unix_timestamp({{ from_instant }}))
{%- endmacro %}


{#- The instant a number of seconds after another. -#}
{% macro seconds_after(instant, seconds) -%}
    {{ return(adapter.dispatch('seconds_after', 'cx_metrics')(instant, seconds)) }}
{%- endmacro %}

{% macro default__seconds_after(instant, seconds) -%}
    ({{ instant }} + ({{ seconds }}) * interval '1 second')
{%- endmacro %}

{% macro duckdb__seconds_after(instant, seconds) -%}
    ({{ instant }} + to_seconds({{ seconds }}))
{%- endmacro %}

{% macro spark__seconds_after(instant, seconds) -%}
    timestampadd(second, {{ seconds }}, {{ instant }})
{%- endmacro %}
