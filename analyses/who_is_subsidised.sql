-- Who is carried by the others, and would not know it (M33)? Per queue, channel, reason, segment, product line and vendor, over the months
-- whose books are over: what a handled contact costs from the bottom up, and what each of the three averages charges it, with the same
-- total. A group whose subsidy is above 0 costs more than it is charged; the others pay for it. The subsidies of a dimension sum to 0.
with

-- a month counts where the books of all its groups are over: otherwise what one gains would not be what the others lose
comparison as (
    select
        *,
        min(case when is_final then 1 else 0 end) over (partition by month_start_date, dimension) = 1 as is_month_final
    from {{ ref('fct_cost_comparison') }}
),

summed as (
    select
        dimension,
        dimension_value,
        sum(contact_count) as contact_count,
        sum(priced_contact_count) as priced_contact_count,
        cast(sum(bottom_up_amount) as {{ double_type() }}) as bottom_up_amount,
        cast(sum(subsidy_against_contact_amount) as {{ double_type() }}) as subsidy_against_contact_amount,
        cast(sum(subsidy_against_minute_amount) as {{ double_type() }}) as subsidy_against_minute_amount,
        cast(sum(subsidy_against_customer_amount) as {{ double_type() }}) as subsidy_against_customer_amount
    from comparison
    where is_month_final
    group by dimension, dimension_value
),

final as (
    select
        dimension,
        dimension_value,
        contact_count,
        bottom_up_amount / nullif(priced_contact_count, 0) as bottom_up_per_contact,
        (bottom_up_amount - subsidy_against_contact_amount) / nullif(priced_contact_count, 0) as charged_per_contact,
        (bottom_up_amount - subsidy_against_minute_amount) / nullif(priced_contact_count, 0) as charged_per_minute,
        (bottom_up_amount - subsidy_against_customer_amount) / nullif(priced_contact_count, 0) as charged_per_customer,
        subsidy_against_contact_amount,
        subsidy_against_minute_amount,
        subsidy_against_customer_amount,
        subsidy_against_contact_amount / nullif(bottom_up_amount, 0) as subsidised_share,
        case
            when priced_contact_count < {{ var('minimum_n_publish') }} then 'too few contacts'
            when subsidy_against_contact_amount > 0 and subsidy_against_minute_amount > 0 then 'carried by the others'
            when subsidy_against_contact_amount < 0 and subsidy_against_minute_amount < 0 then 'carries the others'
            when subsidy_against_contact_amount is null or subsidy_against_minute_amount is null then 'no ledger to average'
            else 'depends on the average'
        end as verdict
    from summed
)

select * from final
order by dimension asc, subsidy_against_contact_amount desc nulls last, dimension_value asc
