-- One row per period, dimension and value of it, with the measures of the semantic model handle_time_results.
{{ config(materialized='table') }}

{{ metric_periods('handle_time_results', ref('fct_handle_time_results')) }}
