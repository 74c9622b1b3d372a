-- One row per period, dimension and value of it, with the measures of the semantic model qa_csat_alignment.
{{ config(materialized='table') }}

{{ metric_periods('qa_csat_alignment', ref('fct_qa_csat_alignment')) }}
