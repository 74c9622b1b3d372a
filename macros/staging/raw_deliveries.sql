{#- Every delivered row of a raw table, typed as the contract says, with the first rule that it breaks (null for a good row) and
    its text as delivered. Columns that were not delivered are null; columns that the contract does not know pass through as x_*.
    A table that was not delivered at all is an empty one. Rules, in the order of the columns: missing, not a <type>,
    out of range (instants and days outside 1970-2199), not accepted, not of the column's form, not an IANA zone. With only_new, all
    deliveries of the keys of which a new load brought one. -#}
{% macro raw_deliveries(table, only_new=false) -%}
    {%- if execute -%}
        {%- set contract = contract_table(table) -%}
        {%- set found = found_columns(table) -%}
        {%- set rules = [] -%}
        select
        {%- for column in contract.columns.values() %}
            {%- set raw_column = none if found is none else found.get(column.name) -%}
            {%- set value = typed_value(column, raw_column) -%}
            {%- do rules.extend(column_rules(column, raw_column, value)) %}
            {{ value }} as {{ column.name }},
        {%- endfor %}
        {%- for name, raw_column in (found or {}).items() if name not in contract.columns %}
            raw.{{ adapter.quote(raw_column.name) }} as {{ name if name.startswith('x_') else 'x_' ~ name }},
        {%- endfor %}
            {% if rules -%}
            case
                {%- for rule in rules %}
                when {{ rule.broken_when }} then '{{ rule.name }}'
                {%- endfor %}
            end
            {%- else -%}
            cast(null as {{ dbt.type_string() }})
            {%- endif %} as broken_rule,
            {{ row_as_json((found or {}).values() | list) }} as delivered_text
        {% if found is none -%}
        from (select 1 as nothing) as raw
        where 1 = 0
        {%- else -%}
        from {{ '(' ~ raw_rows_of_new_keys(table) ~ ')' if only_new else source('raw', table) }} as raw
        {%- endif -%}
    {%- else -%}
        select * from {{ source('raw', table) }}
    {%- endif -%}
{%- endmacro %}


{#- One contract column as SQL over the raw table. Blank text is null. -#}
{% macro typed_value(column, raw_column) -%}
    {%- set wanted = contract_type(column.data_type) -%}
    {%- if raw_column is none -%}
        cast(null as {{ wanted }})
    {%- else -%}
        {%- set expression = 'raw.' ~ adapter.quote(raw_column.name) -%}
        {%- set found = raw_column.dtype | lower -%}
        {%- if is_text(raw_column) and column.data_type == 'text' -%}
            nullif(trim({{ expression }}), '')
        {%- elif is_text(raw_column) -%}
            {{ parse_text(expression, column.data_type) }}
        {%- elif column.data_type == 'timestamp' and ('with time zone' in found or found == 'timestamptz') -%}
            cast({{ expression }} at time zone 'UTC' as {{ wanted }})
        {%- else -%}
            cast({{ expression }} as {{ wanted }})
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{% macro is_text(raw_column) -%}
    {{ return(raw_column.dtype | lower | replace('character varying', 'varchar') in ('varchar', 'text', 'string') or raw_column.is_string()) }}
{%- endmacro %}


{#- The rules that one column can break, as name and condition. -#}
{% macro column_rules(column, raw_column, value) -%}
    {%- set meta = column.config.meta -%}
    {%- set rules = [] -%}
    {%- set delivered = none if raw_column is none else 'raw.' ~ adapter.quote(raw_column.name) -%}
    {%- if meta.get('required') -%}
        {%- if raw_column is not none and is_text(raw_column) -%}
            {%- do rules.append({'name': column.name ~ ': missing', 'broken_when': "coalesce(trim(" ~ delivered ~ "), '') = ''"}) -%}
        {%- else -%}
            {%- do rules.append({'name': column.name ~ ': missing', 'broken_when': (delivered or 'null') ~ ' is null'}) -%}
        {%- endif -%}
    {%- endif -%}
    {%- if raw_column is not none -%}
        {%- if is_text(raw_column) and column.data_type != 'text' -%}
            {%- do rules.append({
                'name': column.name ~ ': not a ' ~ column.data_type,
                'broken_when': "trim(" ~ delivered ~ ") <> '' and " ~ value ~ " is null"
            }) -%}
        {%- endif -%}
        {%- if column.data_type in ('timestamp', 'date') -%}
            {%- do rules.append({
                'name': column.name ~ ': out of range',
                'broken_when': value ~ " < cast('1970-01-01' as " ~ contract_type(column.data_type) ~ ") or "
                    ~ value ~ " >= cast('2200-01-01' as " ~ contract_type(column.data_type) ~ ")"
            }) -%}
        {%- endif -%}
        {%- if meta.get('accepted_values') -%}
            {%- do rules.append({
                'name': column.name ~ ': not accepted',
                'broken_when': value ~ " not in (" ~ (
                    meta['accepted_values'] | join(', ') if column.data_type == 'integer'
                    else "'" ~ meta['accepted_values'] | join("', '") ~ "'"
                ) ~ ")"
            }) -%}
        {%- endif -%}
        {%- if meta.get('pattern') -%}
            {%- do rules.append({
                'name': column.name ~ ': not ' ~ meta.get('unit', 'of the right form'),
                'broken_when': "not " ~ matches_pattern(value, '^(' ~ meta['pattern'] ~ ')$')
            }) -%}
        {%- endif -%}
        {%- if column.name == 'timezone' -%}
            {%- do rules.append({
                'name': column.name ~ ': not an IANA zone',
                'broken_when': value ~ " not in (select zones.timezone from " ~ ref('iana_timezones') ~ " as zones)"
            }) -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(rules) }}
{%- endmacro %}


{#- A raw row as one JSON object of texts, to show what was delivered. -#}
{% macro row_as_json(columns) -%}
    {{ return(adapter.dispatch('row_as_json', 'cx_metrics')(columns)) }}
{%- endmacro %}

{% macro default__row_as_json(columns) -%}
    cast(json_build_object(
        {%- for column in columns %}'{{ column.name | lower }}', cast(raw.{{ adapter.quote(column.name) }} as text){{ ', ' if not loop.last }}{% endfor -%}
    ) as text)
{%- endmacro %}

{% macro duckdb__row_as_json(columns) -%}
    {%- if columns -%}
    cast(json_object(
        {%- for column in columns %}'{{ column.name | lower }}', cast(raw.{{ adapter.quote(column.name) }} as varchar){{ ', ' if not loop.last }}{% endfor -%}
    ) as varchar)
    {%- else -%}
    cast('{}' as varchar)
    {%- endif -%}
{%- endmacro %}

{% macro spark__row_as_json(columns) -%}
    {%- if columns -%}
    to_json(named_struct(
        {%- for column in columns %}'{{ column.name | lower }}', cast(raw.{{ adapter.quote(column.name) }} as string){{ ', ' if not loop.last }}{% endfor -%}
    ), map('ignoreNullFields', 'false'))
    {%- else -%}
    '{}'
    {%- endif -%}
{%- endmacro %}
