-- One row per metric, period (day, week, month, all time), dimension and value of it: the semantic layer's metrics as a plain table.
-- Parts are added up and then divided; a value that is not known is null and says why.
-- depends_on: {{ ref('int_metric_periods_active_customers') }}
-- depends_on: {{ ref('int_metric_periods_agent_days') }}
-- depends_on: {{ ref('int_metric_periods_agent_feedback') }}
-- depends_on: {{ ref('int_metric_periods_agent_months') }}
-- depends_on: {{ ref('int_metric_periods_bot_attempts') }}
-- depends_on: {{ ref('int_metric_periods_capacity_costs') }}
-- depends_on: {{ ref('int_metric_periods_contact_effort') }}
-- depends_on: {{ ref('int_metric_periods_contact_expansions') }}
-- depends_on: {{ ref('int_metric_periods_contact_outcomes') }}
-- depends_on: {{ ref('int_metric_periods_contact_repeats') }}
-- depends_on: {{ ref('int_metric_periods_contact_sentiment') }}
-- depends_on: {{ ref('int_metric_periods_contacts') }}
-- depends_on: {{ ref('int_metric_periods_costed_contacts') }}
-- depends_on: {{ ref('int_metric_periods_customer_months') }}
-- depends_on: {{ ref('int_metric_periods_first_contact_resolution') }}
-- depends_on: {{ ref('int_metric_periods_handle_time_results') }}
-- depends_on: {{ ref('int_metric_periods_issue_costs') }}
-- depends_on: {{ ref('int_metric_periods_issues') }}
-- depends_on: {{ ref('int_metric_periods_qa_csat_alignment') }}
-- depends_on: {{ ref('int_metric_periods_qa_evaluations') }}
-- depends_on: {{ ref('int_metric_periods_queue_intervals') }}
-- depends_on: {{ ref('int_metric_periods_recoveries') }}
-- depends_on: {{ ref('int_metric_periods_renewals') }}
-- depends_on: {{ ref('int_metric_periods_revenue_influence') }}
-- depends_on: {{ ref('int_metric_periods_save_episodes') }}
-- depends_on: {{ ref('int_metric_periods_social_mentions') }}
-- depends_on: {{ ref('int_metric_periods_survey_answers') }}
-- depends_on: {{ ref('int_metric_periods_survey_answers_by_answer_date') }}
-- depends_on: {{ ref('int_metric_periods_survey_invitations') }}
-- depends_on: {{ ref('int_metric_periods_tenure_medians') }}
-- depends_on: {{ ref('int_metric_periods_transfers') }}
-- depends_on: {{ ref('int_metric_periods_value_misallocation') }}
with

as_of as (
    select * from {{ ref('int_as_of') }}
),

metrics as (
    select * from {{ ref('dim_metric') }}
),

measured as (
    {%- for metric in published_metrics() %}
    {%- set denominators = 'denominators' if metric.denominator and metric.denominator.model != metric.numerator.model else 'numerators' %}
    {%- set waits_hours = metric.meta.get('window_hours', 0) %}
    {{ 'union all' if not loop.first }}
    select
        '{{ metric.name }}' as metric_name,
        '{{ metric.as_of_domain }}' as as_of_domain,
        {{ 'true' if metric.meta.get('interval') == 'wilson' else 'false' }} as is_proportion,
        {{ 3600 * (waits_hours + var('ingestion_lag_hours') if waits_hours else 0) }} as waits_seconds,
        numerators.grain,
        numerators.period_start,
        numerators.period_end,
        numerators.dimension,
        numerators.dimension_value,
        cast(numerators.{{ metric.numerator.name }} as decimal(28, 6)) as numerator,
        cast({{ denominators ~ '.' ~ metric.denominator.name if metric.denominator else 'null' }} as decimal(28, 6)) as denominator,
        {{ 'true' if metric.denominator else 'false' }} as is_ratio
    from {{ ref('int_metric_periods_' ~ metric.numerator.model) }} as numerators
    {%- if denominators == 'denominators' %}
    inner join {{ ref('int_metric_periods_' ~ metric.denominator.model) }} as denominators
        on
            numerators.grain = denominators.grain
            and (numerators.grain = 'all' or numerators.period_start = denominators.period_start)
            and numerators.dimension = denominators.dimension
            and numerators.dimension_value = denominators.dimension_value
    {%- endif %}
    where numerators.dimension in ('all'{% for dimension in metric.dimensions %}, '{{ dimension }}'{% endfor %})
    {%- else %}
    select
        cast(null as {{ dbt.type_string() }}) as metric_name
    {%- endfor %}
),

-- every metric has at least its row over all time, so that a metric without data says so
divided as (
    select
        metrics.metric_name,
        metrics.version as metric_version,
        coalesce(measured.grain, 'all') as grain,
        -- all time begins with the first day that any metric has
        case
            when measured.grain = 'all' then min(case when measured.grain = 'all' then measured.period_start end) over ()
            else measured.period_start
        end as period_start,
        coalesce(measured.dimension, 'all') as dimension,
        coalesce(measured.dimension_value, 'all') as dimension_value,
        measured.numerator,
        measured.denominator,
        case when measured.is_ratio then measured.denominator else measured.numerator end as n,
        case
            when not measured.is_ratio then cast(measured.numerator as {{ double_type() }})
            else cast(measured.numerator as {{ double_type() }}) / cast(nullif(measured.denominator, 0) as {{ double_type() }})
        end as unsuppressed_value,
        measured.grain is null as has_no_rows,
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
    from metrics
    left join measured
        on metrics.metric_name = measured.metric_name
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
            when has_no_rows then 'no_rows'
            when has_no_denominator then 'no_denominator'
            when is_below_minimum_n then 'below_minimum_n'
            when unsuppressed_value is null then 'not_known'
        end as null_reason,
        config_hash,
        as_of
    from divided
)

select * from final
