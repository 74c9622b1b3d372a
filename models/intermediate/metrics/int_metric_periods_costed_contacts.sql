-- One row per period, dimension and value of it, with the measures of the semantic model costed_contacts.
{{ config(materialized='table') }}

{{ metric_periods('costed_contacts', ref('fct_costed_contacts')) }}
