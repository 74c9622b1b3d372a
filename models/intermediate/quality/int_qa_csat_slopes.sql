-- One row per programme, or all, and series - quality score or satisfaction - with enough months: its robust slope per month (Theil-Sen:
-- the median of the slopes of all pairs of months) and the interval around it (Sen), which holds for any distribution of the months
-- (M23).
with

months as (
    select *
    from {{ ref('int_qa_csat_months') }}
    where month_start_date is not null
),

points as (
    select
        program_id,
        'qa_score' as series,
        cast(12 * extract(year from month_start_date) + extract(month from month_start_date) as {{ dbt.type_int() }}) as month_number,
        cast(qa_score as {{ double_type() }}) as value
    from months
    where evaluation_count >= {{ var('minimum_n_publish') }}

    union all

    select
        program_id,
        'csat_rate' as series,
        cast(12 * extract(year from month_start_date) + extract(month from month_start_date) as {{ dbt.type_int() }}) as month_number,
        cast(csat_rate as {{ double_type() }}) as value
    from months
    where answer_count >= {{ var('minimum_n_publish') }}
),

counted as (
    select
        program_id,
        series,
        count(*) as month_count
    from points
    group by program_id, series
),

-- every pair of months: a programme has few
slopes as (
    select
        earlier.program_id,
        earlier.series,
        (later.value - earlier.value) / (later.month_number - earlier.month_number) as slope,
        earlier.month_number as earlier_number,
        later.month_number as later_number
    from points as earlier
    inner join points as later
        on
            earlier.program_id = later.program_id
            and earlier.series = later.series
            and earlier.month_number < later.month_number
),

ranked as (
    select
        *,
        row_number() over (
            partition by program_id, series
            order by slope, earlier_number, later_number
        ) as slope_rank
    from slopes
),

bounds as (
    select
        program_id,
        series,
        month_count,
        month_count * (month_count - 1) / 2.0 as pair_count,
        {{ var('wilson_z') }}
        * sqrt(cast(month_count * (month_count - 1) * (2 * month_count + 5) as {{ double_type() }}) / 18) as half_width
    from counted
    where month_count >= {{ var('qa_trend_months') }}
),

ends as (
    select
        *,
        greatest(round(cast((pair_count - half_width) / 2 as decimal(28, 10))), 1) as low_rank,
        least(round(cast((pair_count + half_width) / 2 as decimal(28, 10))) + 1, pair_count) as high_rank
    from bounds
),

final as (
    select
        bounds.program_id,
        bounds.series,
        bounds.month_count,
        {{ statistic('avg(case when abs(2 * ranked.slope_rank - bounds.pair_count - 1) <= 1 then ranked.slope end)') }} as slope_per_month,
        {{ statistic('max(case when ranked.slope_rank <= bounds.low_rank then ranked.slope end)') }} as slope_low,
        {{ statistic('min(case when ranked.slope_rank >= bounds.high_rank then ranked.slope end)') }} as slope_high
    from ends as bounds
    inner join ranked
        on
            bounds.program_id = ranked.program_id
            and bounds.series = ranked.series
    group by bounds.program_id, bounds.series, bounds.month_count
)

select * from final
