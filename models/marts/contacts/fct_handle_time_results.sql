-- One row per handled inbound contact of an identified customer: its handle time against the healthy band of its queue, reason and channel,
-- and whether it was healthy, or failed because it was rushed (M02). A short contact is not rushed unless it failed.
{{ config(materialized=judged_when_read()) }}

with

results as (
    select * from {{ ref('fct_contact_results') }}
),

bands as (
    select * from {{ ref('fct_handle_time_bands') }}
),

banded as (
    select
        results.*,
        bands.band_level,
        bands.low_seconds,
        bands.high_seconds,
        bands.band_null_reason,
        case
            when results.handle_seconds < bands.low_seconds then 'below'
            when results.handle_seconds > bands.high_seconds then 'above'
            when results.handle_seconds between bands.low_seconds and bands.high_seconds then 'in'
        end as band_result
    from results
    left join bands
        on
            coalesce(results.queue_id, '') = coalesce(bands.queue_id, '')
            and results.reason_code = bands.reason_code
            and results.channel = bands.channel
            and results.quarter_start_date = bands.effective_from
),

explained as (
    select
        *,
        case
            when reason_code is null then 'reason unknown'
            when handle_seconds is null then 'handle time unknown'
            when band_result is null then band_null_reason
            when not is_known then 'window or closing of the survey not over yet'
            when is_solved is null then 'customer left within the window'
        end as result_null_reason
    from banded
),

final as (
    select
        contact_id,
        customer_id,
        business_date,
        channel,
        queue_id,
        program_id,
        vendor_id,
        reason_code,
        product_line_id,
        last_agent_id,
        handle_seconds,
        band_level,
        low_seconds,
        high_seconds,
        band_result,
        is_known,
        is_solved,
        is_repeated_24h,
        is_satisfied,
        is_dissatisfied,
        case
            when result_null_reason is null
                then coalesce(is_repeated_24h, false) or not is_solved or coalesce(is_dissatisfied, false)
        end as is_failed,
        case
            when result_null_reason is null
                then
                    band_result = 'below'
                    and (coalesce(is_repeated_24h, false) or not is_solved or coalesce(is_dissatisfied, false))
        end as is_rushed_failure,
        case when result_null_reason is null then band_result = 'in' and is_solved and coalesce(is_satisfied, true) end as is_healthy,
        case when result_null_reason is null then band_result = 'in' and is_solved end as is_healthy_without_survey,
        result_null_reason
    from explained
)

select * from final
