-- One row per failure that a customer let somebody know of: a contact rated at the negative end of its scale, a complaint, or a callback
-- that was promised and never reached the customer; and whether the customer was won over again (M28). That a recovered customer is more
-- loyal than one who was never let down is not assumed.
{%- set answer_window = 86400 * var('recovery_answer_days') %}
{%- set complaint_window = 86400 * var('recovery_complaint_days') %}

with

contacts as (
    select * from {{ ref('fct_contacts') }}
    where
        exclusion_reason is null
        and is_identified
),

contact_results as (
    select * from {{ ref('fct_contact_results') }}
),

answers as (
    select * from {{ ref('fct_survey_answers') }}
    where
        instrument = 'csat'
        and is_valid
        and is_positive is not null
        and customer_id is not null
        and answered_at is not null
),

as_of as (
    select min(as_of) as as_of
    from {{ ref('int_as_of') }}
    where domain in ('resolution', 'experience')
    having count(as_of) = 2
),

negative_answers as (
    select
        contact_id,
        min(answered_at) as answered_at
    from answers
    where
        is_negative
        and contact_id is not null
    group by contact_id
),

-- a contact is one failure, however many signs it gave
failures as (
    select
        contacts.contact_id,
        contacts.customer_id,
        contacts.business_date,
        contacts.channel,
        contacts.queue_id,
        contacts.program_id,
        contacts.vendor_id,
        contacts.reason_code,
        contacts.product_line_id,
        coalesce(contacts.is_complaint, false) as is_complaint,
        negative_answers.contact_id is not null as is_dissatisfied,
        contacts.is_callback_accepted and not coalesce(contacts.is_callback_reached, true) as is_promise_missed,
        coalesce(contacts.ended_at, contacts.started_at) as ended_at,
        coalesce(negative_answers.answered_at, contacts.ended_at, contacts.started_at) as known_at
    from contacts
    left join negative_answers
        on contacts.contact_id = negative_answers.contact_id
    where
        contacts.is_complaint
        or negative_answers.contact_id is not null
        or (contacts.is_callback_accepted and not contacts.is_callback_reached)
),

-- what the same customer said next, and whether they complained again
answers_and_failures as (
    select
        customer_id,
        known_at as happened_at,
        1 as is_failure,
        contact_id as row_id,
        cast(null as {{ dbt.type_timestamp() }}) as answered_at,
        cast(null as {{ dbt.type_int() }}) as is_positive
    from failures

    union all

    select
        customer_id,
        answered_at as happened_at,
        0 as is_failure,
        survey_answer_id as row_id,
        answered_at,
        case when is_positive then 1 else 0 end as is_positive
    from answers
),

next_answers as (
    select
        row_id as contact_id,
        is_failure,
        {{ first_known('answered_at', 'afterwards') }} as next_answered_at,
        {{ first_known('is_positive', 'afterwards') }} as is_next_positive
    from answers_and_failures
    window afterwards as (
        partition by customer_id
        order by happened_at, is_failure, row_id
        rows between 1 following and unbounded following
    )
),

complaints as (
    select
        contact_id,
        lead(started_at) over (partition by customer_id order by started_at, contact_id) as next_complained_at
    from contacts
    where is_complaint
),

judged as (
    select
        failures.*,
        next_answers.next_answered_at,
        coalesce(
            next_answers.next_answered_at <= {{ seconds_after('failures.known_at', answer_window) }} and next_answers.is_next_positive = 1,
            false
        ) as is_satisfied_again,
        coalesce(contact_results.is_solved, false) as is_solved,
        coalesce(complaints.next_complained_at <= {{ seconds_after('failures.ended_at', complaint_window) }}, false) as is_complained_again,
        coalesce(
            {{ seconds_after('failures.known_at', answer_window + 3600 * var('ingestion_lag_hours')) }} <= as_of.as_of, false
        ) as is_mature
    from failures
    left join next_answers
        on
            failures.contact_id = next_answers.contact_id
            and next_answers.is_failure = 1
    left join contact_results
        on failures.contact_id = contact_results.contact_id
    left join complaints
        on failures.contact_id = complaints.contact_id
    left join as_of
        on true
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
        is_complaint,
        is_dissatisfied,
        is_promise_missed,
        known_at,
        is_mature,
        case when is_mature then next_answered_at end as next_answered_at,
        case when is_mature then is_satisfied_again end as is_satisfied_again,
        case when is_mature and is_complaint then is_solved and not is_complained_again end as is_complaint_closed,
        case when is_mature then is_satisfied_again or (is_complaint and is_solved and not is_complained_again) end as is_recovered,
        case
            when not is_mature then 'pending'
            when is_satisfied_again then 'satisfied with what came next'
            when is_complaint and is_solved and not is_complained_again then 'complaint settled and not repeated'
            when is_complaint and is_complained_again then 'complained again'
            when next_answered_at <= {{ seconds_after('known_at', answer_window) }} then 'not satisfied with what came next'
            else 'never heard to be satisfied again'
        end as recovery_reason
    from judged
)

select * from final
