-- A failure means that a staging model is not counted by load_reconciliation and its bad rows are not in quarantined_rows, so that
-- they would vanish without a trace. What to do: add the raw table's name to macros/staging/staged_tables.sql.
{%- set staged = [] -%}
{%- if execute -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.name.startswith('stg_') -%}
        {%- do staged.append(node.name[4:]) -%}
    {%- endfor -%}
{%- endif %}

with

staged as (
    {%- for table in staged %}
    select '{{ table }}' as table_name
    {{ 'union all' if not loop.last }}
    {%- else %}
    select 'nothing' as table_name where 1 = 0
    {%- endfor %}
),

reconciled as (
    select table_name from {{ ref('load_reconciliation') }}
)

select staged.table_name
from staged
left join reconciled
    on staged.table_name = reconciled.table_name
where reconciled.table_name is null
