-- One row per exclusion rule, month and queue: how many contacts it left out, and what share of the queue's month that is (B.6).
with

contacts as (
    select * from {{ ref('fct_contacts') }}
),

exclusion_rules as (
    select * from {{ ref('exclusion_rules') }}
),

queue_months as (
    select
        coalesce(queue_id, '(unknown)') as queue_id,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as month_start_date,
        exclusion_reason,
        count(*) as contact_count
    from contacts
    group by coalesce(queue_id, '(unknown)'), cast({{ dbt.date_trunc('month', 'business_date') }} as date), exclusion_reason
),

with_totals as (
    select
        *,
        sum(contact_count) over (partition by queue_id, month_start_date) as queue_month_contact_count
    from queue_months
),

final as (
    select
        with_totals.exclusion_reason,
        coalesce(exclusion_rules.rule, 'source') as rule,
        with_totals.month_start_date,
        with_totals.queue_id,
        with_totals.contact_count,
        cast(with_totals.queue_month_contact_count as bigint) as queue_month_contact_count,
        cast(with_totals.contact_count as {{ double_type() }}) / cast(with_totals.queue_month_contact_count as {{ double_type() }})
            as excluded_share,
        exclusion_rules.effective_from,
        exclusion_rules.effective_to
    from with_totals
    left join exclusion_rules
        on with_totals.exclusion_reason = exclusion_rules.rule
    where with_totals.exclusion_reason is not null
)

select * from final
