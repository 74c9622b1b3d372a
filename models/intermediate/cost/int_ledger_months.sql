-- One row per month, pool and vendor of the ledger: its amount in scope and out of scope, in the reporting currency. An account that
-- nobody assigned to a pool is in the pool unknown.
with

postings as (
    select * from {{ ref('int_ledger_postings') }}
),

final as (
    select
        period_month,
        pool,
        vendor_id,
        cast(sum(case when is_in_scope then ledger_amount else 0 end) as decimal(18, 6)) as ledger_amount,
        cast(sum(case when is_in_scope then 0 else ledger_amount end) as decimal(18, 6)) as out_of_scope_amount,
        cast(sum(case when is_in_scope and is_settlement then ledger_amount else 0 end) as decimal(18, 6)) as settlement_amount,
        count(case when ledger_amount is null then 1 end) as unconverted_entry_count
    from postings
    group by period_month, pool, vendor_id
)

select * from final
