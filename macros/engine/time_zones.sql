{#- Local wall clock time of a UTC instant in an IANA zone. Slow per row on some engines: large tables join
    int_timezone_offsets instead. -#}
{% macro to_local(instant, timezone) -%}
    {{ return(adapter.dispatch('to_local', 'cx_metrics')(instant, timezone)) }}
{%- endmacro %}

{% macro default__to_local(instant, timezone) -%}
    (({{ instant }} at time zone 'UTC') at time zone {{ timezone }})
{%- endmacro %}

{% macro spark__to_local(instant, timezone) -%}
    from_utc_timestamp({{ instant }}, {{ timezone }})
{%- endmacro %}


{#- UTC instant of a local wall clock time in an IANA zone. -#}
{% macro to_utc(local_time, timezone) -%}
    {{ return(adapter.dispatch('to_utc', 'cx_metrics')(local_time, timezone)) }}
{%- endmacro %}

{% macro default__to_utc(local_time, timezone) -%}
    (({{ local_time }} at time zone {{ timezone }}) at time zone 'UTC')
{%- endmacro %}

{% macro spark__to_utc(local_time, timezone) -%}
    to_utc_timestamp({{ local_time }}, {{ timezone }})
{%- endmacro %}
