-- How complex the mix of contacts was in each month: the sum over reasons of their share times their complexity index (M03). Above 1 the
-- month brought more of the reasons that had been the longest before. Contacts of reasons without an index are in neither part; coverage
-- says how many have one. The first month has none.
with

reasons as (
    select * from {{ ref('fct_reason_complexity') }}
)

select
    month_start_date,
    sum(contact_count) as contact_count,
    sum(case when complexity_index is not null then contact_count end) / cast(sum(contact_count) as {{ double_type() }}) as coverage,
    sum(contact_count * complexity_index)
    / cast(nullif(sum(case when complexity_index is not null then contact_count end), 0) as {{ double_type() }}) as mix_complexity,
    min(base_month_count) as base_month_count
from reasons
group by month_start_date
order by month_start_date
