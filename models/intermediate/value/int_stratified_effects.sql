-- One row per study, window, outcome and method without matching (M47): naive holds all exposed customers against all controls, stratified holds
-- them against controls of their own month, segment and value band, and averages over the exposed. The error counts each customer once,
-- whatever number of months they were a control in.
{{ config(materialized='table') }}
{%- set question = ['study', 'landmark_days', 'horizon_days', 'outcome', 'method'] %}

with

outcomes as (
    select
        *,
        'naive' as method,
        'all' as cell
    from {{ ref('int_comparison_outcomes') }}

    union all

    select
        *,
        'stratified' as method,
        stratum as cell
    from {{ ref('int_comparison_outcomes') }}
),

cells as (
    select
        {{ question | join(',\n        ') }},
        cell,
        sum(is_exposed) as exposed_count,
        sum(1 - is_exposed) as control_count,
        sum(is_exposed * outcome_value) as exposed_sum,
        sum((1 - is_exposed) * outcome_value) / nullif(sum(1 - is_exposed), 0) as control_mean
    from outcomes
    group by {{ question | join(', ') }}, cell
),

comparable as (
    select * from cells
    where
        exposed_count > 0
        and control_count >= {{ var('comparison_minimum_controls') }}
),

all_exposed as (
    select
        {{ question | join(',\n        ') }},
        sum(exposed_count) as exposed_count
    from cells
    group by {{ question | join(', ') }}
),

effects as (
    select
        {{ question | join(',\n        ') }},
        sum(exposed_count) as compared_count,
        sum(control_count) as control_count,
        sum(exposed_sum) / sum(exposed_count) as exposed_mean,
        sum(exposed_count * control_mean) / sum(exposed_count) as counterfactual_mean
    from comparable
    group by {{ question | join(', ') }}
),

-- how much each customer moves the effect
influences as (
    select
        {%- for column in question %}
        outcomes.{{ column }},
        {%- endfor %}
        outcomes.customer_id,
        sum(case
            when outcomes.is_exposed = 1
                then outcomes.outcome_value - comparable.control_mean - (effects.exposed_mean - effects.counterfactual_mean)
            else -(outcomes.outcome_value - comparable.control_mean) * comparable.exposed_count / comparable.control_count
        end) as influence
    from outcomes
    inner join comparable
        on
            outcomes.cell = comparable.cell
            {%- for column in question %}
            and outcomes.{{ column }} = comparable.{{ column }}
            {%- endfor %}
    inner join effects
        on
            {%- for column in question %}
            {{ 'and ' if not loop.first }}outcomes.{{ column }} = effects.{{ column }}
            {%- endfor %}
    group by
        {%- for column in question %}
        outcomes.{{ column }},
        {%- endfor %}
        outcomes.customer_id
),

variances as (
    select
        {{ question | join(',\n        ') }},
        sum(influence * influence) as squared_influence
    from influences
    group by {{ question | join(', ') }}
),

final as (
    select
        {%- for column in question %}
        all_exposed.{{ column }},
        {%- endfor %}
        all_exposed.exposed_count,
        coalesce(effects.compared_count, 0) as compared_count,
        coalesce(effects.control_count, 0) as control_count,
        effects.exposed_mean,
        effects.counterfactual_mean,
        sqrt(variances.squared_influence) / effects.compared_count as standard_error
    from all_exposed
    left join effects
        on
            {%- for column in question %}
            {{ 'and ' if not loop.first }}all_exposed.{{ column }} = effects.{{ column }}
            {%- endfor %}
    left join variances
        on
            {%- for column in question %}
            {{ 'and ' if not loop.first }}all_exposed.{{ column }} = variances.{{ column }}
            {%- endfor %}
)

select * from final
