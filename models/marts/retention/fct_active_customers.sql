-- One row per day with the customers known on it, the denominator of contact rates (M13).
with

customers as (
    select * from {{ ref('stg_customers') }}
),

contacts as (
    select * from {{ ref('fct_contacts') }}
),

calendar as (
    select * from {{ ref('int_calendar') }}
),

first_contacts as (
    select
        customer_id,
        min(business_date) as first_contact_date
    from contacts
    where is_identified
    group by customer_id
),

-- a customer whose creation was not delivered is known from the first contact
known_since as (
    select
        customers.customer_id,
        coalesce(cast(customers.created_at as date), first_contacts.first_contact_date) as known_since_date
    from customers
    left join first_contacts
        on customers.customer_id = first_contacts.customer_id
    where not coalesce(customers.is_staff, false)
),

bounds as (
    select
        min(business_date) as first_date,
        max(business_date) as last_date
    from contacts
),

days as (
    select
        calendar.date_day,
        calendar.days_in_month,
        bounds.first_date
    from calendar
    inner join bounds
        on calendar.date_day between bounds.first_date and bounds.last_date
    -- customers that were not delivered are unknown, not none
    where exists (select 1 from customers)
),

new_customers as (
    select
        case when known_since.known_since_date < bounds.first_date then bounds.first_date else known_since.known_since_date end as date_day,
        count(*) as customer_count
    from known_since
    cross join bounds
    where known_since.known_since_date is not null
    group by
        case when known_since.known_since_date < bounds.first_date then bounds.first_date else known_since.known_since_date end
),

final as (
    select
        days.date_day as business_date,
        cast(sum(coalesce(new_customers.customer_count, 0)) over (
            order by days.date_day
            rows between unbounded preceding and current row
        ) as bigint) as active_customer_count,
        cast(
            sum(coalesce(new_customers.customer_count, 0)) over (
                order by days.date_day
                rows between unbounded preceding and current row
            ) * 1.0 / days.days_in_month as decimal(18, 6)
        ) as customer_months
    from days
    left join new_customers
        on days.date_day = new_customers.date_day
)

select * from final
