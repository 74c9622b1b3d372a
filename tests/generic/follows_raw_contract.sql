{#- Fails with the rules of the raw contract that a staged table breaks: its key stands on one row and is never null, required columns are
    there, closed lists and forms hold. The rules are read from the contract when the test runs, so there is no second copy of them.
    A failure means that a row passed the quarantine which should not have: look at macros/staging/raw_deliveries.sql. -#}
{% test follows_raw_contract(model, table) %}

{%- if execute %}
{%- set contract = contract_table(table) %}
{%- set key = contract.config.meta['key'] %}

with

judged as (
    select
        case
            {%- for column in contract.columns.values() %}
            {%- if column.config.meta.get('required') or column.name in key %}
            when {{ column.name }} is null then '{{ column.name }}: missing'
            {%- endif %}
            {%- if column.config.meta.get('accepted_values') %}
            when cast({{ column.name }} as {{ dbt.type_string() }}) not in ('{{ column.config.meta['accepted_values'] | join("', '") }}')
                then '{{ column.name }}: not accepted'
            {%- endif %}
            {%- if column.config.meta.get('pattern') %}
            when not {{ matches_pattern(column.name, '^(' ~ column.config.meta['pattern'] ~ ')$') }} then '{{ column.name }}: not of its form'
            {%- endif %}
            {%- endfor %}
            when delivery_count is null or delivery_count < 1 then 'delivery_count: not a count'
        end as broken_rule
    from {{ model }}
),

repeated as (
    select
        {{ key | join(', ') }},
        count(*) as row_count
    from {{ model }}
    group by {{ key | join(', ') }}
    having count(*) > 1
)

select
    broken_rule,
    count(*) as row_count
from judged
where broken_rule is not null
group by broken_rule

union all

select
    'key on several rows' as broken_rule,
    count(*) as row_count
from repeated
having count(*) > 0

{%- else %}
select 1 as nothing
{%- endif %}

{% endtest %}
