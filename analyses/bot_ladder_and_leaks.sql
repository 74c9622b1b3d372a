-- Where do attempts with the bot leak? Per technology and leak: attempts, share of all, share of the eligible ones, and the channel
-- that they leaked to; mature attempts only, so that nothing is pending (M08). Shares add up to 1.
with

attempts as (
    select * from {{ ref('fct_bot_attempts') }}
    where is_mature
),

leaks as (
    select
        coalesce(technology_id, '(unknown)') as technology_id,
        leak,
        coalesce(leak_channel, '(none)') as leak_channel,
        count(*) as attempt_count,
        count(case when is_eligible then 1 end) as eligible_count,
        count(case when is_vendor_resolved then 1 end) as vendor_resolved_count
    from attempts
    group by coalesce(technology_id, '(unknown)'), leak, coalesce(leak_channel, '(none)')
),

final as (
    select
        technology_id,
        leak,
        leak_channel,
        attempt_count,
        attempt_count * 1.0 / sum(attempt_count) over (partition by technology_id) as share_of_attempts,
        eligible_count * 1.0 / nullif(sum(eligible_count) over (partition by technology_id), 0) as share_of_eligible,
        vendor_resolved_count
    from leaks
)

select * from final
order by technology_id asc, attempt_count desc, leak asc, leak_channel asc
