-- One row per handled inbound contact of an identified customer: did it solve the matter, protect a customer at risk, create value, what
-- hung on it and what did it cost (M45). Each is null until it is known. The flags say what followed; they do not add up to a benefit per
-- contact.
with

contact_results as (
    select * from {{ ref('fct_contact_results') }}
),

episode_contacts as (
    select * from {{ ref('int_save_episode_contacts') }}
),

save_episodes as (
    select * from {{ ref('fct_save_episodes') }}
),

influence as (
    select * from {{ ref('fct_revenue_influence') }}
    where is_headline
),

expansions as (
    select * from {{ ref('fct_contact_expansions') }}
),

customer_value as (
    select * from {{ ref('fct_customer_value') }}
),

hazard_changes as (
    select * from {{ ref('reason_hazard_changes') }}
),

costed_contacts as (
    select * from {{ ref('fct_costed_contacts') }}
),

as_of as (
    select
        max(case when domain = 'resolution' then as_of end) as retention_as_of,
        max(case when domain = 'value' then as_of end) as value_as_of
    from {{ ref('int_as_of') }}
),

-- a contact about several subscriptions has protected what it kept of them
at_risk as (
    select
        episode_contacts.contact_id,
        max(case when save_episodes.is_saved_{{ var('save_horizon_days') }}d then 1 else 0 end) as is_protected,
        count(save_episodes.is_saved_{{ var('save_horizon_days') }}d) as judged_count,
        sum(save_episodes.saved_recurring_amount) as protected_recurring_amount
    from episode_contacts
    inner join save_episodes
        on episode_contacts.episode_id = save_episodes.episode_id
    where save_episodes.exclusion_rule is null
    group by episode_contacts.contact_id
),

credited as (
    select
        contact_id,
        sum(credited_amount) as influenced_amount
    from influence
    group by contact_id
),

expanded as (
    select
        contact_id,
        sum(kept_expansion_amount) as expansion_amount
    from expansions
    group by contact_id
),

joined as (
    select
        contact_results.*,
        coalesce(customer_value.tier, '(unknown)') as value_tier,
        customer_value.segment,
        at_risk.contact_id is not null as is_at_risk,
        at_risk.judged_count,
        at_risk.is_protected,
        at_risk.protected_recurring_amount,
        coalesce(credited.influenced_amount, 0) as influenced_amount,
        coalesce(expanded.expansion_amount, 0) as expansion_amount,
        costed_contacts.cost_amount,
        customer_value.forward_margin_amount,
        case
            when customer_value.customer_id is null then 'no customer at the start of the quarter'
            else customer_value.value_null_reason
        end as stake_null_reason,
        coalesce(own_changes.hazard_change, any_changes.hazard_change) as hazard_change,
        coalesce(
            {{ seconds_after('contact_results.ended_at', 86400 * var('save_horizon_days') + 3600 * var('ingestion_lag_hours')) }}
            <= as_of.retention_as_of, false
        ) as is_protection_mature,
        coalesce(
            {{ seconds_after('contact_results.ended_at', 86400 * var('attribution_window_days') + 3600 * var('ingestion_lag_hours')) }}
            <= as_of.value_as_of
            and {{ seconds_after('contact_results.ended_at', 86400 * var('expansion_window_days') + 3600 * var('ingestion_lag_hours')) }}
            <= as_of.retention_as_of, false
        ) as is_value_mature
    from contact_results
    left join at_risk
        on contact_results.contact_id = at_risk.contact_id
    left join credited
        on contact_results.contact_id = credited.contact_id
    left join expanded
        on contact_results.contact_id = expanded.contact_id
    left join costed_contacts
        on contact_results.contact_id = costed_contacts.contact_id
    left join customer_value
        on
            contact_results.customer_id = customer_value.customer_id
            and contact_results.quarter_start_date = customer_value.quarter_start_date
    left join hazard_changes as own_changes
        on
            lower(contact_results.reason_code) = own_changes.reason_code
            and contact_results.business_date between own_changes.effective_from and own_changes.effective_to
    left join hazard_changes as any_changes
        on
            any_changes.reason_code = 'any'
            and contact_results.business_date between any_changes.effective_from and any_changes.effective_to
    cross join as_of
),

final as (
    select
        contact_id,
        customer_id,
        business_date,
        channel,
        queue_id,
        program_id,
        vendor_id,
        reason_code,
        product_line_id,
        last_agent_id,
        segment,
        value_tier,
        handle_seconds,
        cast(cost_amount as decimal(18, 6)) as cost_amount,
        is_solved,
        is_at_risk,
        case
            when is_at_risk and judged_count > 0 then is_protected = 1
            when not is_at_risk and is_protection_mature then false
        end as is_protected,
        case when is_value_mature then influenced_amount > 0 or expansion_amount > 0 end as has_created_value,
        cast(case when is_at_risk then protected_recurring_amount end as decimal(18, 6)) as protected_recurring_amount,
        cast(case when is_value_mature then influenced_amount end as decimal(18, 6)) as influenced_amount,
        cast(case when is_value_mature then expansion_amount end as decimal(18, 6)) as expansion_amount,
        cast(case
            when forward_margin_amount > 0 and hazard_change > 0 then forward_margin_amount * hazard_change
            when forward_margin_amount is not null and hazard_change is not null then 0
        end as decimal(18, 6)) as value_at_stake_amount,
        case when forward_margin_amount is null then stake_null_reason when hazard_change is null then 'no hazard change for the reason' end
            as stake_null_reason,
        'descriptive' as level_of_claim
    from joined
)

select * from final
