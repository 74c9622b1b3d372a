{#- Cohen's kappa of two judgments of yes or no on the same things: agreement beyond what their shares of yes alone would give. Null where chance
    explains everything, as where all are yes. Counts of things, of yes by each, and of agreements. -#}
{% macro kappa(thing_count, first_yes_count, second_yes_count, agreed_count) -%}
    {%- set number %}cast({{ thing_count }} as {{ double_type() }}){% endset -%}
    {%- set chance -%}
        (cast({{ first_yes_count }} as {{ double_type() }}) * {{ second_yes_count }}
        + cast({{ thing_count }} - {{ first_yes_count }} as {{ double_type() }}) * ({{ thing_count }} - {{ second_yes_count }}))
    {%- endset -%}
    ({{ number }} * {{ agreed_count }} - {{ chance }}) / nullif({{ number }} * {{ number }} - {{ chance }}, 0)
{%- endmacro %}


{#- A statistic as it is stored: a double rounded to six digits, so that engines agree. -#}
{% macro statistic(expression) -%}
    cast(round(cast({{ expression }} as decimal(28, 10)), 6) as decimal(18, 6))
{%- endmacro %}
