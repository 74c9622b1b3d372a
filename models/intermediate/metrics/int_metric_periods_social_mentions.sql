-- One row per period, dimension and value of it, with the measures of the semantic model social_mentions.
{{ config(materialized='table') }}

{{ metric_periods('social_mentions', ref('fct_social_mentions')) }}
