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


{#- UTC instant of a local wall clock time in an IANA zone. A time that comes twice, where clocks go back, is the later of the two; a time
    that never comes, where they go forward, is read with the offset before the change. -#}
{% macro to_utc(local_time, timezone) -%}
    {{ return(adapter.dispatch('to_utc', 'cx_metrics')(local_time, timezone)) }}
{%- endmacro %}

{% macro default__to_utc(local_time, timezone) -%}
    (({{ local_time }} at time zone {{ timezone }}) at time zone 'UTC')
{%- endmacro %}

{#- This engine takes the earlier one of a time that comes twice; the offset of the next day gives the later one. -#}
{% macro spark__to_utc(local_time, timezone) -%}
    {%- set by_next_day = "(to_utc_timestamp(" ~ local_time ~ " + interval 1 day, " ~ timezone ~ ") - interval 1 day)" -%}
    case
        when from_utc_timestamp({{ by_next_day }}, {{ timezone }}) = {{ local_time }} then {{ by_next_day }}
        else to_utc_timestamp({{ local_time }}, {{ timezone }})
    end
{%- endmacro %}
