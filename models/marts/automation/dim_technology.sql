-- One row per technology.
with

technologies as (
    select * from {{ ref('stg_technologies') }}
),

final as (
    select
        technology_id,
        coalesce(name, technology_id) as name,
        kind
    from technologies
)

select * from final
