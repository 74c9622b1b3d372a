-- One row per period, dimension and value of it, with the measures of the semantic model contact_effort.
{{ config(materialized='table') }}

{{ metric_periods('contact_effort', ref('fct_contact_effort')) }}
