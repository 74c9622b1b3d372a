-- One row per period, dimension and value of it, with the measures of the semantic model queue_intervals.
{{ config(materialized='table') }}

{{ metric_periods('queue_intervals', ref('fct_queue_intervals')) }}
