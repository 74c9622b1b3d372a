{#- Fails with the periods of one partition that overlap: a day would then have two decisions. Both effective dates are included. -#}
{% test no_overlapping_periods(model, partition_by) %}

with

periods as (
    select
        *,
        lag(effective_to) over (
            partition by {{ partition_by | join(', ') }}
            order by effective_from, effective_to
        ) as previous_effective_to
    from {{ model }}
)

select *
from periods
where effective_from <= previous_effective_to or effective_to < effective_from

{% endtest %}
