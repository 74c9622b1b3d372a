-- One row per period, dimension and value of it, with the measures of the semantic model renewals.
{{ config(materialized='table') }}

{{ metric_periods('renewals', ref('fct_renewals')) }}
