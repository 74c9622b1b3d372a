-- One row per period, dimension and value of it, with the measures of the semantic model qa_evaluations.
{{ config(materialized='table') }}

{{ metric_periods('qa_evaluations', ref('fct_qa_evaluations')) }}
