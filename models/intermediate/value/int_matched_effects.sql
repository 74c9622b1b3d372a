-- One row per study, window and outcome: exposed customers against the controls nearest to them (M47). Two controls of one customer tell how much
-- alike customers differ, which is what a control that stands in for several adds to the error.
{{ config(materialized='table') }}
{%- set question = ['study', 'landmark_days', 'horizon_days', 'outcome'] %}

with

outcomes as (
    select * from {{ ref('int_comparison_outcomes') }}
),

matches as (
    select * from {{ ref('int_comparison_matches') }}
),

all_exposed as (
    select
        {{ question | join(',\n        ') }},
        sum(is_exposed) as exposed_count
    from outcomes
    group by {{ question | join(', ') }}
),

pairs as (
    select
        {%- for column in question %}
        exposed.{{ column }},
        {%- endfor %}
        exposed.unit_id,
        exposed.outcome_value,
        matches.control_unit_id,
        controls.outcome_value as control_value,
        count(*) over of_exposed as match_count,
        avg(controls.outcome_value) over of_exposed as control_mean
    from outcomes as exposed
    inner join matches
        on exposed.unit_id = matches.unit_id
    inner join outcomes as controls
        on
            matches.control_unit_id = controls.unit_id
            and exposed.landmark_days = controls.landmark_days
            and exposed.horizon_days = controls.horizon_days
            and exposed.outcome = controls.outcome
    window of_exposed as (partition by {% for column in question %}exposed.{{ column }}, {% endfor %}exposed.unit_id)
),

differences as (
    select
        {{ question | join(',\n        ') }},
        unit_id,
        max(outcome_value) as outcome_value,
        max(control_mean) as control_mean
    from pairs
    group by {{ question | join(', ') }}, unit_id
),

effects as (
    select
        {{ question | join(',\n        ') }},
        count(*) as compared_count,
        avg(outcome_value) as exposed_mean,
        avg(control_mean) as counterfactual_mean,
        sum((outcome_value - control_mean) * (outcome_value - control_mean)) as squared_differences
    from differences
    group by {{ question | join(', ') }}
),

-- the unexplained difference between alike customers: of two values, half of the square of what lies between them
uses as (
    select
        {{ question | join(',\n        ') }},
        control_unit_id,
        sum(cast(1 as {{ double_type() }}) / match_count) as weight,
        sum(cast(1 as {{ double_type() }}) / (match_count * match_count)) as squared_weight,
        avg(case when match_count = 2 then 2 * (control_value - control_mean) * (control_value - control_mean) end) as noise
    from pairs
    group by {{ question | join(', ') }}, control_unit_id
),

reuse as (
    select
        {{ question | join(',\n        ') }},
        count(*) as control_count,
        sum(coalesce((weight * weight - squared_weight) * noise, 0)) as reuse_variance
    from uses
    group by {{ question | join(', ') }}
),

final as (
    select
        {%- for column in question %}
        all_exposed.{{ column }},
        {%- endfor %}
        'matched' as method,
        all_exposed.exposed_count,
        coalesce(effects.compared_count, 0) as compared_count,
        coalesce(reuse.control_count, 0) as control_count,
        effects.exposed_mean,
        effects.counterfactual_mean,
        sqrt(
            effects.squared_differences
            - effects.compared_count * (effects.exposed_mean - effects.counterfactual_mean)
            * (effects.exposed_mean - effects.counterfactual_mean)
            + reuse.reuse_variance
        ) / effects.compared_count as standard_error
    from all_exposed
    left join effects
        on
            {%- for column in question %}
            {{ 'and ' if not loop.first }}all_exposed.{{ column }} = effects.{{ column }}
            {%- endfor %}
    left join reuse
        on
            {%- for column in question %}
            {{ 'and ' if not loop.first }}all_exposed.{{ column }} = reuse.{{ column }}
            {%- endfor %}
)

select * from final
