{#- A share as four columns: the share, the ends of its Wilson interval (B.8), and why they are null below the minimum n. -#}
{% macro published_share(name, part, whole, null_reason) -%}
    {%- set is_published = whole ~ ' >= ' ~ var('minimum_n_publish') -%}
    cast(case
            when {{ is_published }} then {{ share_of('cast(1 as decimal(18, 6))', part, whole) }}
        end as decimal(18, 6)) as {{ name }}_share,
        cast(case when {{ is_published }} then {{ statistic(wilson_low(part, whole)) }} end as decimal(18, 6)) as {{ name }}_interval_low,
        cast(case when {{ is_published }} then {{ statistic(wilson_high(part, whole)) }} end as decimal(18, 6)) as {{ name }}_interval_high,
        case when not {{ is_published }} then '{{ null_reason }}' end as {{ name }}_null_reason
{%- endmacro %}
