{#- Whether this build makes everything anew: on the first build, where decisions, code or reference tables changed, where rows of old loads
    went away, where raw tables have no load numbers, and on Spark, which cannot delete rows. int_build_scope decides; everything that is kept
    from build to build asks here. Unit tests give all rows that a model reads, so for them every build is a full one. -#}
{% macro is_full_build() -%}
    {%- if not execute or model.resource_type == 'unit_test' or target.type == 'spark' -%}
        {{ return(true) }}
    {%- endif -%}
    {%- set scope = kept_relation('int_build_scope') -%}
    {%- if scope is none -%}
        {{ return(true) }}
    {%- endif -%}
    {%- set is_full = run_query('select is_full from ' ~ scope).columns[0].values()[0] -%}
    {%- if not is_full and flags.FULL_REFRESH and model.name != 'int_build_scope' -%}
        {{ exceptions.raise_compiler_error(
            "--full-refresh of a part: what " ~ model.name ~ " reads was made for the last changes only. "
            ~ "Run dbt build --full-refresh without a selection."
        ) }}
    {%- endif -%}
    {{ return(is_full) }}
{%- endmacro %}


{#- dbt asks this macro whether an incremental model is to be made anew. -#}
{% macro should_full_refresh() -%}
    {%- if config.get('materialized') == 'incremental' -%}
        {{ return(is_full_build()) }}
    {%- endif -%}
    {{ return(config.get('full_refresh') if config.get('full_refresh') is not none else flags.FULL_REFRESH) }}
{%- endmacro %}


{#- How a model is stored that keeps what a build does not touch. Spark's tables on Parquet cannot lose single rows. -#}
{% macro kept() -%}
    {{ return('table' if target.type == 'spark' else 'incremental') }}
{%- endmacro %}


{#- How a mart is stored whose rows change with as_of alone: what it is made from is kept, and a view judges it. Spark plans views anew
    wherever they are read, so there it is a table. -#}
{% macro judged_when_read() -%}
    {{ return('table' if target.type == 'spark' else 'view') }}
{%- endmacro %}


{#- The models that keep rows from build to build. -#}
{% macro kept_models() -%}
    {{ return(graph.nodes.values() | selectattr('resource_type', 'equalto', 'model')
        | selectattr('config.materialized', 'equalto', 'incremental') | map(attribute='name') | sort) }}
{%- endmacro %}


{#- The table of a model as an earlier run left it, none where there is none. No ref: a model may ask for its own past. -#}
{% macro kept_relation(name) -%}
    {%- set node = graph.nodes['model.cx_metrics.' ~ name] -%}
    {{ return(adapter.get_relation(node.database, node.schema, node.alias)) }}
{%- endmacro %}
