-- One row per handled inbound contact of an identified customer (fct_contact_repeats): how long it took, whether it solved the matter,
-- whether the customer was satisfied, and from when on both are known. Nothing later than known_at changes them (M02).
with

repeats as (
    select * from {{ ref('fct_contact_repeats') }}
),

first_contacts as (
    select *
    from {{ ref('fct_first_contact_resolution') }}
    where is_headline
),

sessions as (
    select * from {{ ref('int_contact_sessions') }}
),

followed as (
    select * from {{ ref('int_customer_repeats') }}
),

reconnects as (
    select * from {{ ref('int_contact_reconnects') }}
),

answers as (
    select *
    from {{ ref('fct_survey_answers') }}
    where
        instrument = 'csat'
        and not is_relationship
        and is_positive is not null
),

-- complete is what every feed that answers or repeats come from has delivered; surveys without a watermark hold nothing back
as_of as (
    select
        case
            when
                min(case when domain = 'experience' then as_of end) < min(case when domain = 'resolution' then as_of end)
                then min(case when domain = 'experience' then as_of end)
            else min(case when domain = 'resolution' then as_of end)
        end as as_of
    from {{ ref('int_as_of') }}
    where domain in ('resolution', 'experience')
),

satisfaction as (
    select
        coalesce(reconnects.session_id, answers.contact_id) as session_id,
        min(case when answers.is_positive then 1 else 0 end) = 1 as is_satisfied,
        -- on a scale without a negative part nobody can be dissatisfied, nor the opposite
        max(case when answers.is_negative then 1 when answers.is_negative is not null then 0 end) = 1 as is_dissatisfied
    from answers
    left join reconnects
        on answers.contact_id = reconnects.contact_id
    group by coalesce(reconnects.session_id, answers.contact_id)
),

dated as (
    select
        repeats.*,
        sessions.handle_seconds,
        sessions.transfer_count,
        sessions.escalation_count,
        first_contacts.contact_id is not null as is_index_contact,
        first_contacts.outcome,
        first_contacts.is_eligible,
        satisfaction.is_satisfied,
        satisfaction.is_dissatisfied,
        coalesce(followed.next_exited_at <= {{ seconds_after('repeats.ended_at', '3600 * repeats.window_hours') }}, false) as has_left,
        {{ seconds_after('repeats.ended_at', 86400 * var('survey_close_days') + 3600 * var('ingestion_lag_hours')) }} as answers_close_at,
        as_of.as_of
    from repeats
    inner join sessions
        on repeats.contact_id = sessions.session_id
    left join first_contacts
        on repeats.contact_id = first_contacts.contact_id
    left join followed
        on repeats.contact_id = followed.session_id
    left join satisfaction
        on repeats.contact_id = satisfaction.session_id
    left join as_of
        on true
),

final as (
    select
        contact_id,
        customer_id,
        business_date,
        cast({{ dbt.date_trunc('quarter', 'business_date') }} as date) as quarter_start_date,
        channel,
        queue_id,
        program_id,
        vendor_id,
        reason_code,
        product_line_id,
        last_agent_id,
        handle_seconds,
        transfer_count,
        escalation_count,
        -- the first contact about a matter by its outcome, a later one by whether yet another followed; of who left nobody knows
        case
            when is_repeated is null or outcome = 'exited' then null
            when is_index_contact then outcome = 'resolved'
            when is_repeated or escalation_count > 0 then false
            when not has_left then true
        end as is_solved,
        ended_at,
        is_mature,
        is_repeated,
        is_repeated_24h,
        case when is_mature and is_eligible and outcome <> 'exited' then outcome = 'resolved' end as is_first_contact_resolved,
        is_satisfied,
        is_dissatisfied,
        case when matures_at > answers_close_at then matures_at else answers_close_at end as known_at,
        coalesce(case when matures_at > answers_close_at then matures_at else answers_close_at end <= as_of, false) as is_known,
        as_of
    from dated
)

select * from final
