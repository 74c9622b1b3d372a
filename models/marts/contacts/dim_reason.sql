-- One row per contact reason.
with

reasons as (
    select * from {{ ref('stg_reasons') }}
),

final as (
    select
        reason_code,
        reason_l1,
        reason_l2,
        is_failure_demand,
        is_first_contact_resolvable,
        repeat_window_days
    from reasons
)

select * from final
