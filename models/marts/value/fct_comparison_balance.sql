-- One row per study, method and trait of customers: how alike the exposed and those they are compared with were before (M47). A
-- standardised difference is the distance of the means in standard deviations of both groups; below 0.1 they are alike.
{%- set traits = ['prior_margin_amount', 'recurring_amount', 'tenure_years', 'earlier_contact_count'] %}

with

units as (
    select * from {{ ref('int_comparison_units') }}
),

matches as (
    select
        *,
        count(*) over (partition by unit_id) as match_count
    from {{ ref('int_comparison_matches') }}
),

strata as (
    select
        study,
        stratum,
        sum(is_exposed) as exposed_count,
        sum(1 - is_exposed) as control_count
    from units
    group by study, stratum
    having sum(is_exposed) > 0 and sum(1 - is_exposed) >= {{ var('comparison_minimum_controls') }}
),

matched as (
    select
        unit_id,
        cast(1 as {{ double_type() }}) as weight
    from matches
    group by unit_id

    union all

    select
        control_unit_id as unit_id,
        sum(cast(1 as {{ double_type() }}) / match_count) as weight
    from matches
    group by control_unit_id
),

weighed as (
    select
        units.*,
        'naive' as method,
        cast(1 as {{ double_type() }}) as weight
    from units

    union all

    select
        units.*,
        'stratified' as method,
        case
            when units.is_exposed = 1 then cast(1 as {{ double_type() }})
            else cast(strata.exposed_count as {{ double_type() }}) / strata.control_count
        end as weight
    from units
    inner join strata
        on
            units.study = strata.study
            and units.stratum = strata.stratum

    union all

    select
        units.*,
        'matched' as method,
        matched.weight
    from units
    inner join matched
        on units.unit_id = matched.unit_id
),

long as (
    {%- for trait in traits %}
    select
        study,
        method,
        '{{ trait }}' as trait,
        is_exposed,
        weight,
        cast({{ trait }} as {{ double_type() }}) as trait_value
    from weighed
    where {{ trait }} is not null
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

means as (
    select
        study,
        method,
        trait,
        sum(is_exposed) as exposed_count,
        sum(1 - is_exposed) as control_count,
        sum(is_exposed * weight * trait_value) / nullif(sum(is_exposed * weight), 0) as exposed_mean,
        sum((1 - is_exposed) * weight * trait_value) / nullif(sum((1 - is_exposed) * weight), 0) as control_mean
    from long
    group by study, method, trait
),

-- the spread is that of the groups as they are, so that all methods are measured with one yardstick
spreads as (
    select
        study,
        trait,
        var_samp(case when is_exposed = 1 then trait_value end) as exposed_variance,
        var_samp(case when is_exposed = 0 then trait_value end) as control_variance
    from long
    where method = 'naive'
    group by study, trait
),

differences as (
    select
        means.*,
        (means.exposed_mean - means.control_mean) / nullif(sqrt((spreads.exposed_variance + spreads.control_variance) / 2), 0)
            as standardised_difference
    from means
    inner join spreads
        on
            means.study = spreads.study
            and means.trait = spreads.trait
),

final as (
    select
        study,
        method,
        trait,
        cast(exposed_count as bigint) as exposed_count,
        cast(control_count as bigint) as control_count,
        cast({{ statistic('exposed_mean') }} as decimal(18, 6)) as exposed_mean,
        cast({{ statistic('control_mean') }} as decimal(18, 6)) as control_mean,
        cast({{ statistic('standardised_difference') }} as decimal(18, 6)) as standardised_difference,
        abs({{ statistic('standardised_difference') }}) < 0.1 as is_balanced
    from differences
)

select * from final
