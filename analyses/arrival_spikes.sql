-- How spiky is each queue's day? The busiest half hour over the average half hour, by month and weekday, so that a change is
-- compared on the same weekday mix (M07).
with

intervals as (
    select * from {{ ref('fct_queue_intervals') }}
),

dates as (
    select * from {{ ref('dim_date') }}
),

days as (
    select
        queue_id,
        business_date,
        max(offered_count) as busiest_half_hour_count,
        sum(offered_count) as offered_count,
        count(case when offered_count > 0 then 1 end) as half_hour_count
    from intervals
    group by queue_id, business_date
),

final as (
    select
        days.queue_id,
        dates.month_start_date,
        dates.iso_weekday,
        count(*) as day_count,
        sum(days.offered_count) as offered_count,
        sum(days.busiest_half_hour_count) * 1.0
        / nullif(sum(days.offered_count * 1.0 / nullif(days.half_hour_count, 0)), 0) as spike_ratio
    from days
    inner join dates
        on days.business_date = dates.date_day
    group by days.queue_id, dates.month_start_date, dates.iso_weekday
)

select * from final
order by queue_id, month_start_date, iso_weekday
