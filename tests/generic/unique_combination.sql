{#- Fails with the keys that stand on more than one row, and with keys that have a null in them, but for the columns that may be null. -#}
{% test unique_combination(model, columns, may_be_null=[]) %}
{%- set required = columns | reject('in', may_be_null) | list %}

select
    {{ columns | join(',\n    ') }},
    count(*) as row_count
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1{% for column in required %} or {{ column }} is null{% endfor %}

{% endtest %}
