-- One row per metric, period (day, week, month, all time), dimension and value of it: the semantic layer's metrics as a plain table.
-- Parts are added up and then divided; a value that is not known is null and says why.
with

periods as (
    select * from {{ ref('int_metric_periods') }}
),

as_of as (
    select * from {{ ref('int_as_of') }}
),

metrics as (
    select * from {{ ref('dim_metric') }}
),

measured as (
    {%- for metric in published_metrics() %}
    {%- set numerator = metric.numerator.name %}
    {%- set denominator = metric.denominator.name if metric.denominator else none %}
    {%- set waits_hours = metric.meta.get('window_hours', 0) %}
    {{ 'union all' if not loop.first }}
    select
        '{{ metric.name }}' as metric_name,
        '{{ metric.as_of_domain }}' as as_of_domain,
        {{ 'true' if metric.meta.get('interval') == 'wilson' else 'false' }} as is_proportion,
        {{ 3600 * (waits_hours + var('ingestion_lag_hours') if waits_hours else 0) }} as waits_seconds,
        grain,
        period_start,
        period_end,
        dimension,
        dimension_value,
        cast({{ numerator }} as decimal(28, 6)) as numerator,
        cast({{ denominator or 'null' }} as decimal(28, 6)) as denominator,
        {{ 'true' if denominator else 'false' }} as is_ratio
    from periods
    where
        dimension in ('all'{% for dimension in metric.dimensions %}, '{{ dimension }}'{% endfor %})
        and {{ metric.numerator.model }}_row_count > 0
        {%- if denominator and metric.denominator.model != metric.numerator.model %}
        and {{ metric.denominator.model }}_row_count > 0
        {%- endif %}
    {%- else %}
    select
        cast(null as {{ dbt.type_string() }}) as metric_name
    {%- endfor %}
),

-- every metric has at least its row over all time, so that a metric without data says so
over_all_time as (
    select
        metrics.metric_name,
        metrics.version,
        metrics.config_hash,
        'all' as grain,
        'all' as dimension,
        'all' as dimension_value
    from metrics
    left join measured
        on
            metrics.metric_name = measured.metric_name
            and measured.grain = 'all'
            and measured.dimension = 'all'
    where measured.metric_name is null
),

divided as (
    select
        measured.metric_name,
        metrics.version as metric_version,
        measured.grain,
        measured.period_start,
        measured.dimension,
        measured.dimension_value,
        measured.numerator,
        measured.denominator,
        case when measured.is_ratio then measured.denominator else measured.numerator end as n,
        case
            when not measured.is_ratio then cast(measured.numerator as {{ double_type() }})
            else cast(measured.numerator as {{ double_type() }}) / cast(nullif(measured.denominator, 0) as {{ double_type() }})
        end as unsuppressed_value,
        measured.is_ratio and coalesce(measured.denominator, 0) = 0 as has_no_denominator,
        measured.is_proportion and measured.denominator < {{ var('minimum_n_publish') }} as is_below_minimum_n,
        case when measured.is_proportion then {{ wilson_low('measured.numerator', 'measured.denominator') }} end as interval_low,
        case when measured.is_proportion then {{ wilson_high('measured.numerator', 'measured.denominator') }} end as interval_high,
        case
            when as_of.as_of is null then null
            when measured.grain = 'all' then true
            else
                {{ seconds_after(
                    'cast(' ~ dbt.dateadd('day', 1, 'measured.period_end') ~ ' as ' ~ dbt.type_timestamp() ~ ')',
                    'measured.waits_seconds'
                ) }} <= as_of.local_time_reached_everywhere
        end as is_mature,
        metrics.config_hash,
        as_of.as_of
    from measured
    inner join metrics
        on measured.metric_name = metrics.metric_name
    left join as_of
        on measured.as_of_domain = as_of.domain
),

final as (
    select
        metric_name,
        metric_version,
        grain,
        period_start,
        dimension,
        dimension_value,
        numerator,
        denominator,
        case when not has_no_denominator and not is_below_minimum_n then unsuppressed_value end as value,
        n,
        interval_low,
        interval_high,
        is_mature,
        case
            when has_no_denominator then 'no_denominator'
            when is_below_minimum_n then 'below_minimum_n'
        end as null_reason,
        config_hash,
        as_of
    from divided

    union all

    select
        metric_name,
        version as metric_version,
        grain,
        cast(null as date) as period_start,
        dimension,
        dimension_value,
        cast(null as decimal(28, 6)) as numerator,
        cast(null as decimal(28, 6)) as denominator,
        cast(null as {{ double_type() }}) as value,
        cast(null as decimal(28, 6)) as n,
        cast(null as {{ double_type() }}) as interval_low,
        cast(null as {{ double_type() }}) as interval_high,
        cast(null as {{ dbt.type_boolean() }}) as is_mature,
        'no_rows' as null_reason,
        config_hash,
        cast(null as {{ dbt.type_timestamp() }}) as as_of
    from over_all_time
)

select * from final
