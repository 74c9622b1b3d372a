-- One row per period, dimension and value of it, with the measures of the semantic model agent_months.
{{ config(materialized='table') }}

{{ metric_periods('agent_months', ref('fct_agent_months')) }}
