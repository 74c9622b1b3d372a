-- One row per save episode: how a customer came to be at risk, whether it counts and what excluded it where not, whether anybody tried to
-- keep the customer, how that ended after 30, 60 and 90 days, and what it kept and cost (M27). Nothing is judged before its horizon is
-- over.
-- noqa: disable=LT02
{%- set horizons = [30, 60, 90] %}
{%- set headline = var('save_horizon_days') %}
{%- set end_reasons = ['deceased', 'moved', 'fraud', 'business_closed', 'regulatory', 'payment'] %}

with

episodes as (
    select * from {{ ref('int_save_episodes') }}
),

episode_states as (
    select * from {{ ref('int_save_episode_states') }}
),

episode_offers as (
    select * from {{ ref('int_save_episode_offers') }}
),

episode_costs as (
    select
        episode_id,
        case when count(handling_amount) = count(*) then cast(sum(handling_amount) as decimal(18, 6)) end as handling_amount
    from {{ ref('int_save_episode_contacts') }}
    group by episode_id
),

contacts as (
    select * from {{ ref('fct_contacts') }}
),

contact_results as (
    select * from {{ ref('fct_contact_results') }}
),

customers as (
    select
        customer_id,
        segment
    from {{ ref('stg_customers') }}
),

product_margins as (
    select * from {{ ref('int_product_margins') }}
),

exclusion_rules as (
    select * from {{ ref('save_exclusion_rules') }}
),

increments as (
    select * from {{ ref('save_increments') }}
),

as_of as (
    select as_of
    from {{ ref('int_as_of') }}
    where domain = 'resolution'
),

-- offers that were not delivered are unknown, not none
delivered_offers as (
    select count(*) > 0 as are_offers_known
    from {{ ref('stg_save_offers') }}
),

joined as (
    select
        episodes.*,
        coalesce(episode_states.product_line_id, episodes.product_line_id) as episode_product_line_id,
        contacts.channel,
        contacts.queue_id,
        contacts.program_id,
        contacts.vendor_id,
        contacts.reason_code,
        coalesce(contacts.is_abandoned, false) and coalesce(episode_offers.offer_count, 0) = 0 as is_bounced,
        last_contacts.last_agent_id,
        customers.segment,
        episode_states.episode_id is not null as is_at_stake,
        coalesce(episode_states.subscription_count, 0) as subscription_count,
        episode_states.left_at,
        episode_states.end_reason,
        episode_states.recurring_amount,
        episode_states.kept_recurring_amount,
        {%- for days in horizons %}
        episode_states.is_kept_{{ days }}d,
        episode_states.is_paused_{{ days }}d,
        episode_states.is_downgraded_{{ days }}d,
        coalesce(
            {{ seconds_after('episodes.opened_at', 86400 * days + 3600 * var('ingestion_lag_hours')) }} <= as_of.as_of, false
        ) as is_mature_{{ days }}d,
        {%- endfor %}
        coalesce(episode_states.left_at <= {{ seconds_after('episodes.opened_at', 86400) }}, false)
        or coalesce(episode_states.is_given_up, false) as is_cancelled_at_once,
        delivered_offers.are_offers_known,
        coalesce(episode_offers.offer_count, 0) as offer_count,
        coalesce(episode_offers.accepted_offer_count, 0) as accepted_offer_count,
        episode_offers.accepted_kind,
        case when episode_offers.episode_id is null then cast(0 as decimal(18, 6)) else episode_offers.concession_amount end
            as concession_amount,
        coalesce(contact_results.is_solved, false) as is_solved,
        case when episode_costs.episode_id is null then cast(0 as decimal(18, 6)) else episode_costs.handling_amount end
            as handling_amount,
        -- the margin of one unit a month over the horizon, as far as the save made the difference
        cast(
            cast({{ '%.6f' | format(headline * 12 / 365) }} as decimal(9, 6))
            * cast(coalesce(product_margins.margin_share, all_margins.margin_share) as decimal(9, 6))
            * cast(coalesce(door_increments.incremental_probability, any_increments.incremental_probability) as decimal(9, 6))
            as decimal(18, 6)
        ) as margin_factor
    from episodes
    left join episode_states
        on episodes.episode_id = episode_states.episode_id
    left join episode_offers
        on episodes.episode_id = episode_offers.episode_id
    left join episode_costs
        on episodes.episode_id = episode_costs.episode_id
    left join contacts
        on episodes.contact_id = contacts.contact_id
    left join contacts as last_contacts
        on episodes.last_contact_id = last_contacts.contact_id
    left join contact_results
        on episodes.contact_id = contact_results.contact_id
    left join customers
        on episodes.customer_id = customers.customer_id
    left join product_margins
        on coalesce(episode_states.product_line_id, episodes.product_line_id) = product_margins.product_line_id
    left join product_margins as all_margins
        on all_margins.is_all_products
    left join increments as door_increments
        on
            episodes.entry_door = door_increments.entry_door
            and episodes.business_date between door_increments.effective_from and door_increments.effective_to
    left join increments as any_increments
        on
            any_increments.entry_door = 'any'
            and episodes.business_date between any_increments.effective_from and any_increments.effective_to
    left join as_of
        on true
    cross join delivered_offers
),

-- in the order of the list, the first that holds and is in force
broken_rules as (
    select
        joined.episode_id,
        exclusion_rules.rule,
        row_number() over (
            partition by joined.episode_id
            order by case exclusion_rules.rule when 'not_active' then 1 when 'duplicate' then 2 when 'no_contact' then 4 else 3 end
        ) as rule_rank
    from joined
    inner join exclusion_rules
        on joined.business_date between exclusion_rules.effective_from and exclusion_rules.effective_to
    where
        (exclusion_rules.rule = 'not_active' and not joined.is_at_stake)
        or (exclusion_rules.rule = 'duplicate' and joined.is_duplicate)
        or (exclusion_rules.rule = 'no_contact' and joined.is_notice_only)
        or (exclusion_rules.rule = joined.end_reason)
),

judged as (
    select
        joined.*,
        broken_rules.rule as exclusion_rule,
        case
            when joined.accepted_kind is not null then joined.accepted_kind
            when joined.is_wish_to_cancel then 'abandoned_request'
            when joined.is_solved then 'fix'
            else 'unaided'
        end as kind_if_kept,
        case
            when not joined.are_offers_known then 'no offers delivered'
            when not joined.is_at_stake then 'nothing was at stake'
            when joined.accepted_kind = 'unknown' then 'kind of the accepted offer unknown'
            when not joined.is_mature_{{ headline }}d then 'pending'
        end as save_null_reason
    from joined
    left join broken_rules
        on
            joined.episode_id = broken_rules.episode_id
            and broken_rules.rule_rank = 1
),

saved as (
    select
        *,
        -- whether it counts is not sure before an end could have told its reason
        case
            when exclusion_rule is not null then false
            when is_mature_{{ headline }}d then true
        end as is_eligible
        {%- for days in horizons %},
        case
            when is_mature_{{ days }}d and are_offers_known and is_at_stake and kind_if_kept <> 'unknown'
                then
                    is_kept_{{ days }}d and not is_paused_{{ days }}d and not is_downgraded_{{ days }}d
                    and kind_if_kept in ('fix', 'information', 'concession')
        end as is_saved_{{ days }}d
        {%- endfor %}
    from judged
),

valued as (
    select
        *,
        case
            when is_saved_{{ headline }}d then kept_recurring_amount
            when not is_saved_{{ headline }}d then cast(0 as decimal(18, 6))
        end as saved_recurring_amount,
        case
            when is_saved_{{ headline }}d
                then cast(kept_recurring_amount * margin_factor as decimal(18, 6))
            when not is_saved_{{ headline }}d then cast(0 as decimal(18, 6))
        end as kept_margin_amount
    from saved
),

final as (
    select
        episode_id,
        customer_id,
        subscription_id,
        opened_at,
        business_date,
        entry_door,
        is_wish_to_cancel,
        contact_id,
        channel,
        queue_id,
        program_id,
        vendor_id,
        reason_code,
        episode_product_line_id as product_line_id,
        segment,
        last_agent_id,
        request_count,
        subscription_count,
        is_eligible,
        exclusion_rule,
        case when are_offers_known then offer_count > 0 end as was_attempted,
        offer_count,
        accepted_offer_count,
        accepted_kind,
        case
            when not is_wish_to_cancel or (is_notice_only and offer_count = 0) then null
            when accepted_kind = 'pause' then 'paused'
            when accepted_kind is not null then 'accepted'
            when is_cancelled_at_once then 'cancelled'
            when is_bounced then 'bounced'
            else 'abandoned'
        end as session_result,
        case
            when is_mature_{{ headline }}d and are_offers_known and is_at_stake and is_kept_{{ headline }}d then
                case when is_paused_{{ headline }}d then 'pause' else kind_if_kept end
        end as save_kind,
        {%- for days in horizons %}
        is_mature_{{ days }}d,
        case when is_mature_{{ days }}d and is_at_stake then is_kept_{{ days }}d end as is_active_{{ days }}d,
        is_saved_{{ days }}d,
        {%- endfor %}
        case when is_mature_{{ headline }}d then is_downgraded_{{ headline }}d end as is_downgraded,
        case when is_mature_90d then is_saved_30d and not is_kept_90d end as is_recancelled,
        left_at,
        end_reason,
        save_null_reason,
        cast(recurring_amount as decimal(18, 6)) as recurring_amount,
        cast(case when are_offers_known then concession_amount end as decimal(18, 6)) as concession_amount,
        cast(handling_amount as decimal(18, 6)) as handling_amount,
        cast(saved_recurring_amount as decimal(18, 6)) as saved_recurring_amount,
        cast(kept_margin_amount - concession_amount - handling_amount as decimal(18, 6)) as net_saved_amount
    from valued
)

select * from final
