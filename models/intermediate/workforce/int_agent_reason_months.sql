-- One row per agent, month, reason and channel: handle time, first contact resolution and satisfaction of the contacts that the agent
-- handled. Handle time is that of the agent's own part; what the contact led to is put down to its last agent.
-- noqa: disable=LT02
{{ config(materialized='table') }}

with

legs as (
    select *
    from {{ ref('fct_agent_segments') }}
    where
        has_conversation
        and handle_seconds is not null
),

contacts as (
    select *
    from {{ ref('fct_contacts') }}
    where
        exclusion_reason is null
        and business_date is not null
),

resolutions as (
    select *
    from {{ ref('fct_first_contact_resolution') }}
    where
        is_headline
        and is_mature
        and is_eligible
        and outcome <> 'exited'
),

answers as (
    select *
    from {{ ref('fct_survey_answers') }}
    where
        instrument = 'csat'
        and not is_relationship
        and is_valid
        and is_positive is not null
),

parts as (
    select
        legs.agent_id,
        contacts.business_date,
        contacts.reason_code,
        contacts.channel,
        count(*) as handled_count,
        sum(legs.handle_seconds) as handle_seconds,
        0 as first_contact_count,
        0 as resolved_count,
        0 as answer_count,
        0 as satisfied_count
    from legs
    inner join contacts
        on legs.contact_id = contacts.contact_id
    group by legs.agent_id, contacts.business_date, contacts.reason_code, contacts.channel

    union all

    select
        last_agent_id as agent_id,
        business_date,
        reason_code,
        channel,
        0 as handled_count,
        0 as handle_seconds,
        count(*) as first_contact_count,
        count(case when outcome = 'resolved' then 1 end) as resolved_count,
        0 as answer_count,
        0 as satisfied_count
    from resolutions
    group by last_agent_id, business_date, reason_code, channel

    union all

    select
        last_agent_id as agent_id,
        business_date,
        reason_code,
        channel,
        0 as handled_count,
        0 as handle_seconds,
        0 as first_contact_count,
        0 as resolved_count,
        count(*) as answer_count,
        count(case when is_positive then 1 end) as satisfied_count
    from answers
    group by last_agent_id, business_date, reason_code, channel
),

final as (
    select
        agent_id,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as month_start_date,
        reason_code,
        channel,
        {%- for name in ['handled_count', 'handle_seconds', 'first_contact_count', 'resolved_count', 'answer_count', 'satisfied_count'] %}
        cast(sum({{ name }}) as bigint) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from parts
    where
        agent_id is not null
        and business_date is not null
    group by agent_id, cast({{ dbt.date_trunc('month', 'business_date') }} as date), reason_code, channel
)

select * from final
