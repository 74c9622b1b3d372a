{#- What one unit of margin a month is worth over so many months, the first one now: each month is paid by those who are still there, and discounted
    by the rate a year (M32). The closed form without an end, m * (1 + i) / (1 + i - r), is its limit. -#}
{% macro discounted_months(retention_per_month, discount_per_year, months) -%}
    {%- set factor -%}
        (cast({{ retention_per_month }} as {{ double_type() }}) * power(cast(1 + {{ discount_per_year }} as {{ double_type() }}), cast(-1 as {{ double_type() }}) / 12))
    {%- endset -%}
    case
        when {{ factor }} = 1 then cast({{ months }} as {{ double_type() }})
        else (1 - power({{ factor }}, cast({{ months }} as {{ double_type() }}))) / (1 - {{ factor }})
    end
{%- endmacro %}
