-- One row per evaluation: its score without critical items, and apart from it whether an error of each critical class was made (M22). The
-- two are never mixed: a score of 0 for one critical error, as some tools show it, stands beside for contracts that need it.
{%- set classes = ['customer', 'business', 'compliance'] %}
{%- set competencies = ['empathy', 'judgment', 'adaptability'] %}

with

evaluations as (
    select * from {{ ref('stg_qa_evaluations') }}
),

answers as (
    select * from {{ ref('int_qa_answers') }}
),

links as (
    select * from {{ ref('int_contact_links') }}
),

contacts as (
    select * from {{ ref('fct_contacts') }}
),

agents as (
    select * from {{ ref('dim_agent') }}
),

offsets as (
    select * from {{ ref('int_timezone_offsets') }}
),

scores as (
    select
        evaluation_id,
        count(case when is_applicable then 1 end) as applicable_item_count,
        count(case when is_missing then 1 end) as missing_item_count,
        count(case when not is_on_form then 1 end) as unknown_item_count,
        count(case when is_applicable and not is_passed and not is_predicted_satisfaction then 1 end) as failed_item_count,
        cast(sum(
            case
                when is_applicable and critical_class is null and not is_predicted_satisfaction
                    then cast(weight * points_share as decimal(18, 6))
            end
        ) as decimal(18, 6)) as weighted_points,
        cast(sum(
            case when is_applicable and critical_class is null and not is_predicted_satisfaction then weight end
        ) as decimal(18, 6)) as applicable_weight,
        {%- for class in classes %}
        count(case when is_applicable and critical_class = '{{ class }}' then 1 end) as {{ class }}_critical_item_count,
        count(case when is_applicable and critical_class = '{{ class }}' and not is_passed then 1 end) as {{ class }}_critical_error_count,
        {%- endfor %}
        {%- for competency in competencies %}
        cast(sum(
            case when is_applicable and competency = '{{ competency }}' then cast(weight * points_share as decimal(18, 6)) end
        ) as decimal(18, 6)) as {{ competency }}_points,
        cast(sum(case when is_applicable and competency = '{{ competency }}' then weight end) as decimal(18, 6)) as {{ competency }}_weight,
        {%- endfor %}
        max(
            case when is_predicted_satisfaction and is_passed is not null then case when is_passed then 1 else 0 end end
        ) as predicted_satisfied
    from answers
    group by evaluation_id
),

traced as (
    select
        evaluations.evaluation_id,
        contacts.contact_id,
        contacts.business_date as contact_date,
        contacts.channel,
        contacts.queue_id,
        contacts.program_id,
        contacts.vendor_id,
        contacts.reason_code,
        contacts.agent_segment_count,
        contacts.last_agent_id,
        coalesce(evaluations.agent_id, contacts.last_agent_id) as agent_id,
        evaluations.evaluator_id,
        evaluations.form_id,
        evaluations.form_version,
        coalesce(evaluations.sampling, 'random') as sampling,
        evaluations.sampling is null as is_sampling_assumed,
        evaluations.submitted_at,
        evaluations.minutes_spent,
        evaluations.submitted_at is not null and coalesce(evaluations.status, 'submitted') = 'submitted' as is_submitted
    from evaluations
    left join links
        on evaluations.contact_id = links.contact_record_id
    left join contacts
        on coalesce(links.contact_id, evaluations.contact_id) = contacts.contact_id
),

dated as (
    select
        traced.*,
        cast({{ seconds_after('traced.submitted_at', 'offsets.utc_offset_seconds') }} as date) as submitted_date
    from traced
    left join offsets
        on
            offsets.timezone = '{{ var("reporting_timezone") }}'
            and traced.submitted_at >= offsets.valid_from
            and traced.submitted_at < offsets.valid_to
),

scored as (
    select
        dated.*,
        agents.team,
        coalesce(scores.applicable_item_count, 0) as applicable_item_count,
        coalesce(scores.missing_item_count, 0) as missing_item_count,
        coalesce(scores.unknown_item_count, 0) as unknown_item_count,
        coalesce(scores.failed_item_count, 0) as failed_item_count,
        {{ share_of(
            'cast(1 as decimal(18, 6))',
            'cast(scores.weighted_points * 1000000 as ' ~ dbt.type_bigint() ~ ')',
            'cast(scores.applicable_weight * 1000000 as ' ~ dbt.type_bigint() ~ ')'
        ) }} as score_excl_critical,
        {%- for class in classes %}
        case
            when scores.{{ class }}_critical_item_count > 0 then scores.{{ class }}_critical_error_count = 0
        end as is_{{ class }}_critical_pass,
        {%- endfor %}
        case
            when scores.customer_critical_item_count + scores.business_critical_item_count + scores.compliance_critical_item_count > 0
                then
                    scores.customer_critical_error_count + scores.business_critical_error_count + scores.compliance_critical_error_count = 0
        end as is_critical_pass,
        {%- for competency in competencies %}
        {{ share_of(
            'cast(1 as decimal(18, 6))',
            'cast(scores.' ~ competency ~ '_points * 1000000 as ' ~ dbt.type_bigint() ~ ')',
            'cast(scores.' ~ competency ~ '_weight * 1000000 as ' ~ dbt.type_bigint() ~ ')'
        ) }} as {{ competency }}_score,
        {%- endfor %}
        scores.predicted_satisfied = 1 as is_satisfaction_predicted
    from dated
    left join scores
        on dated.evaluation_id = scores.evaluation_id
    left join agents
        on
            dated.agent_id = agents.agent_id
            and dated.submitted_date >= agents.effective_from
            and dated.submitted_date < agents.effective_before
),

final as (
    select
        evaluation_id,
        contact_id,
        agent_id,
        team,
        evaluator_id,
        form_id,
        form_version,
        sampling,
        is_sampling_assumed,
        submitted_at,
        submitted_date,
        contact_date,
        channel,
        queue_id,
        program_id,
        vendor_id,
        reason_code,
        is_submitted,
        is_submitted and sampling = 'random' as is_counted,
        case
            when not is_submitted then 'not submitted'
            when sampling = 'targeted' then 'targeted'
            when sampling = 'calibration' then 'calibration'
        end as not_counted_reason,
        agent_segment_count > 1 as is_shared_contact,
        contact_id is not null and coalesce(agent_id, '') <> coalesce(last_agent_id, '') as is_other_than_last_agent,
        cast(minutes_spent as decimal(18, 4)) as minutes_spent,
        applicable_item_count,
        missing_item_count,
        unknown_item_count,
        failed_item_count,
        score_excl_critical,
        case when score_excl_critical is null then 'no item with a weight applied' end as score_null_reason,
        is_customer_critical_pass,
        is_business_critical_pass,
        is_compliance_critical_pass,
        is_critical_pass,
        cast(case when is_critical_pass = false then 0 else score_excl_critical end as decimal(18, 6)) as score_autofail_zero,
        empathy_score,
        judgment_score,
        adaptability_score,
        is_satisfaction_predicted
    from scored
)

select * from final
