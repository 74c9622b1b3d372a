-- One row per period, dimension and value of it, with the measures of the semantic model transfers.
{{ config(materialized='table') }}

{{ metric_periods('transfers', ref('fct_transfers')) }}
