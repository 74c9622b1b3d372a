-- One row per bot session: the contact that it ran in, whether an agent took over, who the customer is, and the rule that leaves it out.
-- The exclusion rules and their dates are those of contacts (seed exclusion_rules); a session in an excluded contact is excluded with it.
with

sessions as (
    select * from {{ ref('stg_bot_sessions') }}
    where {{ is_touched('session_id') }}
),

links as (
    select * from {{ ref('int_contact_links') }}
),

contacts as (
    select * from {{ ref('fct_contacts') }}
),

customers as (
    select * from {{ ref('stg_customers') }}
),

offsets as (
    select * from {{ ref('int_timezone_offsets') }} where timezone = '{{ var("reporting_timezone") }}'
),

denied_customer_ids as (
    select * from {{ ref('denied_customer_ids') }}
),

exclusion_rules as (
    select * from {{ ref('exclusion_rules') }}
),

-- one row, so that the dates of every rule stand beside each session
rule_dates as (
    select
        max(case when rule = 'test' then effective_from end) as test_from,
        max(case when rule = 'test' then effective_to end) as test_to,
        max(case when rule = 'staff' then effective_from end) as staff_from,
        max(case when rule = 'staff' then effective_to end) as staff_to,
        max(case when rule = 'empty_bot_session' then effective_from end) as empty_from,
        max(case when rule = 'empty_bot_session' then effective_to end) as empty_to
    from exclusion_rules
),

linked as (
    select
        sessions.*,
        coalesce(own_links.contact_id, sessions.contact_id) as own_contact_id,
        coalesce(handoff_links.contact_id, sessions.handed_off_contact_id) as named_handoff_contact_id,
        -- a bot has no queue, so its local day is the reporting zone's, whether or not a queue came after it; without contacts there are
        -- no offsets, and the day is read in UTC
        cast({{ seconds_after(
            'sessions.started_at', 'coalesce(offsets.utc_offset_seconds, 0) - ' ~ (3600 * var('business_day_start_hour'))
        ) }} as date) as business_date
    from sessions
    left join offsets
        on
            sessions.started_at >= offsets.valid_from
            and sessions.started_at < offsets.valid_to
    left join links as own_links
        on sessions.contact_id = own_links.contact_record_id
    left join links as handoff_links
        on sessions.handed_off_contact_id = handoff_links.contact_record_id
),

final as (
    select
        linked.session_id,
        linked.customer_id,
        linked.customer_id is not null and denied_customer_ids.customer_id is null as is_identified,
        linked.technology_id,
        coalesce(linked.channel, contacts.channel) as channel,
        linked.reason_code,
        linked.business_date,
        linked.started_at,
        case when linked.ended_at < linked.started_at then linked.started_at else linked.ended_at end as ended_at,
        linked.ended_at < linked.started_at as has_invalid_duration,
        linked.turns,
        linked.own_contact_id,
        -- an agent who answers in the session's own contact took over, also where the bot's log does not say so
        coalesce(
            linked.named_handoff_contact_id,
            case
                when contacts.is_handled and coalesce(contacts.answered_at, linked.started_at) >= linked.started_at
                    then linked.own_contact_id
            end
        ) as handed_off_contact_id,
        linked.is_in_scope,
        linked.handoff_requested,
        linked.vendor_outcome,
        linked.evidence,
        linked.intent_signal,
        linked.model_version,
        case
            when linked.is_test and linked.business_date between rule_dates.test_from and rule_dates.test_to then 'test'
            when customers.is_staff and linked.business_date between rule_dates.staff_from and rule_dates.staff_to then 'staff'
            when linked.turns = 0 and linked.business_date between rule_dates.empty_from and rule_dates.empty_to then 'empty_bot_session'
            else contacts.exclusion_reason
        end as exclusion_reason
    from linked
    cross join rule_dates
    left join contacts
        on linked.own_contact_id = contacts.contact_id
    left join customers
        on linked.customer_id = customers.customer_id
    left join denied_customer_ids
        on
            linked.customer_id = denied_customer_ids.customer_id
            and linked.business_date between denied_customer_ids.effective_from and denied_customer_ids.effective_to
)

select * from final
