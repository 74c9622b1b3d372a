-- One row per customer and month in which the customer was there at the start or came: whether the customer was still there at its end,
-- how long they have stayed, what they brought, and how they left (M24 to M26, M31). New customers never enter a rate; who left and came
-- back the month after was lost all the same. Nothing is judged before the month is known.
with

spans as (
    select * from {{ ref('int_customer_spans') }}
),

months as (
    select * from {{ ref('int_retention_months') }}
),

customers as (
    select * from {{ ref('dim_customer') }}
),

cancellations as (
    select * from {{ ref('int_cancellations') }}
),

save_requests as (
    select * from {{ ref('int_save_requests') }}
    where entry_door in ('stated_cancel_intent', 'complaint')
),

subscription_months as (
    select
        customer_id,
        month_start_date,
        count(case when is_active_at_start then 1 end) as subscription_count,
        case when count(start_amount) = count(*) then cast(sum(start_amount) as decimal(18, 6)) end as start_amount,
        case when count(end_amount) = count(*) then cast(sum(end_amount) as decimal(18, 6)) end as end_amount
    from {{ ref('fct_subscription_months') }}
    group by customer_id, month_start_date
),

-- spans of a customer do not touch, so at most one of them holds an instant
in_months as (
    select
        spans.customer_id,
        months.month_start_date,
        months.starts_at,
        months.ends_at,
        months.is_mature,
        min(spans.basis) as basis,
        max(case when spans.active_from <= months.starts_at then 1 else 0 end) = 1 as is_active_at_start,
        max(case when spans.active_until is null or spans.active_until > months.ends_at then 1 else 0 end) = 1 as is_active_at_end,
        min(case when spans.active_from <= months.starts_at then spans.active_until end) as left_at,
        min(case when spans.active_from <= months.starts_at then spans.end_reason end) as end_reason,
        min(spans.tenure_from) as tenure_from,
        min(spans.span_number) = 1 and min(spans.active_from) > months.starts_at as is_new
    from spans
    inner join months
        on
            spans.active_from <= months.ends_at
            and (spans.active_until is null or spans.active_until > months.starts_at)
    group by spans.customer_id, months.month_start_date, months.starts_at, months.ends_at, months.is_mature
),

lost as (
    select
        customer_id,
        month_start_date,
        left_at
    from in_months
    where
        is_active_at_start
        and not is_active_at_end
),

-- when the customer asked for it: the first request of those that ended by then and were not over long before
asked_for as (
    select
        lost.customer_id,
        lost.month_start_date,
        min(cancellations.requested_at) as requested_at
    from lost
    inner join cancellations
        on
            lost.customer_id = cancellations.customer_id
            and lost.left_at = cancellations.ended_at
    group by lost.customer_id, lost.month_start_date
),

-- a complaint or a stated wish in the days before
heard as (
    select
        lost.customer_id,
        lost.month_start_date,
        count(*) as heard_count
    from lost
    left join asked_for
        on
            lost.customer_id = asked_for.customer_id
            and lost.month_start_date = asked_for.month_start_date
    inner join save_requests
        on
            lost.customer_id = save_requests.customer_id
            and lost.left_at >= save_requests.requested_at
            and {{ seconds_after('coalesce(asked_for.requested_at, lost.left_at)', -86400 * var('silent_churn_days')) }}
            <= save_requests.requested_at
    group by lost.customer_id, lost.month_start_date
),

joined as (
    select
        in_months.*,
        customers.segment,
        customers.region,
        coalesce(subscription_months.subscription_count, 0) as subscription_count,
        case when in_months.basis = 'contractual' then coalesce(subscription_months.start_amount, 0) end as start_amount,
        case when in_months.basis = 'contractual' then coalesce(subscription_months.end_amount, 0) end as end_amount,
        subscription_months.customer_id is not null
        and (subscription_months.start_amount is null or subscription_months.end_amount is null) as is_amount_unknown,
        asked_for.requested_at,
        coalesce(heard.heard_count, 0) = 0 as is_unheard
    from in_months
    left join customers
        on in_months.customer_id = customers.customer_id
    left join subscription_months
        on
            in_months.customer_id = subscription_months.customer_id
            and in_months.month_start_date = subscription_months.month_start_date
    left join asked_for
        on
            in_months.customer_id = asked_for.customer_id
            and in_months.month_start_date = asked_for.month_start_date
    left join heard
        on
            in_months.customer_id = heard.customer_id
            and in_months.month_start_date = heard.month_start_date
    where not coalesce(customers.is_staff, false)
),

judged as (
    select
        *,
        case when is_mature and is_active_at_start then not is_active_at_end end as is_churned,
        case when is_mature and is_active_at_start and not is_amount_unknown then start_amount end as cohort_amount,
        case when is_mature and is_active_at_start and not is_amount_unknown then end_amount end as kept_amount
    from joined
),

final as (
    select
        customer_id,
        month_start_date,
        basis,
        segment,
        region,
        is_mature,
        is_active_at_start,
        case when is_mature then is_active_at_end end as is_active_at_end,
        case when is_mature and is_active_at_start then is_active_at_end end as is_retained,
        is_churned,
        is_new,
        not is_active_at_start and not is_new as is_returned,
        case when is_churned then left_at end as churned_at,
        case when is_churned then requested_at end as requested_at,
        case when is_churned then end_reason end as end_reason,
        case
            when is_churned and end_reason in ('voluntary', 'payment', 'inactive') then end_reason
            when is_churned then 'other'
        end as churn_kind,
        case when is_churned then is_unheard end as is_silent_churn,
        cast(case
            when is_active_at_start
                then {{ statistic(seconds_between('tenure_from', 'starts_at') ~ ' / cast(31557600 as ' ~ double_type() ~ ')') }}
        end as decimal(18, 6)) as tenure_years,
        subscription_count,
        cast(cohort_amount as decimal(18, 6)) as start_amount,
        cast(case
            when not is_churned and kept_amount < cohort_amount then cohort_amount - kept_amount
            when cohort_amount is not null then 0
        end as decimal(18, 6)) as contraction_amount,
        cast(case
            when is_churned then cohort_amount
            when cohort_amount is not null then 0
        end as decimal(18, 6)) as churned_amount,
        cast(case
            when not is_churned and kept_amount > cohort_amount then kept_amount - cohort_amount
            when cohort_amount is not null then 0
        end as decimal(18, 6)) as expansion_amount,
        case
            when not is_active_at_start then null
            when not is_mature then 'pending'
            when basis = 'non_contractual' then 'no subscription'
            when is_amount_unknown then 'price or exchange rate unknown'
        end as amount_null_reason
    from judged
)

select * from final
