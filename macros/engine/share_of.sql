{#- Division of whole numbers, the fraction cut off. -#}
{% macro whole_division(dividend, divisor) -%}
    {{ return(adapter.dispatch('whole_division', 'cx_metrics')(dividend, divisor)) }}
{%- endmacro %}

{% macro default__whole_division(dividend, divisor) -%}
    cast(div(cast({{ dividend }} as numeric), {{ divisor }}) as {{ dbt.type_bigint() }})
{%- endmacro %}

{% macro duckdb__whole_division(dividend, divisor) -%}
    ({{ dividend }}) // ({{ divisor }})
{%- endmacro %}

{% macro spark__whole_division(dividend, divisor) -%}
    ({{ dividend }}) div ({{ divisor }})
{%- endmacro %}


{#- What falls to `part` of `whole` of a whole number, the fraction cut off. The product may be larger than a bigint: a time sheet that
    somebody left open for years. -#}
{% macro whole_share(number, part, whole) -%}
    {{ return(adapter.dispatch('whole_share', 'cx_metrics')(number, part, whole)) }}
{%- endmacro %}

{% macro default__whole_share(number, part, whole) -%}
    cast(div(cast({{ number }} as numeric) * ({{ part }}), {{ whole }}) as {{ dbt.type_bigint() }})
{%- endmacro %}

{% macro duckdb__whole_share(number, part, whole) -%}
    cast(cast({{ number }} as hugeint) * ({{ part }}) // ({{ whole }}) as bigint)
{%- endmacro %}

{% macro spark__whole_share(number, part, whole) -%}
    cast((cast({{ number }} as decimal(19, 0)) * cast({{ part }} as decimal(19, 0))) div ({{ whole }}) as bigint)
{%- endmacro %}


{#- An amount as a whole number of millionths. -#}
{% macro millionths(amount) -%}
    {{ return(adapter.dispatch('millionths', 'cx_metrics')(amount)) }}
{%- endmacro %}

{% macro default__millionths(amount) -%}
    cast({{ amount }} * 1000000 as numeric)
{%- endmacro %}

{#- A million of millionths is more than this engine's product of a decimal(18, 6) holds: whole and fraction go apart. -#}
{% macro duckdb__millionths(amount) -%}
    (cast(floor({{ amount }}) as hugeint) * 1000000 + cast(({{ amount }} - floor({{ amount }})) * 1000000 as bigint))
{%- endmacro %}

{% macro spark__millionths(amount) -%}
    cast({{ amount }} * 1000000 as decimal(20, 0))
{%- endmacro %}


{#- What falls to `part` of `whole` of an amount: exact to the millionth, what is beyond that cut off. Part and whole are whole numbers. No engine's
    division of decimals is that of another, so this is one of whole numbers. Shares between neighbouring running parts add up to the amount. -#}
{% macro share_of(amount, part, whole) -%}
    {{ return(adapter.dispatch('share_of', 'cx_metrics')(amount, part, whole)) }}
{%- endmacro %}

{% macro default__share_of(amount, part, whole) -%}
    cast(div({{ millionths(amount) }} * ({{ part }}), nullif({{ whole }}, 0)) * 0.000001 as decimal(18, 6))
{%- endmacro %}

{#- Division of numbers wider than 64 bits is slow on this engine, and there are billions of them. The same in floating point is off by less than a
    ten-thousandth below 1e11, so what lies further than a thousandth from the next whole number is cut off where the exact division would; the rest,
    signs and large numbers take that one. -#}
{% macro duckdb__share_of(amount, part, whole) -%}
    {%- set quotient = 'cast(' ~ amount ~ ' as double) * 1000000 * (' ~ part ~ ') / (' ~ whole ~ ')' -%}
    case
        when {{ quotient }} >= 0 and {{ quotient }} < 1e11 and {{ quotient }} - floor({{ quotient }}) between 0.001 and 0.999
            then cast(cast(floor({{ quotient }}) as decimal(12, 0)) * 0.000001 as decimal(18, 6))
        else cast(
            cast({{ millionths(amount) }} * ({{ part }}) // nullif({{ whole }}, 0) as decimal(24, 0)) * 0.000001
            as decimal(18, 6)
        )
    end
{%- endmacro %}

{% macro spark__share_of(amount, part, whole) -%}
    cast(
        cast(
            ({{ millionths(amount) }} * cast({{ part }} as decimal(18, 0)))
            div cast(nullif({{ whole }}, 0) as decimal(18, 0)) as decimal(24, 0)
        ) * 0.000001 as decimal(18, 6)
    )
{%- endmacro %}


{#- The part of an amount between two running parts of a whole. Over all rows these are the amount, to the last digit. -#}
{% macro share_between(amount, part_before, part_through, whole) -%}
    {{ share_of(amount, part_through, whole) }} - {{ share_of(amount, part_before, whole) }}
{%- endmacro %}
