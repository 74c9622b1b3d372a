-- One row: what this build has to look at. Rows of loads after from_load are new to it; it is full where rows that are kept could no longer
-- be right. What int_completed_build holds is the state in which the last finished build left the warehouse.
-- noqa: disable=LT02
{{ config(materialized='table') }}
{%- set completed = kept_relation('int_completed_build') if execute and target.type != 'spark' else none %}
{%- set ns = namespace(full_reason=none, tables=[]) %}
{%- if execute %}
    {%- for table in tables_by_load() if found_columns(table) is not none %}
        {%- do ns.tables.append(table) %}
        {%- if load_column(table) is none %}
            {%- set ns.full_reason = 'no load numbers in ' ~ table %}
        {%- endif %}
    {%- endfor %}
    {%- if target.type == 'spark' %}
        {%- set ns.full_reason = 'tables on Spark cannot lose single rows' %}
    {%- elif flags.FULL_REFRESH %}
        {%- set ns.full_reason = 'full refresh asked for' %}
    {%- elif completed is none %}
        {%- set ns.full_reason = 'first build' %}
    {%- else %}
        {%- for name in kept_models() if kept_relation(name) is none %}
            {%- set ns.full_reason = name ~ ' is not there' %}
        {%- endfor %}
    {%- endif %}
{%- endif %}

with

completed as (
    {%- if completed is none %}
    select
        cast(null as {{ dbt.type_bigint() }}) as first_load,
        cast(null as {{ dbt.type_bigint() }}) as through_load,
        cast(null as {{ dbt.type_bigint() }}) as raw_row_count,
        cast(null as {{ dbt.type_string() }}) as fingerprint,
        cast(null as {{ dbt.type_timestamp() }}) as calendar_ends_at
    {%- else %}
    -- a first build of a part leaves no row, and all are unknown then
    select
        max(first_load) as first_load,
        max(through_load) as through_load,
        max(raw_row_count) as raw_row_count,
        max(fingerprint) as fingerprint,
        max(calendar_ends_at) as calendar_ends_at
    from {{ completed }}
    {%- endif %}
),

raw_tables as (
    {%- for table in ns.tables %}
    {{ 'union all' if not loop.first }}
    select
        min({{ load_number(table) }}) as first_load,
        max({{ load_number(table) }}) as through_load,
        count(*) as raw_row_count,
        count(case when {{ load_number(table) }} <= completed.through_load then 1 end) as known_row_count
    from {{ source('raw', table) }} as raw
    cross join completed
    {%- else %}
    select
        cast(null as {{ dbt.type_bigint() }}) as first_load,
        cast(null as {{ dbt.type_bigint() }}) as through_load,
        cast(0 as {{ dbt.type_bigint() }}) as raw_row_count,
        cast(0 as {{ dbt.type_bigint() }}) as known_row_count
    {%- endfor %}
),

landed as (
    select
        min(first_load) as first_load,
        max(through_load) as through_load,
        cast(sum(raw_row_count) as {{ dbt.type_bigint() }}) as raw_row_count,
        cast(sum(known_row_count) as {{ dbt.type_bigint() }}) as known_row_count
    from raw_tables
),

reference_rows as (
    {%- for table in reference_tables() %}
    {{ 'union all' if not loop.first }}
    select {{ row_fingerprint(table) }} as row_fingerprint
    from {{ ref('stg_' ~ table) }}
    {%- endfor %}
),

reference as (
    select coalesce({{ fingerprint_of_rows('row_fingerprint') }}, '') as fingerprint
    from reference_rows
),

compared as (
    select
        landed.*,
        completed.through_load as known_through_load,
        completed.raw_row_count as completed_row_count,
        completed.first_load as completed_first_load,
        completed.fingerprint as completed_fingerprint,
        completed.calendar_ends_at as known_until,
        {{ dbt.concat([sql_text(code_fingerprint() if execute else ''), 'reference.fingerprint']) }} as fingerprint
    from landed
    cross join reference
    cross join completed
),

judged as (
    select
        *,
        case
            {%- if ns.full_reason %}
            when 1 = 1 then {{ sql_text(ns.full_reason) }}
            {%- endif %}
            when known_through_load is null then 'no rows were there before'
            when first_load is null or first_load <> completed_first_load then 'raw tables were replaced'
            when known_row_count <> completed_row_count then 'rows of old loads went away or came'
            when fingerprint <> completed_fingerprint then 'decisions, code or reference tables changed'
        end as full_reason
    from compared
),

final as (
    select
        full_reason is not null as is_full,
        full_reason,
        case when full_reason is null then known_through_load end as from_load,
        case when full_reason is null then known_until end as known_until,
        first_load,
        through_load,
        raw_row_count,
        fingerprint
    from judged
)

select * from final
