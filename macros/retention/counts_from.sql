{#- When a change of a subscription counts: when it is in effect or when it is known, whichever is later, so that nothing is read from the future. -#}
{% macro counts_from(effective_on, occurred_at) -%}
    case
        when {{ effective_on }} > cast({{ occurred_at }} as date) then cast({{ effective_on }} as {{ dbt.type_timestamp() }})
        else {{ occurred_at }}
    end
{%- endmacro %}
