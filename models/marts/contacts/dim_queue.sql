-- One row per queue.
with

queues as (
    select * from {{ ref('stg_queues') }}
),

final as (
    select
        queue_id,
        name,
        program_id,
        vendor_id,
        channel,
        timezone,
        tier,
        concurrency_capacity
    from queues
)

select * from final
