-- One row per period, dimension and value of it, with the measures of the semantic model value_misallocation.
{{ config(materialized='table') }}

{{ metric_periods('value_misallocation', ref('fct_value_misallocation')) }}
