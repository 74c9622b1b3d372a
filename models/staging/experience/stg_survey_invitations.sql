{{ newest_delivery('survey_invitations') }}
