{#- The raw tables that grow with the days. What is new in them is found by the number of the load, so that a build looks at nothing else. -#}
{% macro tables_by_load() -%}
    {{ return([
        'contacts', 'contact_segments', 'customers', 'subscriptions', 'subscription_events',
        'bot_sessions', 'contact_sentiment', 'survey_invitations', 'survey_answers', 'social_mentions',
        'agent_states', 'agent_pay', 'coaching_sessions', 'agent_feedback', 'qa_evaluations', 'qa_answers', 'technology_usage',
        'ledger_entries', 'agents', 'agent_pay_rates', 'fx_rates', 'save_offers', 'transactions',
    ]) }}
{%- endmacro %}


{#- The raw tables that say what things are. They are small, and a change of one may change any row, so it makes everything anew. -#}
{% macro reference_tables() -%}
    {{ return([
        'queues', 'queue_hours', 'queue_holidays', 'reasons', 'survey_questions', 'qa_form_items',
        'vendors', 'technology_rates', 'channel_tariffs', 'vendor_contracts', 'ledger_accounts',
    ]) }}
{%- endmacro %}


{#- The number of the load that brought a raw row: 0 where it was not kept. A time of loading counts in seconds. -#}
{% macro load_number(table) -%}
    {%- set column = load_column(table) -%}
    {%- if column is none -%}
        0
    {%- elif 'time' in column.dtype | lower -%}
        coalesce({{ seconds_between("cast('1970-01-01' as " ~ dbt.type_timestamp() ~ ")", 'raw.' ~ adapter.quote(column.name)) }}, 0)
    {%- else -%}
        coalesce(raw.{{ adapter.quote(column.name) }}, 0)
    {%- endif -%}
{%- endmacro %}


{#- The column that holds it, none where the table has none. -#}
{% macro load_column(table) -%}
    {%- set relation = load_relation(source('raw', table)) -%}
    {%- if relation is not none -%}
        {%- for column in adapter.get_columns_in_relation(relation) if column.name | lower == var('raw_load_column') | lower -%}
            {{ return(column) }}
        {%- endfor -%}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}


{#- A condition on a raw row: whether a load brought it that no finished build has seen. -#}
{% macro is_newly_loaded(table) -%}
    {{ load_number(table) }} > (select scope.from_load from {{ ref('int_build_scope') }} as scope)
{%- endmacro %}


{#- The key of a raw row, typed as in staging, as a list of expressions; texts untrimmed where trimmed is false. -#}
{% macro raw_key(table, trimmed=true) -%}
    {%- set key = [] -%}
    {%- set texts = raw_key_texts(table) -%}
    {%- for name in contract_table(table).config.meta['key'] -%}
        {%- set raw_column = found_columns(table).get(name) -%}
        {%- set text = none if raw_column is none else 'raw.' ~ adapter.quote(raw_column.name) -%}
        {%- do key.append(
            text if not trimmed and text in texts else typed_value(contract_table(table).columns[name], raw_column)
        ) -%}
    {%- endfor -%}
    {{ return(key) }}
{%- endmacro %}


{#- The columns of a raw table's key that are texts, which staging trims. -#}
{% macro raw_key_texts(table) -%}
    {%- set texts = [] -%}
    {%- for name in contract_table(table).config.meta['key'] -%}
        {%- set raw_column = found_columns(table).get(name) -%}
        {%- if raw_column is not none and is_text(raw_column) and contract_table(table).columns[name].data_type == 'text' -%}
            {%- do texts.append('raw.' ~ adapter.quote(raw_column.name)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(texts) }}
{%- endmacro %}


{#- The keys of which a new load brought a row, one column each. -#}
{% macro newly_loaded_keys(table) -%}
    select
        {%- for expression in raw_key(table) %}
        {{ expression }} as {{ contract_table(table).config.meta['key'][loop.index0] }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ source('raw', table) }} as raw
    where {{ is_newly_loaded(table) }}
{%- endmacro %}


{#- Every raw row of the keys of which a new load brought one. A key that stands as it is is found without trimming all others, which on a large
    table takes most of the time; the few with blanks around them are looked for apart. -#}
{% macro raw_rows_of_new_keys(table) -%}
    select raw.*
    from {{ source('raw', table) }} as raw
    where ({{ raw_key(table, trimmed=false) | join(', ') }}) in ({{ newly_loaded_keys(table) }})
    {%- if raw_key_texts(table) %}
    union all
    select raw.*
    from {{ source('raw', table) }} as raw
    where
        (
            {%- for text in raw_key_texts(table) %}
            {{ 'or ' if not loop.first }}{{ text }} like ' %' or {{ text }} like '% '
            {%- endfor %}
        )
        and ({{ raw_key(table) | join(', ') }}) in ({{ newly_loaded_keys(table) }})
    {%- endif %}
{%- endmacro %}


{#- How a staged table takes in new loads: keys of which something came are staged anew from all their deliveries. A table that
    was never delivered takes in nothing. -#}
{% macro get_incremental_new_loads_sql(arguments) -%}
    {%- set table = model.name | replace('stg_', '') -%}
    {%- set key = contract_table(table).config.meta['key'] | join(', ') -%}
    {%- set columns = arguments.dest_columns | map(attribute='quoted') | join(', ') -%}
    {%- if found_columns(table) is not none %}
    delete from {{ arguments.target_relation }}
    where ({{ key }}) in (select {{ key }} from ({{ newly_loaded_keys(table) }}) as new_keys);
    {%- endif %}
    insert into {{ arguments.target_relation }} ({{ columns }})
    select {{ columns }} from {{ arguments.temp_relation }};
{%- endmacro %}


{#- Every delivery, good or not, of the keys of which a new load brought one: what a row said before may matter as much as what it says now.
    Nothing in a full build. -#}
{% macro deliveries_of_new_keys(table) -%}
    {%- if not execute -%}
        {%- do ref('int_build_scope') -%}
        {%- do ref('iana_timezones') -%}
    {%- endif -%}
    ({{ raw_deliveries(table, only_new=true) }}) as {{ table }}
{%- endmacro %}
