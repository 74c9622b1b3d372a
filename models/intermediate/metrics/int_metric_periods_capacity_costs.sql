-- One row per period, dimension and value of it, with the measures of the semantic model capacity_costs.
{{ config(materialized='table') }}

{{ metric_periods('capacity_costs', ref('fct_capacity_costs')) }}
