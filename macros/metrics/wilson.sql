{#- Wilson interval of a proportion (B.8), from its numerator and denominator; null without a denominator. -#}
{% macro wilson_low(numerator, denominator) -%}
    {{ wilson_bound(numerator, denominator, '-') }}
{%- endmacro %}

{% macro wilson_high(numerator, denominator) -%}
    {{ wilson_bound(numerator, denominator, '+') }}
{%- endmacro %}

{% macro wilson_bound(numerator, denominator, sign) -%}
    {%- set z = var('wilson_z') -%}
    {%- set n -%}cast(nullif({{ denominator }}, 0) as {{ double_type() }}){%- endset -%}
    {%- set share -%}(cast({{ numerator }} as {{ double_type() }}) / {{ n }}){%- endset -%}
    case
        when coalesce({{ denominator }}, 0) = 0 then null
        -- exact at the ends, where rounding would leave a trace
        when {{ numerator }} = {{ '0' if sign == '-' else denominator }} then {{ '0' if sign == '-' else '1' }}
        else
            ({{ share }} + {{ z * z }} / (2 * {{ n }})
            {{ sign }} {{ z }} * sqrt({{ share }} * (1 - {{ share }}) / {{ n }} + {{ z * z }} / (4 * {{ n }} * {{ n }})))
            / (1 + {{ z * z }} / {{ n }})
    end
{%- endmacro %}


{#- Double precision in every engine; dbt's own float is single precision on DuckDB and Spark. -#}
{% macro double_type() -%}
    {{ return('double precision' if target.type == 'postgres' else 'double') }}
{%- endmacro %}
