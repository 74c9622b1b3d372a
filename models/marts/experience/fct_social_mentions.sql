-- One row per public mention, and whether it counts (M52): of an author's mentions in a week, on one network and found by one version of
-- the query, the last one; an unknown author is one of their own. Reposts and bots are nobody's opinion. What was found is what the query
-- looks for: it says nothing of those who do not post.
with

mentions as (
    select * from {{ ref('stg_social_mentions') }}
),

offsets as (
    select * from {{ ref('int_timezone_offsets') }}
),

dated as (
    select
        mentions.*,
        cast({{ seconds_after('mentions.posted_at', 'offsets.utc_offset_seconds') }} as date) as posted_date
    from mentions
    left join offsets
        on
            offsets.timezone = '{{ var("reporting_timezone") }}'
            and mentions.posted_at >= offsets.valid_from
            and mentions.posted_at < offsets.valid_to
),

checked as (
    select
        *,
        cast({{ dbt.date_trunc('week', 'posted_date') }} as date) as week_start_date,
        case
            when posted_at is null then 'time unknown'
            when posted_date is null then 'outside the days of the calendar'
            when stance is null then 'stance unknown'
            when is_bot then 'bot'
            when is_repost then 'repost'
        end as problem
    from dated
),

ranked as (
    select
        *,
        row_number() over (
            partition by network, author_id, case when author_id is null then mention_id end, query_version, week_start_date, problem
            order by posted_at desc, mention_id desc
        ) as mention_rank
    from checked
),

final as (
    select
        mention_id,
        network,
        author_id,
        query_version,
        posted_at,
        posted_date,
        week_start_date,
        stance,
        is_repost,
        is_bot,
        problem is null and mention_rank = 1 as is_counted,
        case
            when problem is not null then problem
            when mention_rank > 1 then 'a later mention of the author in the week'
        end as not_counted_reason
    from ranked
)

select * from final
