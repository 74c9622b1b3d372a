-- One row per form, version of it or all together, and item: how often it failed, whether it goes along with satisfied customers and
-- settled matters, and whether a short form should keep it (M23). What goes along need not cause; an item that hardly ever fails cannot
-- be judged.
with

results as (
    select * from {{ ref('int_qa_item_results') }}
),

effects as (
    select * from {{ ref('int_qa_item_effects') }}
),

evaluations as (
    select *
    from {{ ref('fct_qa_evaluations') }}
    where
        is_counted
        and form_id is not null
),

item_answers as (
    select *
    from {{ ref('int_qa_answers') }}
    where
        is_applicable
        and is_on_form
        and not is_predicted_satisfaction
),

judged as (
    select
        evaluations.form_id,
        evaluations.form_version,
        item_answers.item_id,
        item_answers.is_passed
    from evaluations
    inner join item_answers
        on evaluations.evaluation_id = item_answers.evaluation_id
),

counted as (
    select
        form_id,
        form_version,
        item_id,
        count(*) as judged_count,
        count(case when not is_passed then 1 end) as failed_count
    from judged
    group by form_id, form_version, item_id

    union all

    select
        form_id,
        'all' as form_version,
        item_id,
        count(*) as judged_count,
        count(case when not is_passed then 1 end) as failed_count
    from judged
    group by form_id, item_id
),

described as (
    select
        form_id,
        form_version,
        item_id,
        max(label) as label,
        max(critical_class) as critical_class,
        max(competency) as competency,
        {%- for outcome in ['satisfied', 'resolved'] %}
        {%- for count in ['passed', 'failed', 'passed_with_outcome', 'failed_with_outcome'] %}
        cast(coalesce(sum(case when outcome = '{{ outcome }}' then {{ count }}_count end), 0) as bigint) as {{ outcome }}_{{ count }}_count,
        {%- endfor %}
        {%- endfor %}
        count(*) as outcome_count
    from results
    group by form_id, form_version, item_id
),

final as (
    select
        {{ dbt.concat(['counted.form_id', "':'", "coalesce(counted.form_version, '(unknown)')", "':'", 'counted.item_id']) }} as qa_item_id,
        counted.form_id,
        counted.form_version,
        counted.item_id,
        described.label,
        described.critical_class,
        described.competency,
        counted.judged_count,
        counted.failed_count,
        {%- for outcome in ['satisfied', 'resolved'] %}
        described.{{ outcome }}_passed_count as {{ outcome }}_known_passed_count,
        described.{{ outcome }}_failed_count as {{ outcome }}_known_failed_count,
        {{ share_of(
            'cast(1 as decimal(18, 6))', 'described.' ~ outcome ~ '_passed_with_outcome_count', 'described.' ~ outcome ~ '_passed_count'
        ) }} as {{ outcome }}_share_of_passed,
        {{ share_of(
            'cast(1 as decimal(18, 6))', 'described.' ~ outcome ~ '_failed_with_outcome_count', 'described.' ~ outcome ~ '_failed_count'
        ) }} as {{ outcome }}_share_of_failed,
        {{ outcome }}_effects.outcome_difference as {{ outcome }}_difference,
        {{ outcome }}_effects.standard_error as {{ outcome }}_standard_error,
        {{ outcome }}_effects.p_value as {{ outcome }}_p_value,
        {{ outcome }}_effects.adjusted_p_value as {{ outcome }}_adjusted_p_value,
        {{ outcome }}_effects.explained_share as {{ outcome }}_explained_share,
        {{ outcome }}_effects.is_important as is_important_for_{{ outcome }},
        {%- endfor %}
        satisfied_effects.is_in_short_form,
        case
            when satisfied_effects.item_id is not null then null
            when described.satisfied_failed_count < {{ var('qa_importance_minimum_fails') }} then 'too few fails with an answer'
            else 'too few passes with an answer'
        end as importance_null_reason
    from counted
    inner join described
        on
            counted.form_id = described.form_id
            and counted.form_version is not distinct from described.form_version
            and counted.item_id = described.item_id
    {%- for outcome in ['satisfied', 'resolved'] %}
    left join effects as {{ outcome }}_effects
        on
            counted.form_id = {{ outcome }}_effects.form_id
            and counted.form_version is not distinct from {{ outcome }}_effects.form_version
            and counted.item_id = {{ outcome }}_effects.item_id
            and {{ outcome }}_effects.outcome = '{{ outcome }}'
    {%- endfor %}
)

select * from final
