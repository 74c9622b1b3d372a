-- One row per period, dimension and value of it, with the measures of the semantic model bot_attempts.
{{ config(materialized='table') }}

{{ metric_periods('bot_attempts', ref('fct_bot_attempts')) }}
