-- depends_on: {{ ref('iana_timezones') }}
{{ newest_delivery('subscription_events') }}
