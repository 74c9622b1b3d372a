-- One row per queue, channel and month: from how much talk on a contact is lengthy (M48). It is the talk that so many percent of the
-- contacts of the months before did not exceed, and no less than the fixed minutes, so that no contact is judged by its own month or a
-- later one.
{{ config(materialized='table') }}

with

conversations as (
    select
        *,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as month_start_date
    from {{ ref('fct_contacts') }}
    where
        {{ is_conversation() }}
),

counted as (
    select
        queue_id,
        channel,
        month_start_date,
        talk_seconds,
        count(*) as contact_count
    from conversations
    where queue_id is not null
    group by queue_id, channel, month_start_date, talk_seconds
),

cells as (
    select
        queue_id,
        channel,
        month_start_date,
        cast({{ dbt.dateadd('month', -1 * var('lengthy_history_months'), 'month_start_date') }} as date) as history_start_date
    from counted
    group by queue_id, channel, month_start_date
),

before as (
    select
        cells.queue_id,
        cells.channel,
        cells.month_start_date,
        counted.talk_seconds,
        sum(counted.contact_count) as contact_count
    from cells
    inner join counted
        on
            cells.queue_id = counted.queue_id
            and cells.channel = counted.channel
            and cells.history_start_date <= counted.month_start_date
            and cells.month_start_date > counted.month_start_date
    group by cells.queue_id, cells.channel, cells.month_start_date, counted.talk_seconds
),

ranked as (
    select
        *,
        sum(contact_count) over (
            partition by queue_id, channel, month_start_date
            order by talk_seconds
            rows between unbounded preceding and current row
        ) as contact_rank,
        sum(contact_count) over (partition by queue_id, channel, month_start_date) as history_contact_count
    from before
),

percentiles as (
    select
        queue_id,
        channel,
        month_start_date,
        max(history_contact_count) as history_contact_count,
        min(case when 100 * contact_rank >= 50 * history_contact_count then talk_seconds end) as median_seconds,
        min(case when 100 * contact_rank >= {{ var('lengthy_percentile') }} * history_contact_count then talk_seconds end)
            as percentile_seconds
    from ranked
    group by queue_id, channel, month_start_date
    having max(history_contact_count) >= {{ var('minimum_n_rank') }}
),

final as (
    select
        cells.queue_id,
        cells.channel,
        cells.month_start_date,
        cast(coalesce(percentiles.history_contact_count, 0) as bigint) as history_contact_count,
        percentiles.median_seconds,
        percentiles.percentile_seconds,
        {%- if var('lengthy_rule') == 'percentile' %}
        case
            when percentiles.percentile_seconds > {{ 60 * var('lengthy_minutes') }} then percentiles.percentile_seconds
            else {{ 60 * var('lengthy_minutes') }}
        end as threshold_seconds,
        case
            when percentiles.percentile_seconds is null then 'minutes: too few contacts before'
            when percentiles.percentile_seconds > {{ 60 * var('lengthy_minutes') }} then 'percentile'
            else 'minutes'
        end as threshold_rule
        {%- else %}
        {{ 60 * var('lengthy_minutes') }} as threshold_seconds,
        'minutes' as threshold_rule
        {%- endif %}
    from cells
    left join percentiles
        on
            cells.queue_id = percentiles.queue_id
            and cells.channel = percentiles.channel
            and cells.month_start_date = percentiles.month_start_date
)

select * from final
