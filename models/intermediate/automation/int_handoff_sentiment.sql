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

handed_off_records as (
    select
        handed_off.contact_id,
        coalesce(links.contact_record_id, handed_off.contact_id) as contact_record_id
    from handed_off
    left join links
        on handed_off.contact_id = links.contact_id
),

scored as (
    select
        handed_off_records.contact_id,
        sentiment.engine,
        sentiment.engine_version,
        cast(sentiment.last_quarter_score - sentiment.first_quarter_score as decimal(18, 6)) as sentiment_shift,
        row_number() over (
            partition by handed_off_records.contact_id
            order by sentiment.engine asc, sentiment.engine_version desc, sentiment.contact_id asc
        ) as preference
    from sentiment
    inner join handed_off_records
        on sentiment.contact_id = handed_off_records.contact_record_id
),

final as (
    select
        contact_id,
        engine,
        engine_version,
        sentiment_shift
    from scored
    where preference = 1
)

select * from final
