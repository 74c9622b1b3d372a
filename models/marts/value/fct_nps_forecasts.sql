-- One row per question, outcome and forecast: how far a forecast of the quarter after was off with the answer about recommending, and
-- without (M21). Each quarter is forecast from quarters that were over before it began: the mean of the customer's value tier, or of the
-- tier and group. An answer that helps makes the error smaller.

with

quarters as (
    select
        *,
        cast({{ dbt.dateadd('month', 3, 'next_quarter_date') }} as date) as known_from
    from {{ ref('int_recommender_quarters') }}
),

long as (
    select
        question_id,
        customer_id,
        next_quarter_date,
        known_from,
        tier,
        nps_group,
        'is_retained' as outcome,
        cast(case when is_retained then 1 else 0 end as {{ double_type() }}) as outcome_value
    from quarters
    where is_retained is not null

    union all

    select
        question_id,
        customer_id,
        next_quarter_date,
        known_from,
        tier,
        nps_group,
        'sale_margin_amount' as outcome,
        cast(sale_margin_amount as {{ double_type() }}) as outcome_value
    from quarters
    where sale_margin_amount is not null
),

cells as (
    select
        question_id,
        outcome,
        known_from,
        tier,
        nps_group,
        count(*) as customer_count,
        sum(outcome_value) as outcome_sum
    from long
    group by question_id, outcome, known_from, tier, nps_group
),

targets as (
    select
        question_id,
        outcome,
        next_quarter_date,
        tier,
        nps_group
    from long
    group by question_id, outcome, next_quarter_date, tier, nps_group
),

forecasts as (
    select
        targets.question_id,
        targets.outcome,
        targets.next_quarter_date,
        targets.tier,
        targets.nps_group,
        sum(cells.outcome_sum) / sum(cells.customer_count) as tier_forecast,
        sum(case when cells.nps_group = targets.nps_group then cells.outcome_sum end)
        / sum(case when cells.nps_group = targets.nps_group then cells.customer_count end) as group_forecast
    from targets
    inner join cells
        on
            targets.question_id = cells.question_id
            and targets.outcome = cells.outcome
            and targets.tier = cells.tier
            and targets.next_quarter_date >= cells.known_from
    group by targets.question_id, targets.outcome, targets.next_quarter_date, targets.tier, targets.nps_group
),

-- the same customers with both, where there is a group to forecast from
errors as (
    select
        long.question_id,
        long.outcome,
        long.outcome_value - forecasts.tier_forecast as tier_error,
        long.outcome_value - forecasts.group_forecast as group_error
    from long
    inner join forecasts
        on
            long.question_id = forecasts.question_id
            and long.outcome = forecasts.outcome
            and long.next_quarter_date = forecasts.next_quarter_date
            and long.tier = forecasts.tier
            and long.nps_group = forecasts.nps_group
    where forecasts.group_forecast is not null
),

measured as (
    {%- for forecast, error in [('without the answer', 'tier_error'), ('with the answer', 'group_error')] %}
    select
        question_id,
        outcome,
        '{{ forecast }}' as forecast,
        count(*) as customer_count,
        avg(abs({{ error }})) as mean_absolute_error,
        sqrt(avg({{ error }} * {{ error }})) as root_mean_squared_error
    from errors
    group by question_id, outcome
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

final as (
    select
        question_id,
        outcome,
        forecast,
        customer_count,
        {%- for name in ['mean_absolute_error', 'root_mean_squared_error'] %}
        cast(case when customer_count >= {{ var('minimum_n_rank') }} then {{ statistic(name) }} end as decimal(18, 6)) as {{ name }},
        {%- endfor %}
        case when customer_count < {{ var('minimum_n_rank') }} then 'too few customers' end as error_null_reason
    from measured
)

select * from final
