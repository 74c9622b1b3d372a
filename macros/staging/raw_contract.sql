{#- The raw contract, read from the sources YAML: one entry per column of a raw table, in the contract's order. Empty while parsing. -#}
{% macro contract_table(table) -%}
    {%- if execute -%}
        {%- for node in graph.sources.values() if node.source_name == 'raw' and node.name == table -%}
            {{ return(node) }}
        {%- endfor -%}
        {{ exceptions.raise_compiler_error("The raw contract has no table '" ~ table ~ "': add it to models/staging/<domain>/_raw_<domain>.yml.") }}
    {%- endif -%}
{%- endmacro %}


{#- The type of this engine for a type of the contract. -#}
{% macro contract_type(data_type) -%}
    {%- set types = {
        'text': dbt.type_string(), 'timestamp': dbt.type_timestamp(), 'boolean': dbt.type_boolean(),
        'integer': dbt.type_int(), 'date': 'date'
    } -%}
    {{ return(types.get(data_type, data_type)) }}
{%- endmacro %}


{#- The columns that a raw table has in the warehouse: a dictionary of lower-case name to column, without the number of the load. None where
    the table is absent.
    In a unit test the input is a common table expression with every column of the contract in its right type. -#}
{% macro found_columns(table) -%}
    {%- set relation = source('raw', table) -%}
    {%- if relation.is_cte -%}
        {%- set found = {} -%}
        {%- for column in contract_table(table).columns.values() -%}
            {%- do found.update({column.name: api.Column(column.name, contract_type(column.data_type))}) -%}
        {%- endfor -%}
        {{ return(found) }}
    {%- endif -%}
    {%- set existing = load_relation(relation) -%}
    {%- if existing is none -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set found = {} -%}
    {%- for column in adapter.get_columns_in_relation(existing) if column.name | lower != var('raw_load_column') | lower -%}
        {%- do found.update({column.name | lower: column}) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
