-- One row per month, queue and value tier: which share of the agents' minutes went there, which share of the value at stake lay there,
-- and how far the two are apart (M46). Half of the distances of a month add up to its misallocation index, 0 where minutes follow value.
with

outcomes as (
    select
        *,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as month_start_date,
        coalesce(queue_id, '(unknown)') as queue
    from {{ ref('fct_contact_outcomes') }}
    where
        handle_seconds is not null
        and value_at_stake_amount is not null
),

cells as (
    select
        month_start_date,
        queue,
        value_tier,
        count(*) as contact_count,
        sum(handle_seconds) as handle_seconds,
        sum(value_at_stake_amount) as value_at_stake_amount
    from outcomes
    group by month_start_date, queue, value_tier
),

totals as (
    select
        *,
        sum(handle_seconds) over (partition by month_start_date) as month_handle_seconds,
        sum(value_at_stake_amount) over (partition by month_start_date) as month_value_at_stake_amount,
        cast(handle_seconds as {{ double_type() }}) / contact_count as seconds_per_contact,
        cast(value_at_stake_amount as {{ double_type() }}) / contact_count as value_per_contact
    from cells
),

shares as (
    select
        *,
        cast(handle_seconds as {{ double_type() }}) / nullif(month_handle_seconds, 0) as minutes_share,
        cast(value_at_stake_amount as {{ double_type() }})
        / nullif(cast(month_value_at_stake_amount as {{ double_type() }}), 0) as value_share,
        row_number() over (partition by month_start_date order by seconds_per_contact, queue, value_tier) as time_rank,
        row_number() over (partition by month_start_date order by value_per_contact, queue, value_tier) as value_rank,
        count(*) over (partition by month_start_date) as cell_count
    from totals
),

final as (
    select
        month_start_date,
        queue as queue_id,
        value_tier,
        contact_count,
        cast(handle_seconds as bigint) as handle_seconds,
        cast(month_handle_seconds as bigint) as month_handle_seconds,
        cast(value_at_stake_amount as decimal(18, 6)) as value_at_stake_amount,
        cast({{ statistic('minutes_share') }} as decimal(18, 6)) as minutes_share,
        cast({{ statistic('value_share') }} as decimal(18, 6)) as value_share,
        cast({{ statistic('abs(minutes_share - value_share) / 2') }} as decimal(18, 6)) as half_distance,
        -- in the upper half of the month's cells
        case when 2 * value_rank > cell_count then 'high' else 'low' end as impact,
        case when 2 * time_rank > cell_count then 'long' else 'short' end as time_per_contact
    from shares
)

select * from final
