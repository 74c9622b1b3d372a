-- One row per programme.
with

programs as (
    select * from {{ ref('stg_programs') }}
),

final as (
    select
        program_id,
        name,
        line_of_business
    from programs
)

select * from final
