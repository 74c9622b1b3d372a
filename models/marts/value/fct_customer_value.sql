-- One row per customer who was there at the start of a quarter: the margin of the year before, after what serving them cost, the tier
-- that it puts them in, and the margin that is to be expected of them (M32, M46). All but the retention of the segment is known when the
-- quarter begins, so that no tier knows what its customers did in it.
with

quarters as (
    select
        month_start_date as quarter_start_date,
        cast({{ dbt.dateadd('month', -12, 'month_start_date') }} as date) as year_start_date,
        starts_at
    from {{ ref('int_retention_months') }}
    where cast({{ dbt.date_trunc('quarter', 'month_start_date') }} as date) = month_start_date
),

spans as (
    select * from {{ ref('int_customer_spans') }}
),

customers as (
    select * from {{ ref('dim_customer') }}
),

subscription_months as (
    select * from {{ ref('fct_subscription_months') }}
    where is_active_at_start
),

month_amounts as (
    select * from {{ ref('int_customer_month_amounts') }}
),

product_margins as (
    select * from {{ ref('int_product_margins') }}
),

segment_retention as (
    select * from {{ ref('int_segment_retention') }}
),

value_tiers as (
    select * from {{ ref('value_tiers') }}
),

recurring as (
    select
        subscription_months.customer_id,
        subscription_months.month_start_date as quarter_start_date,
        count(*) as subscription_count,
        count(subscription_months.start_amount) as known_amount_count,
        sum(subscription_months.start_amount) as recurring_amount,
        count(coalesce(product_margins.margin_share, all_margins.margin_share)) as known_margin_count,
        sum(
            cast(12 * subscription_months.start_amount as decimal(20, 6))
            * cast(coalesce(product_margins.margin_share, all_margins.margin_share) as decimal(9, 6))
        ) as recurring_margin_amount
    from subscription_months
    inner join quarters
        on subscription_months.month_start_date = quarters.quarter_start_date
    left join product_margins
        on subscription_months.product_line_id = product_margins.product_line_id
    left join product_margins as all_margins
        on all_margins.is_all_products
    group by subscription_months.customer_id, subscription_months.month_start_date
),

year_before as (
    select
        month_amounts.customer_id,
        quarters.quarter_start_date,
        sum(month_amounts.sale_margin_amount) as sale_margin_amount,
        sum(month_amounts.unknown_margin_count) as unknown_margin_count,
        sum(month_amounts.cost_amount) as cost_to_serve_amount,
        sum(month_amounts.unknown_cost_count) as unknown_cost_count
    from month_amounts
    inner join quarters
        on
            month_amounts.month_start_date >= quarters.year_start_date
            and month_amounts.month_start_date < quarters.quarter_start_date
    group by month_amounts.customer_id, quarters.quarter_start_date
),

present as (
    select
        spans.customer_id,
        quarters.quarter_start_date,
        customers.segment,
        coalesce(customers.has_sla_contract, false) as has_sla_contract
    from spans
    inner join quarters
        on
            spans.active_from <= quarters.starts_at
            and (spans.active_until is null or spans.active_until > quarters.starts_at)
    left join customers
        on spans.customer_id = customers.customer_id
    where not coalesce(customers.is_staff, false)
),

joined as (
    select
        present.*,
        coalesce(recurring.subscription_count, 0) as subscription_count,
        case
            when recurring.customer_id is null then cast(0 as decimal(18, 6))
            when recurring.known_amount_count = recurring.subscription_count then recurring.recurring_amount
        end as recurring_amount,
        case
            when recurring.customer_id is null then cast(0 as decimal(18, 6))
            when recurring.known_amount_count = recurring.subscription_count and recurring.known_margin_count = recurring.subscription_count
                then recurring.recurring_margin_amount
        end as recurring_margin_amount,
        coalesce(year_before.sale_margin_amount, 0) as sale_margin_amount,
        coalesce(year_before.unknown_margin_count, 0) as unknown_margin_count,
        coalesce(year_before.cost_to_serve_amount, 0) as cost_to_serve_amount,
        coalesce(year_before.unknown_cost_count, 0) as unknown_cost_count,
        coalesce(segment_retention.monthly_retention_share, all_retention.monthly_retention_share) as monthly_retention_share
    from present
    left join recurring
        on
            present.customer_id = recurring.customer_id
            and present.quarter_start_date = recurring.quarter_start_date
    left join year_before
        on
            present.customer_id = year_before.customer_id
            and present.quarter_start_date = year_before.quarter_start_date
    left join segment_retention
        on present.segment = segment_retention.segment
    left join segment_retention as all_retention
        on all_retention.is_all_segments
),

margins as (
    select
        *,
        case when unknown_margin_count = 0 then recurring_margin_amount + sale_margin_amount end as prior_margin_amount
    from joined
),

ranked as (
    select
        *,
        row_number() over (
            partition by quarter_start_date
            order by case when prior_margin_amount is null then 0 else 1 end desc, prior_margin_amount desc, customer_id desc
        ) as margin_rank,
        count(prior_margin_amount) over (partition by quarter_start_date) as ranked_count
    from margins
),

tiered as (
    select
        ranked.customer_id,
        ranked.quarter_start_date,
        {{ earliest('value_tiers.tier', ['value_tiers.top_share']) }} as tier
    from ranked
    cross join value_tiers
    where
        ranked.has_sla_contract
        or (ranked.prior_margin_amount is not null and ranked.margin_rank <= value_tiers.top_share * ranked.ranked_count)
    group by ranked.customer_id, ranked.quarter_start_date
),

final as (
    select
        ranked.customer_id,
        ranked.quarter_start_date,
        ranked.segment,
        ranked.has_sla_contract,
        tiered.tier,
        ranked.subscription_count,
        cast(ranked.recurring_amount as decimal(18, 6)) as recurring_amount,
        cast(ranked.recurring_margin_amount as decimal(18, 6)) as recurring_margin_amount,
        cast(case when ranked.unknown_margin_count = 0 then ranked.sale_margin_amount end as decimal(18, 6)) as sale_margin_amount,
        cast(ranked.prior_margin_amount as decimal(18, 6)) as prior_margin_amount,
        cast(case when ranked.unknown_cost_count = 0 then ranked.cost_to_serve_amount end as decimal(18, 6)) as cost_to_serve_amount,
        cast(
            case when ranked.unknown_cost_count = 0 then ranked.prior_margin_amount - ranked.cost_to_serve_amount end as decimal(18, 6)
        ) as prior_value_amount,
        cast(ranked.monthly_retention_share as decimal(18, 6)) as monthly_retention_share,
        cast({{ statistic(
            'cast(ranked.prior_margin_amount as ' ~ double_type() ~ ') / 12 * '
            ~ discounted_months('ranked.monthly_retention_share', var('value_discount_per_year'), var('value_horizon_months'))
        ) }} as decimal(18, 6)) as forward_margin_amount,
        case
            when ranked.prior_margin_amount is null and ranked.unknown_margin_count > 0 then 'margin of a sale unknown'
            when ranked.prior_margin_amount is null then 'price or margin of a subscription unknown'
            when ranked.monthly_retention_share is null then 'too few months to know retention'
        end as value_null_reason
    from ranked
    left join tiered
        on
            ranked.customer_id = tiered.customer_id
            and ranked.quarter_start_date = tiered.quarter_start_date
)

select * from final
