-- One row per span of time in which an agent was bound to a contact, in a month of the books that this build makes anew: ringing, talk,
-- hold, messages, consulting, wrap-up. Time that an earlier span of the same agent on the same contact covers is not counted twice, also
-- where an agent consults during a hold; a hold that a platform reports inside talk is a span of its own that takes its time from the talk.
-- depends_on: {{ ref('stg_queues') }}
with

work_spans as (
    select *
    from {{ ref('int_agent_work_spans') }}
    where
        agent_id is not null
        and held_seconds + worked_seconds > 0
        and {{ may_be_in_touched_month('started_at') }}
),

segments as (
    select *
    from {{ ref('stg_contact_segments') }}
    where
        kind in ('ring', 'consult')
        and agent_id is not null
        and ended_at > started_at
        and {{ may_be_in_touched_month('started_at') }}
),

links as (
    select * from {{ ref('int_contact_links') }}
),

{% if var('concurrency_split') == 'capacity' -%}
queues as (
    select * from {{ ref('stg_queues') }}
),

{% endif -%}
months as (
    select * from {{ ref('int_cost_months') }}
    where {{ is_touched('period_month') }}
),

spans as (
    select
        contact_id,
        agent_id,
        leg_queue_id as queue_id,
        kind as activity,
        false as is_inside_talk,
        worked_seconds as span_seconds,
        started_at as began_at,
        {{ seconds_after(dbt.date_trunc('second', 'ended_at'), '-worked_seconds') }} as started_at,
        {{ dbt.date_trunc('second', 'ended_at') }} as ended_at
    from work_spans
    where worked_seconds > 0

    union all

    select
        contact_id,
        agent_id,
        leg_queue_id as queue_id,
        kind as activity,
        true as is_inside_talk,
        held_seconds - connected_seconds as span_seconds,
        started_at as began_at,
        {{ seconds_after(dbt.date_trunc('second', 'ended_at'), '-held_seconds') }} as started_at,
        {{ seconds_after(dbt.date_trunc('second', 'ended_at'), '-connected_seconds') }} as ended_at
    from work_spans
    where held_seconds > connected_seconds

    union all

    select
        coalesce(links.contact_id, segments.contact_id) as contact_id,
        segments.agent_id,
        segments.queue_id,
        segments.kind as activity,
        false as is_inside_talk,
        {{ seconds_between('segments.started_at', 'segments.ended_at') }} as span_seconds,
        segments.started_at as began_at,
        {{ dbt.date_trunc('second', 'segments.started_at') }} as started_at,
        {{ dbt.date_trunc('second', 'segments.ended_at') }} as ended_at
    from segments
    left join links
        on segments.contact_id = links.contact_record_id
),

in_months as (
    select
        months.period_month,
        spans.*,
        max(case when not spans.is_inside_talk then spans.ended_at end) over (
            partition by months.period_month, spans.agent_id, spans.contact_id
            order by spans.started_at, spans.ended_at, spans.activity, spans.queue_id
            rows between unbounded preceding and 1 preceding
        ) as covered_until
    from spans
    inner join months
        on
            cast({{ dbt.date_trunc('month', 'spans.began_at') }} as date) = months.utc_month
            and spans.began_at >= months.begins_at
            and spans.began_at < months.ends_at
),

final as (
    select
        spans.period_month,
        spans.agent_id,
        spans.contact_id,
        spans.queue_id,
        spans.activity,
        spans.is_inside_talk,
        spans.span_seconds,
        case
            when spans.is_inside_talk or spans.covered_until is null or spans.covered_until <= spans.started_at then spans.started_at
            else least(spans.covered_until, spans.ended_at)
        end as started_at,
        spans.ended_at,
        {{ concurrency_weight('queues.concurrency_capacity') }} as weight
    from in_months as spans
    {%- if var('concurrency_split') == 'capacity' %}
    left join queues
        on spans.queue_id = queues.queue_id
    {%- endif %}
)

select * from final
