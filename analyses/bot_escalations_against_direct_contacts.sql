-- What does a handoff cost the agent, and how does the customer leave it? Minutes of handle time per contact that the bot handed over,
-- above direct contacts of the same channel and reason in the months before (M08, M09), and the customer's shift of sentiment in it,
-- per engine and version (M20). Not causal: whom a bot cannot serve may have the harder question.
with

uplift as (
    select
        'handle time' as measured,
        channel,
        cast(null as {{ dbt.type_string() }}) as engine,
        cast(null as {{ dbt.type_string() }}) as engine_version,
        sum(case when uplift_null_reason is null then handed_off_contact_count end) as contact_count,
        sum(uplift_seconds) / (60.0 * sum(case when uplift_null_reason is null then handed_off_contact_count end)) as per_contact,
        sum(case when uplift_null_reason is not null then handed_off_contact_count end) as not_compared_count
    from {{ ref('fct_bot_handoff_uplift') }}
    group by channel
),

shifts as (
    select
        'sentiment shift' as measured,
        handed_off_channel as channel,
        handoff_sentiment_engine as engine,
        handoff_sentiment_engine_version as engine_version,
        count(handoff_sentiment_shift) as contact_count,
        avg(handoff_sentiment_shift) as per_contact,
        count(*) - count(handoff_sentiment_shift) as not_compared_count
    from {{ ref('fct_bot_attempts') }}
    where is_handed_off and exclusion_reason is null
    group by handed_off_channel, handoff_sentiment_engine, handoff_sentiment_engine_version
),

final as (
    select * from uplift
    union all
    select * from shifts
)

select * from final
order by measured, channel, engine, engine_version
