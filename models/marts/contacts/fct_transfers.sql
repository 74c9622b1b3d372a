-- One row per hand-over of a contact (M14): by an agent, or by a bot to people. How it was handed over (transfer_kind) and where it went
-- (transfer_class) are two answers: a lateral transfer is no escalation, whatever its kind, and a bot's hand-over is neither.
with

transfers as (
    select * from {{ ref('int_contact_transfers') }}
),

bot_handoffs as (
    select * from {{ ref('int_bot_handoffs') }}
),

contacts as (
    select * from {{ ref('fct_contacts') }}
),

agents as (
    select * from {{ ref('dim_agent') }}
),

hand_overs as (
    select
        contact_id,
        transfer_number,
        false as is_by_bot,
        delivered_kind,
        cast(null as {{ dbt.type_string() }}) as from_technology_id,
        from_agent_id,
        from_queue_id,
        from_tier,
        transferred_at,
        is_taken_over,
        to_agent_id,
        to_queue_id,
        to_tier,
        taken_over_at,
        is_callback_attempt and delivered_kind is null as is_called_back,
        is_by_menu,
        has_menu_before_answer
    from transfers

    union all

    select
        contacts.contact_id,
        cast(0 as bigint) as transfer_number,
        true as is_by_bot,
        cast(null as {{ dbt.type_string() }}) as delivered_kind,
        bot_handoffs.technology_id as from_technology_id,
        cast(null as {{ dbt.type_string() }}) as from_agent_id,
        cast(null as {{ dbt.type_string() }}) as from_queue_id,
        cast(null as {{ dbt.type_int() }}) as from_tier,
        bot_handoffs.transferred_at,
        contacts.is_handled as is_taken_over,
        contacts.first_agent_id as to_agent_id,
        contacts.queue_id as to_queue_id,
        cast(null as {{ dbt.type_int() }}) as to_tier,
        contacts.answered_at as taken_over_at,
        false as is_called_back,
        false as is_by_menu,
        false as has_menu_before_answer
    from bot_handoffs
    inner join contacts
        on bot_handoffs.contact_id = contacts.contact_id
),

described as (
    select
        hand_overs.*,
        contacts.channel,
        contacts.reason_code,
        contacts.business_date,
        contacts.exclusion_reason,
        contacts.is_handled,
        case
            when hand_overs.transferred_at >= contacts.answered_at
                then {{ seconds_between('contacts.answered_at', 'hand_overs.transferred_at') }}
        end as answered_seconds,
        from_agents.team as from_team,
        from_agents.vendor_id as from_vendor_id,
        case
            when hand_overs.is_by_bot or hand_overs.is_called_back then null
            when hand_overs.delivered_kind = 'escalation' then 'platform'
            when hand_overs.to_tier > hand_overs.from_tier then 'tier'
            when to_agents.role = 'supervisor' and from_agents.role <> 'supervisor' then 'supervisor'
        end as escalation_evidence
    from hand_overs
    inner join contacts
        on hand_overs.contact_id = contacts.contact_id
    left join agents as from_agents
        on
            hand_overs.from_agent_id = from_agents.agent_id
            and coalesce(cast(hand_overs.transferred_at as date), contacts.business_date) >= from_agents.effective_from
            and coalesce(cast(hand_overs.transferred_at as date), contacts.business_date) < from_agents.effective_before
    left join agents as to_agents
        on
            hand_overs.to_agent_id = to_agents.agent_id
            and cast(hand_overs.taken_over_at as date) >= to_agents.effective_from
            and cast(hand_overs.taken_over_at as date) < to_agents.effective_before
),

classified as (
    select
        *,
        case
            when is_by_bot then 'bot_handoff'
            when is_called_back then 'callback'
            when escalation_evidence is not null then 'escalation'
            else 'lateral'
        end as transfer_class,
        case
            when is_by_bot or is_called_back then null
            when is_by_menu and coalesce(delivered_kind, '') <> 'external' then 'ivr_return'
            when delivered_kind <> 'escalation' then delivered_kind
        end as transfer_kind
    from described
),

-- a wrong menu choice is put right at once, by the first agent, and leads to another queue
judged as (
    select
        *,
        case
            when transfer_class <> 'lateral' then null
            when transfer_number > 1 or answered_seconds > {{ var('routing_correction_seconds') }} then false
            when from_queue_id = to_queue_id then false
            when answered_seconds is null or from_queue_id is null or to_queue_id is null or not has_menu_before_answer then null
            else true
        end as is_routing_correction
    from classified
),

final as (
    select
        {{ dbt.concat(['contact_id', "':'", 'cast(transfer_number as ' ~ dbt.type_string() ~ ')']) }} as transfer_id,
        contact_id,
        transfer_number,
        business_date,
        channel,
        reason_code,
        exclusion_reason,
        is_handled,
        transfer_class,
        transfer_kind,
        case
            when transfer_kind is not null then null
            when is_by_bot then 'handed over by a bot'
            when is_called_back then 'called back by another agent'
            when delivered_kind = 'escalation' then 'delivered as an escalation'
            else 'not delivered'
        end as transfer_kind_null_reason,
        case when transfer_class in ('lateral', 'escalation') then transfer_class = 'escalation' end as is_escalation,
        escalation_evidence,
        is_routing_correction,
        case
            when is_routing_correction is not null then null
            when transfer_class <> 'lateral' then 'no lateral transfer'
            when from_queue_id is null or to_queue_id is null then 'queue unknown'
            when answered_seconds is null then 'time unknown'
            else 'no menu delivered'
        end as routing_correction_null_reason,
        from_technology_id,
        from_agent_id,
        from_team,
        from_vendor_id,
        from_queue_id,
        from_tier,
        transferred_at,
        answered_seconds as seconds_since_answer,
        is_taken_over,
        to_agent_id,
        to_queue_id,
        to_tier,
        taken_over_at
    from judged
)

select * from final
