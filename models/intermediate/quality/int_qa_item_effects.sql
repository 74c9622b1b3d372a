-- One row per form, version or all, item and outcome with enough passes and fails: how much more often the outcome follows a pass than a
-- fail, how sure that is after all items of the form were looked at together (Benjamini and Hochberg), and what share of the outcome the
-- item explains alone (M23).
with

results as (
    select * from {{ ref('int_qa_item_results') }}
    where
        outcome <> 'none'
        and passed_count >= {{ var('qa_importance_minimum_fails') }}
        and failed_count >= {{ var('qa_importance_minimum_fails') }}
),

shares as (
    select
        *,
        cast(passed_with_outcome_count as {{ double_type() }}) / passed_count as passed_share,
        cast(failed_with_outcome_count as {{ double_type() }}) / failed_count as failed_share,
        cast(passed_with_outcome_count + failed_with_outcome_count as {{ double_type() }}) / (passed_count + failed_count) as pooled_share
    from results
),

tested as (
    select
        *,
        sqrt(passed_share * (1 - passed_share) / passed_count + failed_share * (1 - failed_share) / failed_count) as standard_error,
        case
            when pooled_share > 0 and pooled_share < 1
                then
                    (passed_share - failed_share)
                    / sqrt(
                        pooled_share * (1 - pooled_share)
                        * (cast(1 as {{ double_type() }}) / passed_count + cast(1 as {{ double_type() }}) / failed_count)
                    )
            -- an outcome that all have, or none, cannot differ
            else cast(0 as {{ double_type() }})
        end as z_value
    from shares
),

measured as (
    select
        form_id,
        form_version,
        item_id,
        outcome,
        {{ statistic('passed_share - failed_share') }} as outcome_difference,
        {{ statistic('standard_error') }} as standard_error,
        {{ statistic('z_value') }} as z_value,
        {{ statistic(two_sided_p('z_value')) }} as p_value,
        {{ statistic('z_value * z_value / (passed_count + failed_count)') }} as explained_share
    from tested
),

ranked as (
    select
        *,
        row_number() over (
            partition by form_id, form_version, outcome
            order by p_value, item_id
        ) as p_rank,
        count(*) over (partition by form_id, form_version, outcome) as item_count
    from measured
),

adjusted as (
    select
        *,
        {{ statistic(
            'min(least(cast(p_value as ' ~ double_type() ~ ') * item_count / p_rank, 1)) over ('
            ~ 'partition by form_id, form_version, outcome order by p_rank rows between current row and unbounded following)'
        ) }} as adjusted_p_value
    from ranked
),

judged as (
    select
        *,
        adjusted_p_value <= {{ var('qa_importance_alpha') }} and outcome_difference > 0 as is_important
    from adjusted
),

-- the most telling first; what is not surely important explains nothing
explained as (
    select
        *,
        coalesce(sum(case when is_important then explained_share end) over (
            partition by form_id, form_version, outcome
            order by case when is_important then 0 else 1 end asc, explained_share desc, item_id asc
            rows between unbounded preceding and 1 preceding
        ), 0) as explained_before,
        coalesce(
            sum(case when is_important then explained_share end) over (partition by form_id, form_version, outcome), 0
        ) as explained_by_all
    from judged
),

final as (
    select
        form_id,
        form_version,
        item_id,
        outcome,
        outcome_difference,
        standard_error,
        z_value,
        p_value,
        adjusted_p_value,
        explained_share,
        is_important,
        is_important and explained_before < {{ var('qa_short_form_share') }} * explained_by_all as is_in_short_form
    from explained
)

select * from final
