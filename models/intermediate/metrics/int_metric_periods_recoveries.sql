-- One row per period, dimension and value of it, with the measures of the semantic model recoveries.
{{ config(materialized='table') }}

{{ metric_periods('recoveries', ref('fct_recoveries')) }}
