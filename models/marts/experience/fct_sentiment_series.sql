-- One row per month, channel, engine and version of it: the scores on the engine's own scale, so that a change of engine is seen as a
-- break and never as a change of mood (M20).
with

sentiment as (
    select * from {{ ref('fct_contact_sentiment') }}
    where
        exclusion_reason is null
        and business_date is not null
),

monthly as (
    select
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as month_start_date,
        channel,
        engine,
        engine_version,
        count(mean_score) as scored_contact_count,
        cast(sum(mean_score) as decimal(18, 6)) as score_sum,
        count(sentiment_shift) as shifted_contact_count,
        cast(sum(sentiment_shift) as decimal(18, 6)) as shift_sum,
        count(has_friction) as judged_contact_count,
        count(case when has_friction then 1 end) as friction_contact_count
    from sentiment
    group by cast({{ dbt.date_trunc('month', 'business_date') }} as date), channel, engine, engine_version
),

first_months as (
    select
        engine,
        engine_version,
        channel,
        min(month_start_date) as first_month
    from monthly
    group by engine, engine_version, channel
),

channel_begins as (
    select
        channel,
        min(month_start_date) as first_month
    from monthly
    group by channel
),

final as (
    select
        monthly.month_start_date,
        monthly.channel,
        monthly.engine,
        monthly.engine_version,
        monthly.scored_contact_count,
        {{ statistic('cast(monthly.score_sum as ' ~ double_type() ~ ') / nullif(monthly.scored_contact_count, 0)') }} as mean_score,
        {{ statistic('cast(monthly.shift_sum as ' ~ double_type() ~ ') / nullif(monthly.shifted_contact_count, 0)') }} as mean_shift,
        monthly.judged_contact_count,
        monthly.friction_contact_count,
        monthly.month_start_date = first_months.first_month and monthly.month_start_date > channel_begins.first_month as is_break
    from monthly
    inner join first_months
        on
            monthly.engine = first_months.engine
            and monthly.engine_version = first_months.engine_version
            and coalesce(monthly.channel, '') = coalesce(first_months.channel, '')
    inner join channel_begins
        on coalesce(monthly.channel, '') = coalesce(channel_begins.channel, '')
)

select * from final
