-- One row per product line (and all) and experience before the decision: how many contracts were renewed (M29). Contracts of customers
-- whose contact stayed unresolved are what resolved ones compare with. It describes, and proves no cause.
with

renewals as (
    select
        *,
        coalesce(product_line_id, '(unknown)') as product_line
    from {{ ref('fct_renewals') }}
    where is_renewed is not null
),

counted as (
    select
        case when grouping(product_line) = 1 then 'all' else product_line end as product_line_id,
        experience,
        count(*) as decision_count,
        count(case when is_renewed then 1 end) as renewed_count,
        count(case when is_automatic then 1 end) as automatic_count
    from renewals
    group by experience, rollup(product_line)
),

final as (
    select
        product_line_id,
        experience,
        decision_count,
        renewed_count,
        automatic_count,
        {{ published_share('renewed', 'renewed_count', 'decision_count', 'too few decisions') }},
        'descriptive' as level_of_claim
    from counted
)

select * from final
