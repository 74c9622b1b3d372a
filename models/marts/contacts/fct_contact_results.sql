-- One row per handled inbound contact of an identified customer (fct_contact_repeats): how long it took, whether it solved the matter,
-- whether the customer was satisfied, and from when on both are known. Nothing later than known_at changes them (M02). What is known is
-- seen when it is read, by as_of.
{{ config(materialized=judged_when_read()) }}
{%- set window_end = repeat_window_end('results.ended_at', 'results.window_hours', 'results.business_timezone') %}

with

results as (
    select * from {{ ref('int_contact_results') }}
),

-- complete is what every feed that answers or repeats come from has delivered; surveys without a watermark hold nothing back
as_of as (
    select
        case
            when
                min(case when domain = 'experience' then as_of end) < min(case when domain = 'resolution' then as_of end)
                then min(case when domain = 'experience' then as_of end)
            else min(case when domain = 'resolution' then as_of end)
        end as as_of,
        {{ seconds_after("min(case when domain = 'resolution' then as_of end)", -3600 * var('ingestion_lag_hours')) }}
            as repeats_known_until
    from {{ ref('int_as_of') }}
    where domain in ('resolution', 'experience')
),

dated as (
    select
        results.*,
        as_of.as_of,
        results.is_reason_known and results.ended_at is not null as is_judged,
        coalesce(
            {{ window_end }} <= as_of.repeats_known_until, false
        ) as is_mature,
        {{ repeat_window_end('results.ended_at', 24, 'results.business_timezone') }} <= as_of.repeats_known_until as is_mature_24h,
        {{ seconds_after(window_end, 3600 * var('ingestion_lag_hours')) }} as matures_at,
        {{ seconds_after('results.ended_at', 86400 * var('survey_close_days') + 3600 * var('ingestion_lag_hours')) }} as answers_close_at
    from results
    left join as_of
        on true
),

final as (
    select
        contact_id,
        customer_id,
        business_date,
        cast({{ dbt.date_trunc('quarter', 'business_date') }} as date) as quarter_start_date,
        channel,
        queue_id,
        program_id,
        vendor_id,
        reason_code,
        product_line_id,
        last_agent_id,
        handle_seconds,
        transfer_count,
        escalation_count,
        -- the first contact about a matter by its outcome, a later one by whether yet another followed; of who left nobody knows
        case
            when not (is_judged and is_mature) or outcome_when_over = 'exited' then null
            when is_index_contact then outcome_when_over = 'resolved'
            when is_repeated_when_over or escalation_count > 0 then false
            when not has_left_when_over then true
        end as is_solved,
        ended_at,
        is_mature,
        case when is_judged and is_mature then is_repeated_when_over end as is_repeated,
        case when is_judged and is_mature_24h then is_repeated_24h_when_over end as is_repeated_24h,
        case when is_mature and is_eligible and outcome_when_over <> 'exited' then outcome_when_over = 'resolved' end
            as is_first_contact_resolved,
        is_satisfied,
        is_dissatisfied,
        case when matures_at > answers_close_at then matures_at else answers_close_at end as known_at,
        coalesce(case when matures_at > answers_close_at then matures_at else answers_close_at end <= as_of, false) as is_known,
        as_of
    from dated
)

select * from final
