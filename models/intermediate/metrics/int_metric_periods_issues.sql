-- One row per period, dimension and value of it, with the measures of the semantic model issues.
{{ config(materialized='table') }}

{{ metric_periods('issues', ref('fct_issues')) }}
