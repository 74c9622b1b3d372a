{#- The raw tables that have a staging model. A new stg_ model is added here, so that its rows are reconciled (a test compares). -#}
{% macro staged_tables() -%}
    {{ return([
        'contacts', 'contact_segments', 'queues', 'queue_hours', 'queue_holidays', 'programs', 'vendors', 'product_lines', 'reasons',
        'agents', 'agent_states', 'agent_pay', 'agent_pay_rates', 'coaching_sessions', 'agent_feedback',
        'customers', 'subscriptions', 'subscription_events', 'save_offers', 'transactions',
        'bot_sessions', 'technologies', 'technology_usage', 'technology_rates', 'contact_sentiment',
        'survey_questions', 'survey_invitations', 'survey_answers', 'social_mentions',
        'qa_form_items', 'qa_evaluations', 'qa_answers',
        'channel_tariffs',
        'ledger_entries', 'ledger_accounts', 'vendor_contracts', 'fx_rates', 'investments', 'investment_cash_flows', 'campaigns', 'campaign_exposures',
        'feed_watermarks',
    ]) }}
{%- endmacro %}
