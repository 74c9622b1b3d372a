-- One row per period, dimension and value of it, with the measures of the semantic model survey_answers_by_answer_date.
{{ config(materialized='table') }}

{{ metric_periods('survey_answers_by_answer_date', ref('fct_survey_answers')) }}
