-- One row per study, customer, month and side (M47): exposed in the month of the first exposure, at that contact; a control in each month
-- with a contact that was none, at the first of them (the pseudo-index), as long as there had been no exposure before. Nobody is a control
-- because of what happens later, so that who is exposed in May is a control in March. What is known of the customer is from before the
-- quarter.
{{ config(materialized='table') }}

with

contacts as (
    select * from {{ ref('int_comparison_contacts') }}
),

customers as (
    select * from {{ ref('dim_customer') }}
),

customer_value as (
    select * from {{ ref('fct_customer_value') }}
),

tenures as (
    select
        customer_id,
        month_start_date,
        tenure_years
    from {{ ref('fct_customer_months') }}
),

banded as (
    select
        customer_id,
        quarter_start_date,
        segment,
        prior_margin_amount,
        recurring_amount,
        ntile({{ var('comparison_value_bands') }}) over (
            partition by quarter_start_date
            order by prior_margin_amount, customer_id
        ) as value_band
    from customer_value
    where prior_margin_amount is not null
),

exposed_since as (
    select
        *,
        min(case when is_exposed = 1 then index_at end) over (partition by study, customer_id) as first_exposed_at,
        count(*) over (
            partition by study, customer_id
            order by index_at, contact_id
            rows between unbounded preceding and 1 preceding
        ) as earlier_contact_count
    from contacts
),

ranked as (
    select
        *,
        row_number() over (
            partition by study, customer_id, month_start_date, is_exposed
            order by index_at, contact_id
        ) as contact_number
    from exposed_since
    where
        (is_exposed = 1 and index_at = first_exposed_at)
        or (is_exposed = 0 and (first_exposed_at is null or index_at < first_exposed_at))
),

described as (
    select
        {{ dbt.concat([
            'ranked.study', "':'", 'ranked.customer_id', "':'", 'cast(ranked.month_start_date as ' ~ dbt.type_string() ~ ')', "':'",
            "case when ranked.is_exposed = 1 then 'exposed' else 'control' end",
        ]) }} as unit_id,
        ranked.study,
        ranked.customer_id,
        ranked.contact_id,
        ranked.month_start_date,
        ranked.is_exposed,
        ranked.started_at,
        ranked.index_at,
        ranked.reason_group,
        coalesce(banded.segment, customers.segment, '(unknown)') as segment,
        -- who was not there yet when the quarter began, or whose margin is not known, is apart
        coalesce(banded.value_band, 0) as value_band,
        banded.prior_margin_amount,
        banded.recurring_amount,
        tenures.tenure_years,
        cast(ranked.earlier_contact_count as bigint) as earlier_contact_count
    from ranked
    left join customers
        on ranked.customer_id = customers.customer_id
    left join banded
        on
            ranked.customer_id = banded.customer_id
            and cast({{ dbt.date_trunc('quarter', 'ranked.month_start_date') }} as date) = banded.quarter_start_date
    left join tenures
        on
            ranked.customer_id = tenures.customer_id
            and ranked.month_start_date = tenures.month_start_date
    where
        ranked.contact_number = 1
        and not coalesce(customers.is_staff, false)
),

final as (
    select
        *,
        {{ dbt.concat([
            'cast(month_start_date as ' ~ dbt.type_string() ~ ')', "':'", 'segment', "':'", 'cast(value_band as ' ~ dbt.type_string() ~ ')',
        ]) }} as stratum
    from described
)

select * from final
