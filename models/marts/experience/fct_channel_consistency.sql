-- One row per reason, quarter and measure - satisfaction, effort, first contact resolution: how far the channels lie apart for the same
-- reason (M51). A channel with few answers or contacts is left out, and two are needed; reasons are not put together, so that their mix
-- cannot look like a difference.
with

answers as (
    select *
    from {{ ref('fct_survey_answers') }}
    where
        is_valid
        and not is_relationship
        and is_positive is not null
        and instrument in ('csat', 'ces')
        and business_date is not null
        and reason_code is not null
        and channel is not null
),

resolutions as (
    select *
    from {{ ref('fct_first_contact_resolution') }}
    where
        is_headline
        and is_mature
        and is_eligible
        and outcome <> 'exited'
        and reason_code is not null
),

by_channel as (
    select
        cast({{ dbt.date_trunc('quarter', 'business_date') }} as date) as quarter_start_date,
        reason_code,
        instrument as measure,
        channel,
        count(*) as case_count,
        count(case when is_positive then 1 end) as positive_count
    from answers
    group by cast({{ dbt.date_trunc('quarter', 'business_date') }} as date), reason_code, instrument, channel

    union all

    select
        cast({{ dbt.date_trunc('quarter', 'business_date') }} as date) as quarter_start_date,
        reason_code,
        'fcr' as measure,
        channel,
        count(*) as case_count,
        count(case when outcome = 'resolved' then 1 end) as positive_count
    from resolutions
    group by cast({{ dbt.date_trunc('quarter', 'business_date') }} as date), reason_code, channel
),

rated as (
    select
        *,
        case
            when case_count >= {{ var('minimum_n_channel') }}
                then {{ share_of('cast(1 as decimal(18, 6))', 'positive_count', 'case_count') }}
        end as positive_rate
    from by_channel
),

summed as (
    select
        quarter_start_date,
        reason_code,
        measure,
        count(*) as channel_count,
        count(positive_rate) as compared_channel_count,
        cast(sum(case_count) as bigint) as case_count,
        min(positive_rate) as lowest_rate,
        max(positive_rate) as highest_rate,
        cast(sum(positive_rate) as {{ double_type() }}) as rate_sum,
        cast(sum(cast(positive_rate as decimal(12, 6)) * cast(positive_rate as decimal(12, 6))) as {{ double_type() }}) as squared_rate_sum
    from rated
    group by quarter_start_date, reason_code, measure
),

final as (
    select
        quarter_start_date,
        reason_code,
        measure,
        channel_count,
        compared_channel_count,
        case_count,
        case when compared_channel_count < 2 then 'fewer than two channels with enough cases' end as consistency_null_reason,
        cast(case when compared_channel_count >= 2 then lowest_rate end as decimal(18, 6)) as lowest_rate,
        cast(case when compared_channel_count >= 2 then highest_rate end as decimal(18, 6)) as highest_rate,
        cast(case when compared_channel_count >= 2 then highest_rate - lowest_rate end as decimal(18, 6)) as rate_range,
        cast(case
            when compared_channel_count >= 2 and rate_sum > 0
                then {{ statistic(
                    'sqrt(greatest(squared_rate_sum - rate_sum * rate_sum / compared_channel_count, 0) / (compared_channel_count - 1))'
                    ~ ' / (rate_sum / compared_channel_count)'
                ) }}
        end as decimal(18, 6)) as coefficient_of_variation
    from summed
)

select * from final
