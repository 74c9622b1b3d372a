-- One row per question and month, or all time: promoters, passives and detractors, and how sure their balance is (M17). Passives stay in
-- the denominator; relationship and transactional questions are never put together.
with

answers as (
    select * from {{ ref('int_nps_answers') }}
),

grouped as (
    {%- for month in ['month_start_date', 'cast(null as date)'] %}
    select
        question_id,
        is_relationship,
        {{ month }} as month_start_date,
        nps_group
    from answers
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

counted as (
    select
        question_id,
        is_relationship,
        month_start_date,
        count(*) as answer_count,
        count(case when nps_group = 'promoter' then 1 end) as promoter_count,
        count(case when nps_group = 'passive' then 1 end) as passive_count,
        count(case when nps_group = 'detractor' then 1 end) as detractor_count
    from grouped
    group by question_id, is_relationship, month_start_date
),

-- the variance of a balance of shares: each promoter is 1 and each detractor -1
measured as (
    select
        *,
        case when answer_count < {{ var('minimum_n_publish') }} then 'too few answers' end as nps_null_reason,
        cast(promoter_count - detractor_count as {{ double_type() }}) / answer_count as balance,
        sqrt(
            (
                cast(promoter_count + detractor_count as {{ double_type() }}) / answer_count
                - cast(promoter_count - detractor_count as {{ double_type() }}) / answer_count
                * cast(promoter_count - detractor_count as {{ double_type() }}) / answer_count
            ) / answer_count
        ) as standard_error
    from counted
),

final as (
    select
        question_id,
        is_relationship,
        month_start_date,
        answer_count,
        promoter_count,
        passive_count,
        detractor_count,
        nps_null_reason,
        cast(case when nps_null_reason is null then {{ statistic('100 * balance') }} end as decimal(18, 6)) as net_promoter_score,
        cast(case when nps_null_reason is null then {{ statistic('100 * standard_error') }} end as decimal(18, 6)) as standard_error,
        cast(case
            when nps_null_reason is null then {{ statistic('100 * (balance - ' ~ var('wilson_z') ~ ' * standard_error)') }}
        end as decimal(18, 6)) as interval_low,
        cast(case
            when nps_null_reason is null then {{ statistic('100 * (balance + ' ~ var('wilson_z') ~ ' * standard_error)') }}
        end as decimal(18, 6)) as interval_high
    from measured
)

select * from final
