{{ newest_delivery('contact_sentiment') }}
