-- One row per period, dimension and value of it, with the measures of the semantic model save_episodes.
{{ config(materialized='table') }}

{{ metric_periods('save_episodes', ref('fct_save_episodes')) }}
