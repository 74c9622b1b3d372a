-- One row per period, dimension and value of it, with the measures of the semantic model active_customers.
{{ config(materialized='table') }}

{{ metric_periods('active_customers', ref('fct_active_customers')) }}
