-- One row per contact, engine and version of it: how the customer sounded (M20). Scales of engines differ, so a score is also given in
-- standard deviations of its own engine, version and channel, and nothing else is ever put together. A contact that was not scored has no
-- row: it is not neutral.
with

sentiment as (
    select * from {{ ref('stg_contact_sentiment') }}
),

links as (
    select * from {{ ref('int_contact_links') }}
),

contacts as (
    select * from {{ ref('fct_contacts') }}
),

records as (
    select
        sentiment.*,
        coalesce(links.contact_id, sentiment.contact_id) as stitched_id
    from sentiment
    left join links
        on sentiment.contact_id = links.contact_record_id
),

-- a contact of several records begins with the first that was scored and ends with the last
scored as (
    select
        stitched_id as contact_id,
        engine,
        engine_version,
        count(*) as scored_record_count,
        cast(sum(mean_score) as decimal(18, 6)) as score_sum,
        count(mean_score) as score_count,
        {{ earliest('first_quarter_score', ['scored_at', 'contact_id']) }} as first_quarter_score,
        {{ latest('last_quarter_score', ['scored_at', 'contact_id']) }} as last_quarter_score,
        {%- for flag in ['has_confusion', 'has_frustration', 'has_low_confidence'] %}
        case
            when count(case when {{ flag }} then 1 end) > 0 then true
            when count(*) = count({{ flag }}) then false
        end as {{ flag }},
        {%- endfor %}
        max(scored_at) as scored_at
    from records
    group by stitched_id, engine, engine_version
),

described as (
    select
        scored.contact_id,
        scored.engine,
        scored.engine_version,
        contacts.customer_id,
        contacts.contact_id is not null as is_contact_known,
        contacts.exclusion_reason,
        contacts.business_date,
        contacts.channel,
        contacts.queue_id,
        contacts.program_id,
        contacts.vendor_id,
        contacts.reason_code,
        contacts.product_line_id,
        contacts.last_agent_id,
        scored.scored_at,
        scored.scored_record_count,
        {{ share_of(
            'cast(1 as decimal(18, 6))',
            'cast(scored.score_sum * 1000000 as ' ~ dbt.type_bigint() ~ ')',
            'scored.score_count * 1000000'
        ) }} as mean_score,
        cast(scored.first_quarter_score as decimal(18, 6)) as first_quarter_score,
        cast(scored.last_quarter_score as decimal(18, 6)) as last_quarter_score,
        cast(scored.last_quarter_score - scored.first_quarter_score as decimal(18, 6)) as sentiment_shift,
        scored.has_confusion,
        scored.has_frustration,
        scored.has_low_confidence,
        -- no sign of one is no friction only where all of them were looked for
        case
            when scored.has_confusion or scored.has_frustration or scored.has_low_confidence then true
            when scored.has_confusion = false and scored.has_frustration = false and scored.has_low_confidence = false then false
        end as has_friction,
        row_number() over (
            partition by scored.contact_id
            order by scored.scored_at desc nulls last, scored.engine_version desc, scored.engine asc
        ) as preference
    from scored
    left join contacts
        on scored.contact_id = contacts.contact_id
),

series as (
    select
        engine,
        engine_version,
        channel,
        count(mean_score) as series_contact_count,
        cast(sum(mean_score) as {{ double_type() }}) as score_sum,
        cast(sum(cast(mean_score as decimal(12, 6)) * cast(mean_score as decimal(12, 6))) as {{ double_type() }}) as squared_score_sum
    from described
    group by engine, engine_version, channel
),

spread as (
    select
        engine,
        engine_version,
        channel,
        series_contact_count,
        score_sum / nullif(series_contact_count, 0) as series_mean,
        case
            when series_contact_count >= {{ var('minimum_n_publish') }}
                then sqrt(greatest(squared_score_sum - score_sum * score_sum / series_contact_count, 0) / (series_contact_count - 1))
        end as series_deviation
    from series
),

standardised as (
    select
        described.*,
        spread.series_contact_count,
        case
            when described.mean_score is null then 'not scored'
            when spread.series_deviation is null then 'too few contacts of the engine, version and channel'
            when spread.series_deviation < 0.000001 then 'all contacts of the engine, version and channel have one score'
        end as standardised_null_reason,
        spread.series_mean,
        spread.series_deviation
    from described
    left join spread
        on
            described.engine = spread.engine
            and described.engine_version = spread.engine_version
            and coalesce(described.channel, '') = coalesce(spread.channel, '')
),

final as (
    select
        {{ dbt.concat(['contact_id', "':'", 'engine', "':'", 'engine_version']) }} as contact_sentiment_id,
        contact_id,
        engine,
        engine_version,
        customer_id,
        is_contact_known,
        exclusion_reason,
        business_date,
        channel,
        queue_id,
        program_id,
        vendor_id,
        reason_code,
        product_line_id,
        last_agent_id,
        scored_at,
        scored_record_count,
        preference = 1 as is_preferred,
        mean_score,
        first_quarter_score,
        last_quarter_score,
        sentiment_shift,
        cast(round(cast(case
            when standardised_null_reason is null then (cast(mean_score as {{ double_type() }}) - series_mean) / series_deviation
        end as decimal(28, 10)), 6) as decimal(18, 6)) as standardised_score,
        cast(round(cast(case
            when standardised_null_reason is null then cast(sentiment_shift as {{ double_type() }}) / series_deviation
        end as decimal(28, 10)), 6) as decimal(18, 6)) as standardised_shift,
        standardised_null_reason,
        series_contact_count,
        has_confusion,
        has_frustration,
        has_low_confidence,
        has_friction
    from standardised
)

select * from final
