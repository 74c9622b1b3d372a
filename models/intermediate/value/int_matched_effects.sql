-- One row per comparison: exposed customers against the controls nearest to them (M47). Two controls of one customer tell how much alike
-- customers differ, which is what a control that stands in for several adds to the error.
with

outcomes as (
    select * from {{ ref('int_comparison_outcomes') }}
),

matches as (
    select * from {{ ref('int_comparison_matches') }}
),

all_exposed as (
    select
        comparison_id,
        sum(is_exposed) as exposed_count
    from outcomes
    group by comparison_id
),

pairs as (
    select
        exposed.comparison_id,
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
            exposed.comparison_id = controls.comparison_id
            and matches.control_unit_id = controls.unit_id
    window of_exposed as (partition by exposed.comparison_id, exposed.unit_id)
),

differences as (
    select
        comparison_id,
        unit_id,
        max(outcome_value) as outcome_value,
        max(control_mean) as control_mean
    from pairs
    group by comparison_id, unit_id
),

effects as (
    select
        comparison_id,
        count(*) as compared_count,
        avg(outcome_value) as exposed_mean,
        avg(control_mean) as counterfactual_mean,
        var_pop(outcome_value - control_mean) * count(*) as squared_deviations
    from differences
    group by comparison_id
),

-- the unexplained difference between alike customers: of two values, half of the square of what lies between them
uses as (
    select
        comparison_id,
        control_unit_id,
        sum(cast(1 as {{ double_type() }}) / match_count) as weight,
        sum(cast(1 as {{ double_type() }}) / (match_count * match_count)) as squared_weight,
        avg(case when match_count = 2 then 2 * (control_value - control_mean) * (control_value - control_mean) end) as noise
    from pairs
    group by comparison_id, control_unit_id
),

reuse as (
    select
        comparison_id,
        count(*) as control_count,
        sum(coalesce((weight * weight - squared_weight) * noise, 0)) as reuse_variance
    from uses
    group by comparison_id
),

final as (
    select
        all_exposed.comparison_id,
        'matched' as method,
        all_exposed.exposed_count,
        coalesce(effects.compared_count, 0) as compared_count,
        coalesce(reuse.control_count, 0) as control_count,
        effects.exposed_mean,
        effects.counterfactual_mean,
        sqrt(effects.squared_deviations + reuse.reuse_variance) / effects.compared_count as standard_error
    from all_exposed
    left join effects
        on all_exposed.comparison_id = effects.comparison_id
    left join reuse
        on all_exposed.comparison_id = reuse.comparison_id
)

select * from final
