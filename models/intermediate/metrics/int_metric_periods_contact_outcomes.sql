-- One row per period, dimension and value of it, with the measures of the semantic model contact_outcomes.
{{ config(materialized='table') }}

{{ metric_periods('contact_outcomes', ref('fct_contact_outcomes')) }}
