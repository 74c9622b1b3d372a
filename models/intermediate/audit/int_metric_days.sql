-- One row per semantic model, business date, dimension and value of it, with every measure of the model added up. Each mart is read once,
-- into a cube of all its dimensions by day; the single dimensions are rolled up from the cube.
-- depends_on: {{ ref('fct_contacts') }}
-- depends_on: {{ ref('fct_queue_intervals') }}
-- depends_on: {{ ref('fct_transfers') }}
-- depends_on: {{ ref('fct_active_customers') }}
-- depends_on: {{ ref('fct_contact_repeats') }}
-- depends_on: {{ ref('fct_first_contact_resolution') }}
-- depends_on: {{ ref('fct_issues') }}
-- depends_on: {{ ref('fct_bot_attempts') }}
-- depends_on: {{ ref('fct_survey_answers') }}
-- depends_on: {{ ref('fct_survey_invitations') }}
-- depends_on: {{ ref('fct_contact_sentiment') }}
-- depends_on: {{ ref('fct_social_mentions') }}
-- depends_on: {{ ref('fct_qa_evaluations') }}
-- depends_on: {{ ref('fct_agent_days') }}
-- depends_on: {{ ref('fct_agent_months') }}
-- depends_on: {{ ref('fct_agent_feedback') }}
-- depends_on: {{ ref('fct_qa_csat_alignment') }}
-- depends_on: {{ ref('fct_handle_time_results') }}
-- depends_on: {{ ref('fct_contact_effort') }}
-- depends_on: {{ ref('fct_costed_contacts') }}
-- depends_on: {{ ref('fct_issue_costs') }}
-- depends_on: {{ ref('fct_capacity_costs') }}
-- noqa: disable=LT02,LT05
{{ config(materialized='table') }}

{%- set models = measured_models() %}

with

{% for model in models -%}
cube_{{ model.name }} as (
    select
        {{ model.day }} as day,
        {%- for dimension in model.dimensions %}
        {{ dimension.expr or dimension.name }} as {{ dimension.name }},
        {%- endfor %}
        {%- for measure in model.measures %}
        {{ measure_sql(measure) }} as {{ measure.name }},
        {%- endfor %}
        count(*) as {{ model.name }}_row_count
    from {{ ref(model.mart) }}
    where {{ model.day }} is not null
    group by {{ model.day }}{% for dimension in model.dimensions %}, {{ dimension.expr or dimension.name }}{% endfor %}
),

{% endfor -%}

rolled_up as (
    {%- for model in models %}
    {%- set outer_loop = loop %}
    {%- for dimension in ['all'] + (model.dimensions | map(attribute='name') | list) %}
    {{ 'union all' if not (loop.first and outer_loop.first) }}
    select
        '{{ model.name }}' as semantic_model,
        day,
        '{{ dimension }}' as dimension,
        {{ "'all'" if dimension == 'all' else "coalesce(cast(" ~ dimension ~ " as " ~ dbt.type_string() ~ "), '(unknown)')" }} as dimension_value,
        {%- for other in models %}
        {%- for measure in other.measures %}
        {{ 'sum(' ~ measure.name ~ ')' if other.name == model.name else 'cast(null as bigint)' }} as {{ measure.name }},
        {%- endfor %}
        {{ 'sum(' ~ other.name ~ '_row_count)' if other.name == model.name else 'cast(null as bigint)' }} as {{ other.name }}_row_count{{ ',' if not loop.last }}
        {%- endfor %}
    from cube_{{ model.name }}
    group by day{{ ', ' ~ dimension if dimension != 'all' }}
    {%- endfor %}
    {%- endfor %}
)

select * from rolled_up
