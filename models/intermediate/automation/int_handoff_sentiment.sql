-- One row per contact that a bot handed over and that has scores of its first and last quarter: the customer's shift, by one engine in
-- one version (M20). Scores of two engines or versions are never put together; of several, the last version in the order of names
-- stands.
with

sentiment as (
    select * from {{ ref('stg_contact_sentiment') }}
    where first_quarter_score is not null and last_quarter_score is not null
),

links as (
    select * from {{ ref('int_contact_links') }}
),

attempts as (
    select * from {{ ref('int_bot_attempts') }}
),

handed_off as (
    select handed_off_contact_id as contact_id
    from attempts
    where handed_off_contact_id is not null
    group by handed_off_contact_id
),

scored as (
    select
        coalesce(links.contact_id, sentiment.contact_id) as contact_id,
        sentiment.engine,
        sentiment.engine_version,
        cast(sentiment.last_quarter_score - sentiment.first_quarter_score as decimal(18, 6)) as sentiment_shift,
        row_number() over (
            partition by coalesce(links.contact_id, sentiment.contact_id)
            order by sentiment.engine asc, sentiment.engine_version desc, sentiment.contact_id asc
        ) as preference
    from sentiment
    left join links
        on sentiment.contact_id = links.contact_record_id
),

final as (
    select
        scored.contact_id,
        scored.engine,
        scored.engine_version,
        scored.sentiment_shift
    from scored
    inner join handed_off
        on scored.contact_id = handed_off.contact_id
    where scored.preference = 1
)

select * from final
