-- One row per request for an agent's opinion in an engagement survey, answered or not (M15).
with

feedback as (
    select * from {{ ref('stg_agent_feedback') }}
),

agents as (
    select * from {{ ref('dim_agent') }}
),

offsets as (
    select * from {{ ref('int_timezone_offsets') }}
),

dated as (
    select
        feedback.*,
        cast({{ seconds_after('feedback.asked_at', 'offsets.utc_offset_seconds') }} as date) as asked_date
    from feedback
    left join offsets
        on
            offsets.timezone = '{{ var("reporting_timezone") }}'
            and feedback.asked_at >= offsets.valid_from
            and feedback.asked_at < offsets.valid_to
),

final as (
    select
        dated.feedback_id,
        dated.agent_id,
        dated.asked_at,
        dated.asked_date,
        agents.team,
        agents.site,
        agents.vendor_id,
        dated.engagement_score is not null as is_answered,
        cast(dated.engagement_score as decimal(18, 6)) as engagement_score,
        dated.theme
    from dated
    left join agents
        on
            dated.agent_id = agents.agent_id
            and dated.asked_date >= agents.effective_from
            and dated.asked_date < agents.effective_before
)

select * from final
