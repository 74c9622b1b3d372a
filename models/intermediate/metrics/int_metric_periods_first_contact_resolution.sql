-- One row per period, dimension and value of it, with the measures of the semantic model first_contact_resolution.
{{ config(materialized='table') }}

{{ metric_periods('first_contact_resolution', ref('fct_first_contact_resolution')) }}
