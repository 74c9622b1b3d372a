-- One row per period, dimension and value of it, with the measures of the semantic model agent_days.
{{ config(materialized='table') }}

{{ metric_periods('agent_days', ref('fct_agent_days')) }}
