-- One row per period, dimension and value of it, with the measures of the semantic model customer_months.
{{ config(materialized='table') }}

{{ metric_periods('customer_months', ref('fct_customer_months')) }}
