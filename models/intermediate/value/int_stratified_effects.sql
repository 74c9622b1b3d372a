-- One row per comparison and method without matching (M47): naive holds all exposed customers against all controls, stratified holds them
-- against controls of their own month, segment and value band, and averages over the exposed. The error counts each customer once,
-- whatever number of months they were a control in.
with

comparison_outcomes as (
    select * from {{ ref('int_comparison_outcomes') }}
),

outcomes as (
    select
        *,
        'naive' as method,
        'all' as cell
    from comparison_outcomes

    union all

    select
        *,
        'stratified' as method,
        stratum as cell
    from comparison_outcomes
),

cells as (
    select
        comparison_id,
        method,
        cell,
        sum(is_exposed) as exposed_count,
        sum(1 - is_exposed) as control_count,
        sum(is_exposed * outcome_value) as exposed_sum,
        sum((1 - is_exposed) * outcome_value) / nullif(sum(1 - is_exposed), 0) as control_mean
    from outcomes
    group by comparison_id, method, cell
),

comparable as (
    select * from cells
    where
        exposed_count > 0
        and control_count >= {{ var('comparison_minimum_controls') }}
),

all_exposed as (
    select
        comparison_id,
        method,
        sum(exposed_count) as exposed_count
    from cells
    group by comparison_id, method
),

effects as (
    select
        comparison_id,
        method,
        sum(exposed_count) as compared_count,
        sum(control_count) as control_count,
        sum(exposed_sum) / sum(exposed_count) as exposed_mean,
        sum(exposed_count * control_mean) / sum(exposed_count) as counterfactual_mean
    from comparable
    group by comparison_id, method
),

-- how much each customer moves the effect
influences as (
    select
        outcomes.comparison_id,
        outcomes.method,
        outcomes.customer_id,
        sum(case
            when outcomes.is_exposed = 1
                then outcomes.outcome_value - comparable.control_mean - (effects.exposed_mean - effects.counterfactual_mean)
            else (comparable.control_mean - outcomes.outcome_value) * comparable.exposed_count / comparable.control_count
        end) as influence
    from outcomes
    inner join comparable
        on
            outcomes.comparison_id = comparable.comparison_id
            and outcomes.method = comparable.method
            and outcomes.cell = comparable.cell
    inner join effects
        on
            outcomes.comparison_id = effects.comparison_id
            and outcomes.method = effects.method
    group by outcomes.comparison_id, outcomes.method, outcomes.customer_id
),

variances as (
    select
        comparison_id,
        method,
        sum(influence * influence) as squared_influence
    from influences
    group by comparison_id, method
),

final as (
    select
        all_exposed.comparison_id,
        all_exposed.method,
        all_exposed.exposed_count,
        coalesce(effects.compared_count, 0) as compared_count,
        coalesce(effects.control_count, 0) as control_count,
        effects.exposed_mean,
        effects.counterfactual_mean,
        sqrt(variances.squared_influence) / effects.compared_count as standard_error
    from all_exposed
    left join effects
        on
            all_exposed.comparison_id = effects.comparison_id
            and all_exposed.method = effects.method
    left join variances
        on
            all_exposed.comparison_id = variances.comparison_id
            and all_exposed.method = variances.method
)

select * from final
