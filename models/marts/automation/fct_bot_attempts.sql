-- One row per attempt of a customer to get something done with a bot: how far it came on the ladder L0 to L7 (M08), and where it left it.
-- What happened is kept (int_bot_attempt_endings); which windows are over is seen when it is read, by as_of.
{{ config(materialized=judged_when_read()) }}
{%- set window_seconds = 3600 * var('deflection_window_hours') %}
{%- set lag_seconds = 3600 * var('ingestion_lag_hours') %}

with

attempts as (
    select * from {{ ref('int_bot_attempt_endings') }}
),

probabilities as (
    select * from {{ ref('assisted_contact_probabilities') }}
),

as_of as (
    select as_of
    from {{ ref('int_as_of') }}
    where domain = 'automation'
),

joined as (
    select
        attempts.*,
        coalesce(own_probabilities.probability, any_probabilities.probability) as assisted_probability,
        coalesce(own_probabilities.low_probability, any_probabilities.low_probability) as assisted_probability_low,
        coalesce(own_probabilities.high_probability, any_probabilities.high_probability) as assisted_probability_high,
        coalesce(own_probabilities.source, any_probabilities.source) as assisted_probability_source,
        attempts.exclusion_reason is null and attempts.is_in_scope and attempts.is_identified as is_eligible,
        case
            when attempts.is_handed_off or attempts.is_handoff_requested then false
            when attempts.is_handoff_requested is not null and attempts.ended_at is not null then true
        end as is_contained,
        -- a customer who leaves after the matter is proven settled has not given up (voice bots hang up, or are hung up on)
        case
            when attempts.evidence is not null then false
            when attempts.ended_at is not null then coalesce(attempts.vendor_outcome = 'abandoned', false)
        end as is_abandoned,
        attempts.evidence is not null as has_evidence,
        coalesce({{ seconds_after('attempts.ended_at', window_seconds + lag_seconds) }} <= as_of.as_of, false) as is_mature,
        coalesce({{ seconds_after('attempts.ended_at', 24 * 3600 + lag_seconds) }} <= as_of.as_of, false) as is_mature_24h,
        coalesce({{ seconds_after('attempts.ended_at', 72 * 3600 + lag_seconds) }} <= as_of.as_of, false) as is_mature_72h
    from attempts
    left join probabilities as own_probabilities
        on
            attempts.technology_id = own_probabilities.technology_id
            and attempts.intent_signal = own_probabilities.intent_signal
            and attempts.business_date between own_probabilities.effective_from and own_probabilities.effective_to
    left join probabilities as any_probabilities
        on
            any_probabilities.technology_id = 'any'
            and attempts.intent_signal = any_probabilities.intent_signal
            and attempts.business_date between any_probabilities.effective_from and any_probabilities.effective_to
    left join as_of
        on true
),

-- a return is known once it is seen, no return only when the window is closed and everything of it was delivered
returned as (
    select
        *,
        {%- for name, seconds, seen_at, is_mature in [
            ('is_returned', window_seconds, 'returned_at', 'is_mature'),
            ('is_returned_24h', 24 * 3600, 'returned_at', 'is_mature_24h'),
            ('is_returned_72h', 72 * 3600, 'returned_at', 'is_mature_72h'),
            ('is_returned_any_reason', window_seconds, 'any_returned_at', 'is_mature'),
        ] %}
        case
            when exclusion_reason is not null or not is_identified then null
            when {{ seen_at }} <= {{ seconds_after('ended_at', seconds) }} then true
            when {{ is_mature }} then false
        end as {{ name }},
        {%- endfor %}
        is_eligible and is_contained and not is_abandoned
        and {{ "(has_evidence or coalesce(evidence_class = 'vendor_assumed', false))" if var('assumed_counts') else 'has_evidence' }}
            as is_resolved
    from joined
),

judged as (
    select
        *,
        is_resolved and has_evidence and not is_returned as is_durably_resolved,
        is_resolved and has_evidence and not is_returned_24h as is_durably_resolved_24h,
        is_resolved and has_evidence and not is_returned_72h as is_durably_resolved_72h,
        is_resolved and has_evidence and not is_returned_any_reason as is_durably_resolved_any_reason,
        case
            when exclusion_reason is not null then 'excluded'
            when is_in_scope is null then 'scope_unknown'
            when not is_in_scope then 'out_of_scope'
            when not is_identified then 'unidentified'
            when is_handed_off then 'handed_off'
            when is_handoff_requested then 'handoff_refused'
            when ended_at is null then 'pending'
            when is_contained is null then 'handoff_unknown'
            when is_abandoned then 'abandoned'
            when not has_evidence then 'no_evidence'
            when is_returned then 'circled_back'
            when is_returned is null then 'pending'
            else 'none'
        end as leak
    from returned
),

final as (
    select
        attempt_id,
        customer_id,
        is_identified,
        technology_id,
        channel,
        reason_code,
        model_version,
        intent_signal,
        business_date,
        started_at,
        ended_at,
        session_count,
        turn_count,
        exclusion_reason,
        is_in_scope,
        is_eligible,
        is_handoff_requested,
        is_handed_off,
        is_contained,
        is_abandoned,
        vendor_outcome,
        vendor_resolved_session_count,
        is_vendor_resolved,
        evidence_class,
        has_evidence,
        is_resolved,
        return_contact_id,
        return_channel,
        returned_at,
        is_returned,
        is_returned_24h,
        is_returned_72h,
        any_return_contact_id,
        any_return_channel,
        any_returned_at,
        is_returned_any_reason,
        is_durably_resolved,
        is_durably_resolved_24h,
        is_durably_resolved_72h,
        is_durably_resolved_any_reason,
        cast(null as {{ dbt.type_boolean() }}) as is_retained,
        'retention of the customer is not measured yet' as retained_null_reason,
        assisted_probability,
        assisted_probability_source,
        {%- for suffix in ['', '_low', '_high'] %}
        cast(
            case
                when exclusion_reason is not null then null
                when is_durably_resolved then assisted_probability{{ suffix }}
                when not is_durably_resolved then 0
            end
            as decimal(9, 6)
        ) as avoided_contact_share{{ suffix }},
        {%- endfor %}
        case
            when exclusion_reason is not null then 'excluded'
            when is_durably_resolved is null then 'durable resolution not known'
            when is_durably_resolved and assisted_probability is null then 'no probability for the intent'
        end as avoided_contact_null_reason,
        case
            when exclusion_reason is not null then null
            when is_durably_resolved then 5
            when is_resolved then 4
            when is_eligible and is_contained and not is_abandoned then 3
            when is_eligible and is_contained then 2
            when is_eligible then 1
            else 0
        end as highest_rung,
        leak,
        case
            when leak = 'handed_off' then handed_off_contact_id
            when leak = 'circled_back' then return_contact_id
        end as leak_contact_id,
        case
            when leak = 'handed_off' then handed_off_channel
            when leak = 'circled_back' then return_channel
        end as leak_channel,
        handed_off_contact_id,
        handed_off_channel,
        is_handoff_answered,
        handoff_handle_seconds,
        handoff_sentiment_engine,
        handoff_sentiment_engine_version,
        handoff_sentiment_shift,
        {{ seconds_after('ended_at', window_seconds + lag_seconds) }} as matures_at,
        is_mature,
        is_mature_24h,
        is_mature_72h
    from judged
)

select * from final
