-- One row per period, dimension and value of it, with the measures of the semantic model tenure_medians.
{{ config(materialized='table') }}

{{ metric_periods('tenure_medians', ref('fct_tenure_medians')) }}
