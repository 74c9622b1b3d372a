-- One row per period, dimension and value of it, with the measures of the semantic model contact_expansions.
{{ config(materialized='table') }}

{{ metric_periods('contact_expansions', ref('fct_contact_expansions')) }}
