{#- The last instant at which another contact still repeats one that ended at `ended_at` (B.4): `hours` of elapsed time after it, or, where
    the var repeat_window_clock says local_day, the end of the local day in `timezone`. -#}
{% macro repeat_window_end(ended_at, hours, timezone) -%}
    {%- set clock = var('repeat_window_clock') -%}
    {%- if clock == 'elapsed' -%}
        {{ seconds_after(ended_at, '3600 * ' ~ hours) }}
    {%- elif clock == 'local_day' -%}
        {{ end_of_local_day(ended_at, hours, timezone) }}
    {%- else -%}
        {{ exceptions.raise_compiler_error("The var repeat_window_clock is elapsed or local_day, not " ~ clock ~ ".") }}
    {%- endif -%}
{%- endmacro %}


{#- The last second of the local day that is `hours` after an instant, a part of a day counting as a whole one. Business days begin at
    business_day_start_hour. Where clocks change as the next day begins, its first second or this one's last comes twice or never, and to_utc
    is too late with that one of the two: the earlier answer is right. -#}
{% macro end_of_local_day(instant, hours, timezone) -%}
    {%- set day_start_seconds = 3600 * var('business_day_start_hour') -%}
    {%- set local_day -%}
        cast(cast({{ seconds_after(to_local(instant, timezone), -day_start_seconds) }} as date) as {{ dbt.type_timestamp() }})
    {%- endset -%}
    {%- set days_and_this_one = 'cast(86400 * (ceil((' ~ hours ~ ') / 24.0) + 1) as bigint) + ' ~ day_start_seconds -%}
    least(
        {{ seconds_after(to_utc(seconds_after(local_day, days_and_this_one), timezone), -1) }},
        {{ to_utc(seconds_after(local_day, days_and_this_one ~ ' - 1'), timezone) }}
    )
{%- endmacro %}
