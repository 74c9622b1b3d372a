-- One row per period, dimension and value of it, with the measures of the semantic model contacts.
{{ config(materialized='table') }}

{{ metric_periods('contacts', ref('fct_contacts')) }}
