-- One row per vendor: in-house or outsourcer.
with

vendors as (
    select * from {{ ref('stg_vendors') }}
),

final as (
    select
        vendor_id,
        name,
        kind
    from vendors
)

select * from final
