-- depends_on: {{ ref('iana_timezones') }}
{{ config(materialized=kept(), incremental_strategy='new_loads') }}

{{ newest_delivery('subscriptions') }}
