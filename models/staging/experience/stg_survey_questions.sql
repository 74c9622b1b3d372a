{{ newest_delivery('survey_questions') }}
