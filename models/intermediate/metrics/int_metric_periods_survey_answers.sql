-- One row per period, dimension and value of it, with the measures of the semantic model survey_answers.
{{ config(materialized='table') }}

{{ metric_periods('survey_answers', ref('fct_survey_answers')) }}
