-- A failure means that an item is called important on too few passes or fails, that a short form keeps one that is not surely important,
-- that the adjusted probability is below the plain one, that the versions of a form do not add up to all of them, or that an item is not
-- judged and does not say why (M23). What to do: look at adjusted and explained in int_qa_item_effects, then at versions in
-- int_qa_item_results.
with

items as (
    select * from {{ ref('fct_qa_items') }}
),

versions as (
    select
        form_id,
        item_id,
        sum(case when form_version is distinct from 'all' then judged_count else -judged_count end) as judged_difference,
        sum(case when form_version is distinct from 'all' then failed_count else -failed_count end) as failed_difference
    from items
    group by form_id, item_id
)

select
    qa_item_id,
    'item' as problem
from items
where
    failed_count > judged_count
    or satisfied_known_passed_count + satisfied_known_failed_count > judged_count
    or resolved_known_passed_count + resolved_known_failed_count > judged_count
    or (is_in_short_form is null) <> (importance_null_reason is not null)
    or (satisfied_difference is null) <> (importance_null_reason is not null)
    or (
        satisfied_difference is not null
        and least(satisfied_known_passed_count, satisfied_known_failed_count) < {{ var('qa_importance_minimum_fails') }}
    )
    or (
        resolved_difference is not null
        and least(resolved_known_passed_count, resolved_known_failed_count) < {{ var('qa_importance_minimum_fails') }}
    )
    or satisfied_adjusted_p_value < satisfied_p_value
    or satisfied_adjusted_p_value > 1
    or (is_in_short_form and not is_important_for_satisfied)
    or (is_important_for_satisfied and (satisfied_difference <= 0 or satisfied_adjusted_p_value > {{ var('qa_importance_alpha') }}))

union all

select
    {{ dbt.concat(['form_id', "':'", 'item_id']) }} as qa_item_id,
    'versions' as problem
from versions
where
    judged_difference <> 0
    or failed_difference <> 0
