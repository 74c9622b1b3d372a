-- Why do contacts take longer than their healthy band (M02)? Per month and queue, contacts above, in and below the band: the share of
-- their handle time on hold, and the shares of them with a long hold, with a consulted colleague and with a hand-over. Hold and consults
-- that are far more frequent above the band point to answers that agents cannot give themselves.
with

results as (
    select *
    from {{ ref('fct_handle_time_results') }}
    where band_result is not null
),

contacts as (
    select * from {{ ref('fct_contacts') }}
),

judged as (
    select
        cast({{ dbt.date_trunc('month', 'results.business_date') }} as date) as month_start_date,
        results.queue_id,
        results.band_result,
        contacts.hold_seconds,
        contacts.handle_seconds,
        contacts.longest_hold_seconds,
        contacts.consult_seconds,
        contacts.transfer_count
    from results
    inner join contacts
        on results.contact_id = contacts.contact_id
),

final as (
    select
        month_start_date,
        queue_id,
        band_result,
        count(*) as contact_count,
        sum(hold_seconds) * 1.0 / nullif(sum(handle_seconds), 0) as share_of_hold,
        avg(case when longest_hold_seconds > {{ var('long_hold_seconds') }} then 1.0 else 0 end) as share_with_long_hold,
        avg(case when consult_seconds > 0 then 1.0 else 0 end) as share_with_consult,
        avg(case when transfer_count > 0 then 1.0 else 0 end) as share_handed_over
    from judged
    group by month_start_date, queue_id, band_result
)

select * from final
order by month_start_date, queue_id, band_result
