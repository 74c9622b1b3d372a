-- One row per month and channel, and per month over all channels: how the cost of handled contacts is spread, and how much of it the
-- dearest tenth bears (M34). A percentile is the smallest cost that the given share of contacts does not exceed.
{{ config(materialized=judged_when_read()) }}

with

costed_contacts as (
    select
        contact_id,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as month_start_date,
        channel,
        cost_amount,
        is_final
    from {{ ref('fct_costed_contacts') }}
    where
        is_costed_contact
        and cost_amount is not null
),

groups as (
    select
        *,
        channel as group_channel
    from costed_contacts

    union all

    select
        *,
        'all' as group_channel
    from costed_contacts
),

ranked as (
    select
        *,
        row_number() over (partition by month_start_date, group_channel order by cost_amount, contact_id) as cost_rank,
        count(*) over (partition by month_start_date, group_channel) as contact_count
    from groups
),

summed as (
    select
        month_start_date,
        group_channel as channel,
        max(contact_count) as contact_count,
        cast(sum(cost_amount) as decimal(18, 6)) as cost_amount,
        {%- for percent in [10, 25, 50, 75, 90, 99] %}
        min(case when cost_rank * 100 >= contact_count * {{ percent }} then cost_amount end) as cost_amount_p{{ percent }},
        {%- endfor %}
        cast(sum(case when cost_rank * 10 > contact_count * 9 then cost_amount else 0 end) as decimal(18, 6)) as dearest_tenth_amount,
        min(case when is_final then 1 else 0 end) = 1 as is_final
    from ranked
    group by month_start_date, group_channel
),

final as (
    select
        month_start_date,
        channel,
        contact_count,
        cost_amount,
        {{ share_of('cost_amount', 1, 'contact_count') }} as mean_cost_amount,
        {%- for percent in [10, 25, 50, 75, 90, 99] %}
        cost_amount_p{{ percent }},
        {%- endfor %}
        dearest_tenth_amount,
        {{ share_of(
            'dearest_tenth_amount', 100, 'cast(floor(cost_amount * 100) as ' ~ dbt.type_bigint() ~ ')'
        ) }} as dearest_tenth_share,
        is_final
    from summed
)

select * from final
