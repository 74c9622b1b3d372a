{{ newest_delivery('survey_answers') }}
