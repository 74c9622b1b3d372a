-- One row per question and group of recommenders, over all quarters that are known: who was still there at the end of the quarter after,
-- and what they bought in it (M21). Of those who answered; it describes, and proves no cause.
with

quarters as (
    select * from {{ ref('int_recommender_quarters') }}
    where is_retained is not null
),

counted as (
    select
        question_id,
        nps_group,
        count(*) as customer_count,
        count(case when is_retained then 1 end) as retained_count,
        count(sale_margin_amount) as spend_known_count,
        sum(sale_margin_amount) as sale_margin_amount
    from quarters
    group by question_id, nps_group
),

final as (
    select
        question_id,
        nps_group,
        customer_count,
        retained_count,
        {{ published_share('retained', 'retained_count', 'customer_count', 'too few customers') }},
        spend_known_count,
        cast(sale_margin_amount as decimal(18, 6)) as sale_margin_amount,
        cast(case
            when spend_known_count >= {{ var('minimum_n_publish') }}
                then {{ statistic('cast(sale_margin_amount as ' ~ double_type() ~ ') / spend_known_count') }}
        end as decimal(18, 6)) as mean_sale_margin_amount,
        'descriptive' as level_of_claim
    from counted
)

select * from final
