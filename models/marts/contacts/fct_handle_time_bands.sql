-- One row per queue, reason, channel and quarter: the band in which the handle time of resolved and satisfied contacts lies (M02). It comes
-- from contacts whose result had become known in the days before the quarter, so that no contact is judged by its own time or by a later
-- one. A percentile is the smallest value that the given share of contacts does not exceed.
with

-- few contacts are both; reading them apart from the rest keeps engines from storing every result
good_results as (
    select *
    from {{ ref('fct_contact_results') }}
    where
        is_solved
        and is_satisfied
        and handle_seconds is not null
        and reason_code is not null
),

cells as (
    select
        queue_id,
        reason_code,
        channel,
        quarter_start_date,
        max(as_of) as as_of
    from {{ ref('fct_contact_results') }}
    where reason_code is not null
    group by queue_id, reason_code, channel, quarter_start_date
),

-- one day earlier than the quarter begins anywhere
quarters as (
    select
        quarter_start_date,
        max(as_of) as as_of,
        {{ seconds_after('cast(quarter_start_date as ' ~ dbt.type_timestamp() ~ ')', -86400) }} as known_until,
        {{ seconds_after(
            'cast(quarter_start_date as ' ~ dbt.type_timestamp() ~ ')', -86400 * (var('healthy_band_days') + 1)
        ) }} as known_after
    from cells
    group by quarter_start_date
),

good_contacts as (
    select
        quarters.quarter_start_date,
        good_results.contact_id,
        good_results.queue_id,
        good_results.reason_code,
        good_results.channel,
        good_results.handle_seconds
    from good_results
    inner join quarters
        on
            good_results.known_at > quarters.known_after
            and good_results.known_at <= quarters.known_until
),

ranked as (
    select
        *,
        row_number() over (
            partition by quarter_start_date, queue_id, reason_code, channel
            order by handle_seconds, contact_id
        ) as rank_in_queue,
        count(*) over (partition by quarter_start_date, queue_id, reason_code, channel) as count_in_queue,
        row_number() over (
            partition by quarter_start_date, reason_code, channel
            order by handle_seconds, contact_id
        ) as rank_in_channel,
        count(*) over (partition by quarter_start_date, reason_code, channel) as count_in_channel
    from good_contacts
),

queue_bands as (
    select
        quarter_start_date,
        queue_id,
        reason_code,
        channel,
        count(*) as contact_count,
        min(case when 100 * rank_in_queue >= {{ var('healthy_band_low_percent') }} * count_in_queue then handle_seconds end)
            as low_seconds,
        min(case when 100 * rank_in_queue >= {{ var('healthy_band_high_percent') }} * count_in_queue then handle_seconds end)
            as high_seconds
    from ranked
    where queue_id is not null
    group by quarter_start_date, queue_id, reason_code, channel
),

channel_bands as (
    select
        quarter_start_date,
        reason_code,
        channel,
        count(*) as contact_count,
        min(case when 100 * rank_in_channel >= {{ var('healthy_band_low_percent') }} * count_in_channel then handle_seconds end)
            as low_seconds,
        min(case when 100 * rank_in_channel >= {{ var('healthy_band_high_percent') }} * count_in_channel then handle_seconds end)
            as high_seconds
    from ranked
    group by quarter_start_date, reason_code, channel
),

levelled as (
    select
        cells.*,
        quarters.known_after,
        quarters.known_until,
        coalesce(queue_bands.contact_count, 0) as queue_contact_count,
        coalesce(channel_bands.contact_count, 0) as channel_contact_count,
        case
            when cells.as_of is null or cells.as_of < quarters.known_until then null
            when queue_bands.contact_count >= {{ var('minimum_n_band') }} then 'queue'
            when channel_bands.contact_count >= {{ var('minimum_n_band') }} then 'channel'
        end as band_level,
        queue_bands.low_seconds as queue_low_seconds,
        queue_bands.high_seconds as queue_high_seconds,
        channel_bands.low_seconds as channel_low_seconds,
        channel_bands.high_seconds as channel_high_seconds
    from cells
    inner join quarters
        on cells.quarter_start_date = quarters.quarter_start_date
    left join queue_bands
        on
            cells.quarter_start_date = queue_bands.quarter_start_date
            and cells.queue_id = queue_bands.queue_id
            and cells.reason_code = queue_bands.reason_code
            and cells.channel = queue_bands.channel
    left join channel_bands
        on
            cells.quarter_start_date = channel_bands.quarter_start_date
            and cells.reason_code = channel_bands.reason_code
            and cells.channel = channel_bands.channel
),

final as (
    select
        queue_id,
        reason_code,
        channel,
        quarter_start_date as effective_from,
        cast({{ dbt.dateadd('month', 3, 'quarter_start_date') }} as date) as effective_before,
        known_after,
        known_until,
        queue_contact_count,
        channel_contact_count,
        band_level,
        case band_level
            when 'queue' then queue_contact_count
            when 'channel' then channel_contact_count
        end as band_contact_count,
        case band_level
            when 'queue' then queue_low_seconds
            when 'channel' then channel_low_seconds
        end as low_seconds,
        case band_level
            when 'queue' then queue_high_seconds
            when 'channel' then channel_high_seconds
        end as high_seconds,
        case
            when band_level is not null then null
            when as_of is null or as_of < known_until then 'days before the quarter not complete'
            when channel_contact_count = 0 then 'no resolved and satisfied contact before the quarter'
            else 'too few resolved and satisfied contacts before the quarter'
        end as band_null_reason
    from levelled
)

select * from final
