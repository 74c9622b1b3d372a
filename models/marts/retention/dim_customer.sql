-- One row per customer, as last delivered.
with

customers as (
    select * from {{ ref('stg_customers') }}
),

final as (
    select
        customer_id,
        account_id,
        created_at,
        segment,
        has_sla_contract,
        journey_stage,
        region,
        timezone,
        coalesce(is_staff, false) as is_staff,
        updated_at
    from customers
)

select * from final
