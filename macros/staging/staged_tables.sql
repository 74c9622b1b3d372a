{#- The raw tables that have a staging model. A new stg_ model is added here, so that its rows are reconciled (a test compares). -#}
{% macro staged_tables() -%}
    {{ return([
        'contacts', 'contact_segments', 'queues', 'queue_hours', 'queue_holidays', 'programs', 'vendors', 'product_lines', 'reasons',
        'agents',
        'customers', 'subscriptions', 'subscription_events',
        'bot_sessions', 'technologies', 'contact_sentiment',
        'survey_questions', 'survey_invitations', 'survey_answers',
        'fx_rates',
        'feed_watermarks',
    ]) }}
{%- endmacro %}
