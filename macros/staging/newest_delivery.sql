{#- The newest good delivery of each key, with delivery_count: how many good deliveries it stands for. Ties of the newest value are
    broken by all other columns, those of the contract first. Only keys delivered more than once are sorted. Of tables that grow with the
    days, a build that is not full reads the keys alone of which a new load brought something. -#}
{% macro newest_delivery(table) -%}
    {%- if table in tables_by_load() and not execute -%}
        {%- do ref('int_build_scope') -%}
    {%- endif -%}
    {%- if execute -%}
        {%- set only_new = table in tables_by_load() and not is_full_build() -%}
        {%- set contract = contract_table(table) -%}
        {%- set key = contract.config.meta['key'] -%}
        {%- set newest_by = contract.config.meta.get('newest_by') -%}
        {%- set names = contract.columns.keys() | list -%}
        {%- set order_by = ([newest_by] if newest_by else []) + (names | reject('in', key + [newest_by]) | list) -%}
        {%- for name in (found_columns(table) or {}) if name not in contract.columns -%}
            {%- do names.append(name if name.startswith('x_') else 'x_' ~ name) -%}
        {%- endfor -%}
        {#- All deliveries are written out three times: a shared common table expression would be stored whole, these read only what they need.
            The few of new keys are looked for once. -#}
        {%- set good_deliveries %}select * from ({{ raw_deliveries(table, only_new) }}) as deliveries where broken_rule is null{% endset -%}
        {%- set good = 'good' if only_new else '(' ~ good_deliveries ~ ') as good' -%}
        with

        {% if only_new -%}
        good as (
            {{ good_deliveries }}
        ),

        {% endif -%}
        repeated_keys as (
            select
                {{ key | join(', ') }},
                count(*) as delivery_count
            from {{ good }}
            group by {{ key | join(', ') }}
            having count(*) > 1
        ),

        delivered_once as (
            select
                {% for name in names -%} good.{{ name }}, {% endfor %}
                cast(1 as {{ dbt.type_bigint() }}) as delivery_count
            from {{ good }}
            left join repeated_keys
                on {% for column in key %}{{ 'and ' if not loop.first }}good.{{ column }} = repeated_keys.{{ column }} {% endfor %}
            where repeated_keys.delivery_count is null
        ),

        delivered_repeatedly as (
            select
                {% for name in names -%} good.{{ name }}, {% endfor %}
                repeated_keys.delivery_count,
                row_number() over (
                    partition by {% for column in key -%} good.{{ column }}{{ ', ' if not loop.last }} {%- endfor %}
                    {%- if names | length > key | length %}
                    order by
                        {%- for column in order_by %} good.{{ column }} desc nulls last{{ ',' if not loop.last }} {%- endfor %}
                        {#- a company's own columns as text: they may be of a type without an order #}
                        {%- for column in names if column not in contract.columns %}
                        {{- ',' if order_by or not loop.first }} cast(good.{{ column }} as {{ dbt.type_string() }}) desc nulls last
                        {%- endfor %}
                    {%- endif %}
                ) as delivery_rank
            from {{ good }}
            inner join repeated_keys
                on {% for column in key %}{{ 'and ' if not loop.first }}good.{{ column }} = repeated_keys.{{ column }} {% endfor %}
        )

        select {{ names | join(', ') }}, delivery_count from delivered_once
        union all
        select {{ names | join(', ') }}, delivery_count from delivered_repeatedly where delivery_rank = 1
    {%- else -%}
        {{ raw_deliveries(table) }}
    {%- endif -%}
{%- endmacro %}
