-- One row per period, dimension and value of it, with the measures of the semantic model issue_costs.
{{ config(materialized='table') }}

{{ metric_periods('issue_costs', ref('fct_issue_costs')) }}
