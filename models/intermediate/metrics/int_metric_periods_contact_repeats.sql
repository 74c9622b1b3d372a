-- One row per period, dimension and value of it, with the measures of the semantic model contact_repeats.
{{ config(materialized='table') }}

{{ metric_periods('contact_repeats', ref('fct_contact_repeats')) }}
