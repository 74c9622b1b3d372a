-- One row per study, method, window and outcome: what customers did after being exposed to something, beside what comparable customers did
-- (M47, M48). The naive method stands beside the adjusted ones to show what it is off by. A negative landmark is the placebo: before the
-- contact there can be no effect, so one that shows there is a difference between the groups.
{%- set methods = ['naive', 'stratified', 'matched'] %}

with

effects as (
    select * from {{ ref('int_stratified_effects') }}
    union all
    select * from {{ ref('int_matched_effects') }}
),

studies as (
    select study
    from {{ ref('int_comparison_units') }}
    group by study
),

methods as (
    {%- for method in methods %}
    select '{{ method }}' as method
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

questions as (
    {%- for landmark, horizon in comparison_windows() %}
    {%- for outcome in comparison_outcomes(landmark) %}
    select
        '{{ outcome }}' as outcome,
        {{ landmark }} as landmark_days,
        {{ horizon }} as horizon_days
    {{ 'union all' if not loop.last }}
    {%- endfor %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

asked as (
    select
        studies.study,
        methods.method,
        questions.outcome,
        questions.landmark_days,
        questions.horizon_days
    from studies
    cross join methods
    cross join questions
),

-- a question that has no answer yet has its row too
identified as (
    select
        *,
        {{ comparison_id() }} as comparison_id
    from asked
),

judged as (
    select
        identified.study,
        identified.method,
        identified.outcome,
        identified.landmark_days,
        identified.horizon_days,
        coalesce(effects.exposed_count, 0) as exposed_count,
        coalesce(effects.compared_count, 0) as compared_count,
        coalesce(effects.control_count, 0) as control_count,
        effects.exposed_mean,
        effects.counterfactual_mean,
        effects.exposed_mean - effects.counterfactual_mean as effect,
        effects.standard_error,
        case
            when effects.comparison_id is null then 'no month whose window is over'
            when effects.compared_count < {{ var('minimum_n_rank') }} or effects.control_count < {{ var('minimum_n_rank') }}
                then 'too few comparable customers'
        end as effect_null_reason
    from identified
    left join effects
        on
            identified.comparison_id = effects.comparison_id
            and identified.method = effects.method
),

published as (
    select
        *,
        {%- for column in ['exposed_mean', 'counterfactual_mean', 'effect', 'standard_error'] %}
        cast(case when effect_null_reason is null then {{ statistic(column) }} end as decimal(18, 6)) as published_{{ column }},
        {%- endfor %}
        cast(case
            when effect_null_reason is null then {{ statistic('effect - ' ~ var('wilson_z') ~ ' * standard_error') }}
        end as decimal(18, 6)) as interval_low,
        cast(case
            when effect_null_reason is null then {{ statistic('effect + ' ~ var('wilson_z') ~ ' * standard_error') }}
        end as decimal(18, 6)) as interval_high
    from judged
),

final as (
    select
        study,
        method,
        outcome,
        cast(landmark_days as bigint) as landmark_days,
        cast(horizon_days as bigint) as horizon_days,
        landmark_days < 0 as is_placebo,
        cast(exposed_count as bigint) as exposed_count,
        cast(compared_count as bigint) as compared_count,
        cast(control_count as bigint) as control_count,
        published_exposed_mean as exposed_mean,
        published_counterfactual_mean as counterfactual_mean,
        published_effect as effect,
        published_standard_error as standard_error,
        interval_low,
        interval_high,
        effect_null_reason,
        case
            when effect_null_reason is not null then null
            when interval_low > 0 then 'higher'
            when interval_high < 0 then 'lower'
            else 'cannot tell'
        end as verdict,
        case when method = 'naive' then 'descriptive' else 'adjusted' end as level_of_claim
    from published
)

select * from final
