-- One row: the state in which the last finished build left the warehouse, so that the next one can tell what is new. It is made last, after
-- all that is kept from build to build, and only by a run that made all of it.
-- noqa: disable=LT02,LT05,ST03
{%- for name in [
    'stg_contacts', 'stg_contact_segments', 'stg_customers', 'stg_subscriptions', 'stg_subscription_events', 'stg_save_offers',
    'stg_transactions', 'stg_bot_sessions',
    'stg_contact_sentiment', 'stg_survey_invitations', 'stg_survey_answers', 'stg_social_mentions',
    'stg_agent_states', 'stg_agent_pay', 'stg_coaching_sessions', 'stg_agent_feedback', 'stg_qa_evaluations', 'stg_qa_answers',
    'stg_technology_usage', 'stg_ledger_entries',
    'int_agent_work_spans', 'int_agent_legs', 'int_contact_transfers', 'int_bot_handoffs', 'fct_contacts', 'fct_survey_answers',
    'int_contact_reconnects', 'int_contact_repeats', 'int_contact_satisfaction', 'int_issue_endings', 'fct_repeat_contacts', 'fct_contact_effort',
    'int_bot_attempt_sessions', 'int_bot_attempt_endings',
    'stg_agents', 'stg_agent_pay_rates', 'stg_fx_rates', 'int_contact_cost_amounts', 'int_contact_pool_amounts',
    'fct_capacity_costs', 'fct_minute_rates', 'int_agent_day_seconds',
] %}
-- depends_on: {{ ref(name) }}
{%- endfor %}
{{ config(materialized='table') }}
{%- set missing = [] %}
{%- if execute %}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.name in kept_models() + ['int_build_scope'] %}
        {%- if node.unique_id not in selected_resources %}
            {%- do missing.append(node.name) %}
        {%- endif %}
    {%- endfor %}
{%- endif %}
{%- set previous = kept_relation('int_completed_build') if execute else none %}

with

scope as (
    select * from {{ ref('int_build_scope') }}
),

calendar as (
    select * from {{ ref('int_calendar') }}
),

this_build as (
    select
        scope.first_load,
        scope.through_load,
        scope.raw_row_count,
        scope.fingerprint,
        cast(max(calendar.date_day) as {{ dbt.type_timestamp() }}) as calendar_ends_at
    from scope
    left join calendar
        on 1 = 1
    group by scope.first_load, scope.through_load, scope.raw_row_count, scope.fingerprint
),

final as (
    {%- if not missing %}
    select * from this_build
    {%- elif previous is not none %}
    -- a part of the models ran: {{ missing | length }} that are kept did not
    select * from {{ previous }}
    {%- else %}
    select * from this_build
    where 1 = 0
    {%- endif %}
)

select * from final
