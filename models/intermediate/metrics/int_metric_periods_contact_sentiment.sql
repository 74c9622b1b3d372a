-- One row per period, dimension and value of it, with the measures of the semantic model contact_sentiment.
{{ config(materialized='table') }}

{{ metric_periods('contact_sentiment', ref('fct_contact_sentiment')) }}
