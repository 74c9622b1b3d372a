-- One row per contract whose renewal had to be decided by a day: whether it was renewed, and what the customer had lived through before
-- (M29). An early renewal counts at its decision day, a late one within the grace. Who was in touch differs from who was not, so
-- unresolved contacts, not silence, are what resolved ones are compared with.
{%- set exposures = [30, 90, 180] %}
{%- set grace = 86400 * var('renewal_grace_days') %}
{%- set is_exposed = 'contact_results.ended_at >= ' ~ seconds_after('open_decisions.due_at', -86400 * var('renewal_exposure_days')) %}

with

subscriptions as (
    select * from {{ ref('stg_subscriptions') }}
    where customer_id is not null
),

terms as (
    select * from {{ ref('stg_subscription_events') }}
    where kind in ('start', 'renewal', 'reactivation')
),

subscription_spans as (
    select * from {{ ref('int_subscription_spans') }}
),

customers as (
    select
        customer_id,
        segment
    from {{ ref('stg_customers') }}
),

calendar as (
    select min(date_day) as first_day
    from {{ ref('int_calendar') }}
),

as_of as (
    select as_of
    from {{ ref('int_as_of') }}
    where domain = 'resolution'
),

contact_results as (
    select
        contact_results.contact_id,
        contact_results.customer_id,
        contact_results.ended_at,
        contact_results.is_solved,
        contact_effort.effort_points
    from {{ ref('fct_contact_results') }} as contact_results
    left join {{ ref('fct_contact_effort') }} as contact_effort
        on contact_results.contact_id = contact_effort.contact_id
    where contact_results.ended_at is not null
),

save_episodes as (
    select * from {{ ref('int_save_episodes') }}
),

-- the next term is the renewal of the one before
in_turn as (
    select
        *,
        lead(kind) over by_time as next_kind,
        lead(occurred_at) over by_time as next_occurred_at,
        lead(coalesce(is_automatic, false)) over by_time as is_next_automatic
    from terms
    window by_time as (
        partition by subscription_id
        order by occurred_at, event_id
    )
),

decisions as (
    select
        in_turn.event_id as term_event_id,
        in_turn.subscription_id,
        subscriptions.customer_id,
        subscriptions.product_line_id,
        customers.segment,
        in_turn.decision_due_on,
        cast(in_turn.decision_due_on as {{ dbt.type_timestamp() }}) as due_at,
        in_turn.next_kind,
        in_turn.next_occurred_at,
        coalesce(in_turn.is_next_automatic, false) as is_next_automatic
    from in_turn
    inner join subscriptions
        on in_turn.subscription_id = subscriptions.subscription_id
    inner join calendar
        on in_turn.decision_due_on >= calendar.first_day
    cross join as_of
    left join customers
        on subscriptions.customer_id = customers.customer_id
    where cast(in_turn.decision_due_on as {{ dbt.type_timestamp() }}) <= as_of.as_of
),

-- a subscription that ended long before had nothing left to decide
open_decisions as (
    select decisions.*
    from decisions
    inner join subscription_spans
        on
            decisions.subscription_id = subscription_spans.subscription_id
            and {{ seconds_after('decisions.due_at', -grace) }} >= subscription_spans.held_from
            and (
                subscription_spans.held_until is null
                or {{ seconds_after('decisions.due_at', -grace) }} < subscription_spans.held_until
            )
),

experiences as (
    select
        open_decisions.term_event_id
        {%- for days in exposures %},
        max(case
            when
                contact_results.ended_at >= {{ seconds_after('open_decisions.due_at', -86400 * days) }}
                and contact_results.is_solved
                then 1
            else 0
        end) as is_exposed_{{ days }}d
        {%- endfor %},
        count(case when {{ is_exposed }} then 1 end) as contact_count,
        count(case when {{ is_exposed }} and not contact_results.is_solved then 1 end) as unresolved_count,
        max(case when {{ is_exposed }} then contact_results.effort_points end) as highest_effort_points
    from open_decisions
    inner join contact_results
        on
            open_decisions.customer_id = contact_results.customer_id
            and open_decisions.due_at > contact_results.ended_at
            and {{ seconds_after('open_decisions.due_at', -86400 * exposures | max) }} <= contact_results.ended_at
    group by open_decisions.term_event_id
),

at_risk as (
    select open_decisions.term_event_id
    from open_decisions
    inner join save_episodes
        on
            open_decisions.customer_id = save_episodes.customer_id
            and coalesce(save_episodes.subscription_id, open_decisions.subscription_id) = open_decisions.subscription_id
            and open_decisions.due_at >= save_episodes.opened_at
            and {{ seconds_after('open_decisions.due_at', -86400 * var('renewal_exposure_days')) }} <= save_episodes.opened_at
    group by open_decisions.term_event_id
),

judged as (
    select
        open_decisions.*,
        coalesce(
            open_decisions.next_kind = 'renewal'
            and open_decisions.next_occurred_at <= {{ seconds_after('open_decisions.due_at', grace) }},
            false
        ) as is_renewed_in_time,
        coalesce(
            {{ seconds_after('open_decisions.due_at', grace + 3600 * var('ingestion_lag_hours')) }} <= as_of.as_of, false
        ) as is_mature,
        {%- for days in exposures %}
        coalesce(experiences.is_exposed_{{ days }}d, 0) = 1 as is_exposed_{{ days }}d,
        {%- endfor %}
        coalesce(experiences.contact_count, 0) as contact_count,
        coalesce(experiences.unresolved_count, 0) as unresolved_count,
        experiences.highest_effort_points,
        at_risk.term_event_id is not null as is_at_risk
    from open_decisions
    left join experiences
        on open_decisions.term_event_id = experiences.term_event_id
    left join at_risk
        on open_decisions.term_event_id = at_risk.term_event_id
    cross join as_of
),

final as (
    select
        term_event_id,
        subscription_id,
        customer_id,
        product_line_id,
        segment,
        decision_due_on,
        is_mature,
        case when is_mature then is_renewed_in_time end as is_renewed,
        case when is_mature and is_renewed_in_time then is_next_automatic end as is_automatic,
        case when is_mature and is_renewed_in_time then next_occurred_at < due_at end as is_early,
        is_exposed_30d,
        is_exposed_90d,
        is_exposed_180d,
        is_exposed_{{ var('renewal_exposure_days') }}d as is_exposed,
        case
            when unresolved_count > 0 then 'unresolved'
            when is_exposed_{{ var('renewal_exposure_days') }}d then 'resolved'
            when contact_count > 0 then 'unknown'
            else 'none'
        end as experience,
        contact_count,
        unresolved_count,
        cast(highest_effort_points as decimal(18, 6)) as highest_effort_points,
        is_at_risk,
        case when is_mature and is_at_risk then is_renewed_in_time end as is_renewal_saved
    from judged
)

select * from final
