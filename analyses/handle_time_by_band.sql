-- How are handle times spread in each channel, and what revenue stands behind each band (M02)? Per month, channel and band: share of
-- contacts, of handle time and of the recurring revenue of the customers behind them, beside the percentiles of the channel. Mature
-- months only. A band whose share of revenue is far above its share of contacts is one that an average would hide.
with

distribution as (
    select *
    from {{ ref('fct_handle_time_distribution') }}
    where
        level = 'channel'
        and is_mature
),

final as (
    select
        month_start_date,
        channel,
        duration_band,
        from_seconds,
        contact_count,
        contact_count * 1.0 / cell_contact_count as share_of_contacts,
        handle_seconds * 1.0 / nullif(sum(handle_seconds) over of_channel, 0) as share_of_handle_time,
        recurring_amount * 1.0 / nullif(sum(recurring_amount) over of_channel, 0) as share_of_revenue,
        valued_contact_count * 1.0 / nullif(contact_count, 0) as share_of_contacts_with_known_revenue,
        p10_seconds,
        p50_seconds,
        p90_seconds
    from distribution
    window of_channel as (partition by month_start_date, channel)
)

select * from final
order by month_start_date, channel, from_seconds
