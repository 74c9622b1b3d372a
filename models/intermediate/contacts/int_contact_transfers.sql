-- One row per hand-over of a contact by an agent (M14): each transfer that the platform delivered on an agent's segment, and each agent who
-- came later although none was delivered. Whoever talks next took it over; queues and IVR passed between the two are where it went. Only
-- contacts that changed hands are sorted.
{{ config(materialized=kept(), incremental_strategy='touched', unique_key='contact_id') }}

with

transferred_contacts as (
    select contact_id
    from {{ ref('int_contact_handling') }}
    where transfer_count > 0
),

segments as (
    select * from {{ ref('int_built_segments') }}
),

links as (
    select * from {{ ref('int_contact_links') }}
),

records as (
    select * from {{ ref('stg_contacts') }}
    where {{ is_touched('contact_id', 'int_touched_contact_records') }}
),

queues as (
    select * from {{ ref('stg_queues') }}
),

spans as (
    select
        transferred_contacts.contact_id,
        segments.contact_id as contact_record_id,
        coalesce(links.is_callback_attempt, false) as is_callback_attempt,
        segments.kind,
        segments.agent_id,
        -- the contract reads an absent queue of a segment as its record's, and an absent tier as its queue's
        coalesce(segments.queue_id, records.queue_id) as queue_id,
        coalesce(segments.tier, queues.tier) as tier,
        segments.started_at,
        case when segments.ended_at >= segments.started_at then segments.ended_at end as ended_at,
        case when segments.kind not in ('queue', 'ivr', 'bot') then segments.transfer_kind end as transfer_kind,
        case
            when segments.kind in ('talk', 'message')
                then {{ dbt.concat(['segments.contact_id', "':'", "coalesce(segments.agent_id, '')"]) }}
        end as talking_leg,
        row_number() over (
            partition by transferred_contacts.contact_id
            order by segments.started_at, segments.contact_id, segments.segment_number
        ) as position
    from transferred_contacts
    left join links
        on transferred_contacts.contact_id = links.contact_id
    inner join segments
        on coalesce(links.contact_record_id, transferred_contacts.contact_id) = segments.contact_id
    left join records
        on segments.contact_id = records.contact_id
    left join queues
        on coalesce(segments.queue_id, records.queue_id) = queues.queue_id
    where
        segments.kind in ('talk', 'hold', 'wrap', 'queue', 'ivr', 'bot')
        or (segments.kind = 'message' and segments.agent_id is not null)
),

turns as (
    select
        *,
        {{ last_known('talking_leg', 'before_it') }} as previous_talking_leg,
        max(case when talking_leg is not null then position end) over before_it as previous_talk_position,
        max(case when kind in ('queue', 'ivr', 'bot') then position end) over before_it as previous_wait_position
    from spans
    window before_it as (
        partition by contact_id
        order by position
        rows between unbounded preceding and 1 preceding
    )
),

-- where a contact that is handed over goes: the next agent who talks (who may get it back from the queue), and what it passes until then
neighbours as (
    select
        *,
        min(
            case
                when talking_leg <> previous_talking_leg or talking_leg is not null and previous_wait_position > previous_talk_position
                    then position
            end
        ) over after_it as next_talk_position,
        min(case when kind = 'queue' then position end) over after_it as next_queue_position,
        min(case when kind in ('ivr', 'bot') then position end) over after_it as next_menu_position,
        min(case when kind = 'ivr' then position end) over whole_contact as first_menu_position,
        min(case when talking_leg is not null then position end) over whole_contact as first_talk_position,
        -- a transfer noted on hold or wrap-up happened where its agent last talked
        coalesce(
            max(case when talking_leg is not null then position end) over until_here_of_leg, position
        ) as leg_talk_position,
        talking_leg is not null
        and row_number() over (partition by contact_id, talking_leg order by position) = 1 as is_first_talk_of_leg
    from turns
    window
        after_it as (
            partition by contact_id
            order by position
            rows between 1 following and unbounded following
        ),
        whole_contact as (
            partition by contact_id
            order by position
            rows between unbounded preceding and unbounded following
        ),
        until_here_of_leg as (
            partition by contact_id, contact_record_id, agent_id
            order by position
            rows between unbounded preceding and current row
        )
),

delivered as (
    select
        noted.contact_id,
        noted.position,
        noted.transfer_kind as delivered_kind,
        left_at.position as from_position,
        left_at.next_talk_position as to_position
    from neighbours as noted
    inner join neighbours as left_at
        on
            noted.contact_id = left_at.contact_id
            and noted.leg_talk_position = left_at.position
    where noted.transfer_kind is not null
),

answered_transfers as (
    select
        contact_id,
        to_position
    from delivered
    where to_position is not null
    group by contact_id, to_position
),

-- an agent who talks for the first time after another one, and nobody is said to have handed over
not_delivered as (
    select
        arrivals.contact_id,
        arrivals.position,
        cast(null as {{ dbt.type_string() }}) as delivered_kind,
        arrivals.previous_talk_position as from_position,
        arrivals.position as to_position
    from neighbours as arrivals
    left join answered_transfers
        on
            arrivals.contact_id = answered_transfers.contact_id
            and arrivals.position = answered_transfers.to_position
    where
        arrivals.is_first_talk_of_leg
        and arrivals.previous_talk_position is not null
        and answered_transfers.contact_id is null
),

hand_overs as (
    select * from delivered
    union all
    select * from not_delivered
),

-- what it passed lies before whoever took it over
described as (
    select
        hand_overs.contact_id,
        hand_overs.position,
        hand_overs.from_position,
        hand_overs.to_position,
        hand_overs.delivered_kind,
        left_at.agent_id as from_agent_id,
        left_at.queue_id as from_queue_id,
        left_at.tier as from_tier,
        left_at.ended_at,
        case
            when left_at.next_queue_position < hand_overs.to_position or hand_overs.to_position is null then left_at.next_queue_position
        end as queue_position,
        coalesce(
            left_at.next_menu_position < hand_overs.to_position
            or left_at.next_menu_position is not null and hand_overs.to_position is null,
            false
        ) as is_by_menu,
        coalesce(left_at.first_menu_position < left_at.first_talk_position, false) as has_menu_before_answer
    from hand_overs
    inner join neighbours as left_at
        on
            hand_overs.contact_id = left_at.contact_id
            and hand_overs.from_position = left_at.position
),

final as (
    select
        described.contact_id,
        cast(row_number() over (
            partition by described.contact_id
            order by described.from_position, described.position
        ) as bigint) as transfer_number,
        described.delivered_kind,
        described.from_agent_id,
        described.from_queue_id,
        described.from_tier,
        coalesce(described.ended_at, taken_at.started_at) as transferred_at,
        described.to_position is not null as is_taken_over,
        taken_at.agent_id as to_agent_id,
        coalesce(waited_at.queue_id, taken_at.queue_id) as to_queue_id,
        coalesce(taken_at.tier, waited_at.tier) as to_tier,
        taken_at.started_at as taken_over_at,
        coalesce(taken_at.is_callback_attempt, false) as is_callback_attempt,
        described.is_by_menu,
        described.has_menu_before_answer
    from described
    left join spans as taken_at
        on
            described.contact_id = taken_at.contact_id
            and described.to_position = taken_at.position
    left join spans as waited_at
        on
            described.contact_id = waited_at.contact_id
            and described.queue_position = waited_at.position
)

select * from final
