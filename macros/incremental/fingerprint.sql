{#- What decides about every row besides the rows themselves: the project's SQL, its seeds and vars, the columns that the raw tables have, and the
    rows of the reference tables. Two builds with one fingerprint can share rows. -#}
{% macro code_fingerprint() -%}
    {%- set parts = [target.type] -%}
    {%- for node in graph.nodes.values() | sort(attribute='unique_id') if node.resource_type in ('model', 'seed') -%}
        {%- do parts.append(node.unique_id ~ '=' ~ node.checksum.checksum) -%}
    {%- endfor -%}
    {%- for name, macro in context['cx_metrics'].items() | sort -%}
        {%- do parts.append(name ~ '=' ~ macro.macro.macro_sql) -%}
    {%- endfor -%}
    {%- for name in decision_vars() -%}
        {%- do parts.append(name ~ '=' ~ var(name)) -%}
    {%- endfor -%}
    {%- for table in staged_tables() -%}
        {%- set contract = contract_table(table).columns -%}
        {#- a table of the contract's own columns and types reads like one that is absent #}
        {%- for name, column in (found_columns(table) or {}).items() | sort
            if name not in contract or is_text(column) and contract[name].data_type != 'text' -%}
            {%- do parts.append(table ~ '.' ~ name ~ '=' ~ column.dtype) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(local_md5(parts | join('\n'))) }}
{%- endmacro %}


{#- The vars that decide about rows: all of dbt_project.yml but those that say where the raw tables are (a test compares). -#}
{% macro decision_vars() -%}
    {{ return([
        'reporting_timezone', 'reporting_currency', 'business_day_start_hour', 'calendar_first_day', 'calendar_days',
        'redial_window_minutes', 'auto_wrap_limit_seconds', 'long_hold_seconds', 'minimum_n_publish', 'wilson_z',
        'exclusion_share_warn', 'routing_correction_seconds', 'unknown_owner_share_warn', 'identity_coverage_warn',
        'ingestion_lag_hours', 'repeat_match', 'repeat_channel_scope', 'repeat_window_clock', 'repeat_window_hours',
        'transfer_breaks_fcr', 'reconnect_grace_minutes', 'reopen_window_hours', 'attempt_cluster_gap_minutes',
        'deflection_window_hours', 'assumed_counts', 'confirmation_reasons', 'confirmation_counts', 'survey_close_days', 'survey_quarantine_days',
        'early_warning_days', 'effort_cancellation_days',
        'healthy_band_low_percent', 'healthy_band_high_percent', 'healthy_band_days', 'minimum_n_band', 'alert_handle_time_percent',
        'alert_repeat_points', 'alert_fcr_points', 'alert_baseline_weeks', 'long_wait_seconds', 'complexity_base_months',
        'handle_base_months', 'concurrency_split', 'practical_capacity_mode', 'practical_capacity_ratio', 'unused_capacity_mode',
        'overtime_premium_mode', 'cost_denominator', 'full_time_minutes_per_month', 'practical_minutes_per_day', 'planned_occupancy',
        'ledger_tolerance_amount', 'ledger_tolerance_share', 'qa_pass_score', 'qa_target_score', 'csat_target_rate', 'qa_csat_gap_alarm',
        'qa_trend_months', 'qa_importance_minimum_fails', 'qa_importance_alpha', 'qa_short_form_share', 'attrition_excluded_leave_kinds',
        'minimum_n_rank', 'minimum_n_channel', 'save_episode_gap_days', 'save_horizon_days', 'save_downgrade_share',
        'churn_grace_days', 'inactivity_days', 'tenure_gap_days', 'silent_churn_days', 'attribution_windows', 'attribution_window_days',
        'attribution_model', 'expansion_window_days', 'referral_window_days', 'recovery_answer_days', 'recovery_complaint_days',
        'renewal_grace_days', 'renewal_exposure_days', 'value_horizon_months', 'value_discount_per_year',
        'investment_discount_per_year', 'investment_miss_tolerance', 'investment_miss_months', 'health_signal_days', 'lengthy_rule', 'lengthy_minutes', 'lengthy_percentile', 'lengthy_history_months', 'comparison_horizon_days',
        'comparison_landmark_days', 'comparison_placebo_days', 'comparison_minimum_controls', 'comparison_value_bands',
    ]) }}
{%- endmacro %}


{#- A staged row of a reference table as one hash. -#}
{% macro row_fingerprint(table) -%}
    {%- if execute -%}
        {%- set parts = ["'" ~ table ~ "'"] -%}
        {%- for name in contract_table(table).columns -%}
            {%- do parts.append("'|'") -%}
            {%- do parts.append("coalesce(cast(" ~ name ~ " as " ~ dbt.type_string() ~ "), '-')") -%}
        {%- endfor -%}
        {{ dbt.hash(dbt.concat(parts)) }}
    {%- else -%}
        ''
    {%- endif -%}
{%- endmacro %}


{#- The hashes of rows as one text, in an order of its own. -#}
{% macro fingerprint_of_rows(hash) -%}
    {{ return(adapter.dispatch('fingerprint_of_rows', 'cx_metrics')(hash)) }}
{%- endmacro %}

{% macro default__fingerprint_of_rows(hash) -%}
    {{ dbt.hash(dbt.listagg(hash, "''", 'order by ' ~ hash)) }}
{%- endmacro %}

{% macro spark__fingerprint_of_rows(hash) -%}
    md5(concat_ws('', sort_array(collect_list({{ hash }}))))
{%- endmacro %}
