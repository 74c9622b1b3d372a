-- One row per period, dimension and value of it, with the measures of the semantic model survey_invitations.
{{ config(materialized='table') }}

{{ metric_periods('survey_invitations', ref('fct_survey_invitations')) }}
