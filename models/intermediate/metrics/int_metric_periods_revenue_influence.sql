-- One row per period, dimension and value of it, with the measures of the semantic model revenue_influence.
{{ config(materialized='table') }}

{{ metric_periods('revenue_influence', ref('fct_revenue_influence')) }}
