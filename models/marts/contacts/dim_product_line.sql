-- One row per product line.
with

product_lines as (
    select * from {{ ref('stg_product_lines') }}
),

final as (
    select
        product_line_id,
        name
    from product_lines
)

select * from final
