-- One row per period, dimension and value of it, with the measures of the semantic model agent_feedback.
{{ config(materialized='table') }}

{{ metric_periods('agent_feedback', ref('fct_agent_feedback')) }}
