-- depends_on: {{ ref('iana_timezones') }}
-- One row per raw table: where each of its rows and lines ended. raw = staged + superseded + quarantined, on every build.
with

quarantined as (
    select
        table_name,
        count(*) as quarantined_rows,
        count(line_number) as rejected_lines
    from {{ ref('quarantined_rows') }}
    group by table_name
),

counted as (
    {%- for table in staged_tables() %}
    {{ 'union all' if not loop.first }}
    select
        '{{ table }}' as table_name,
        (select count(*) from ({{ raw_deliveries(table) }}) as deliveries) as landed_rows,
        count(*) as staged_rows,
        coalesce(cast(sum(delivery_count) as bigint), 0) - count(*) as superseded_rows
    from {{ ref('stg_' ~ table) }}
    {%- endfor %}
),

final as (
    select
        counted.table_name,
        counted.landed_rows + coalesce(quarantined.rejected_lines, 0) as raw_rows,
        counted.staged_rows,
        counted.superseded_rows,
        coalesce(quarantined.quarantined_rows, 0) as quarantined_rows
    from counted
    left join quarantined
        on counted.table_name = quarantined.table_name
)

select * from final
