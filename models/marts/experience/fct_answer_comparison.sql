-- One row per question, month (or all time) and group of answers: what customers of the group did in the month after (M21). Answering goes
-- with loyalty, so groups are compared among those who answered; who did not answer stands beside. It describes, and proves no cause.
with

outcomes as (
    select * from {{ ref('fct_answer_outcomes') }}
    where is_mature
),

grouped as (
    {%- for month in ['month_start_date', 'cast(null as date)'] %}
    select
        question_id,
        instrument,
        {{ month }} as month_start_date,
        answer_group,
        is_repeated,
        next_month_contact_count,
        has_cancelled_next_month
    from outcomes
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

counted as (
    select
        question_id,
        instrument,
        month_start_date,
        answer_group,
        count(*) as customer_count,
        count(case when next_month_contact_count > 0 then 1 end) as contacting_customer_count,
        cast(sum(next_month_contact_count) as bigint) as next_month_contact_count,
        count(is_repeated) as repeat_known_count,
        count(case when is_repeated then 1 end) as repeated_count,
        count(has_cancelled_next_month) as subscriber_count,
        count(case when has_cancelled_next_month then 1 end) as cancelled_count
    from grouped
    group by question_id, instrument, month_start_date, answer_group
),

final as (
    select
        question_id,
        instrument,
        month_start_date,
        answer_group,
        customer_count,
        contacting_customer_count,
        next_month_contact_count,
        repeat_known_count,
        repeated_count,
        subscriber_count,
        cancelled_count,
        {{ published_share('contacting', 'contacting_customer_count', 'customer_count', 'too few customers') }},
        {{ published_share('repeated', 'repeated_count', 'repeat_known_count', 'too few customers') }},
        {{ published_share('cancelled', 'cancelled_count', 'subscriber_count', 'too few customers') }},
        'descriptive' as level_of_claim
    from counted
)

select * from final
