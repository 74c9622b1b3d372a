-- One row per customer on a side of a study, window and outcome that is known (M47): margin and number of sales, and whether the customer
-- asked to leave, within so many days from so many days after the index. A negative landmark is the placebo: the days before the contact,
-- in which it can have had no effect. A month counts in a window when the window of its last day is over, all of it or none.
-- noqa: disable=LT02
{{ config(materialized='table') }}
{%- set windows = comparison_windows() %}
{%- set last_day = var('comparison_landmark_days') | max + var('comparison_horizon_days') | max %}

with

units as (
    select
        *,
        cast({{ dbt.dateadd('month', 1, 'month_start_date') }} as {{ dbt.type_timestamp() }}) as month_over_at
    from {{ ref('int_comparison_units') }}
),

sales as (
    select * from {{ ref('int_transaction_amounts') }}
    where
        customer_id is not null
        and kind <> 'renewal'
),

spans as (
    select
        customer_id,
        subscription_id,
        held_from,
        coalesce(held_until, cast('2999-12-31' as {{ dbt.type_timestamp() }})) as held_until
    from {{ ref('int_subscription_spans') }}
),

cancellations as (
    select * from {{ ref('int_cancellations') }}
),

as_of as (
    select
        max(case when domain = 'value' then as_of end) as value_as_of,
        max(case when domain = 'resolution' then as_of end) as retention_as_of
    from {{ ref('int_as_of') }}
),

first_sale as (
    select min(occurred_at) as first_sale_at
    from sales
),

sold as (
    select
        units.unit_id
        {%- for landmark, horizon in windows %}
        {%- set from_at = 'units.started_at' if landmark < 0 else 'units.index_at' %}
        {%- set in_window %}
            sales.occurred_at > {{ seconds_after(from_at, 86400 * landmark) }}
            and sales.occurred_at <= {{ seconds_after(from_at, 86400 * (landmark + horizon)) }}
        {%- endset %},
        count(case when {{ in_window }} then 1 end) as sale_count_{{ loop.index }},
        count(case when {{ in_window }} then sales.net_margin_amount end) as known_count_{{ loop.index }},
        sum(case when {{ in_window }} then sales.net_margin_amount end) as margin_amount_{{ loop.index }}
        {%- endfor %}
    from units
    inner join sales
        on
            units.customer_id = sales.customer_id
            and sales.occurred_at > {{ seconds_after('units.started_at', -86400 * var('comparison_placebo_days')) }}
            and sales.occurred_at <= {{ seconds_after('units.index_at', 86400 * last_day) }}
    group by units.unit_id
),

-- who held something at the landmark and had not asked to end it
subscribed as (
    select
        units.unit_id
        {%- for landmark in var('comparison_landmark_days') %}
        {%- set landmark_at = seconds_after('units.index_at', 86400 * landmark) %}
        {%- set is_held %}
            spans.held_from <= {{ landmark_at }} and spans.held_until > {{ landmark_at }}
            and (cancellations.requested_at is null or cancellations.requested_at > {{ landmark_at }})
        {%- endset %},
        count(case when {{ is_held }} then 1 end) as held_count_{{ landmark }},
        min(case when {{ is_held }} and cancellations.is_voluntary then cancellations.requested_at end) as requested_at_{{ landmark }}
        {%- endfor %}
    from units
    inner join spans
        on units.customer_id = spans.customer_id
    left join cancellations
        on
            spans.subscription_id = cancellations.subscription_id
            and spans.held_until >= cancellations.requested_at
            and spans.held_from <= cancellations.requested_at
    group by units.unit_id
),

wide as (
    select
        units.*,
        as_of.value_as_of,
        as_of.retention_as_of,
        first_sale.first_sale_at
        {%- for landmark, horizon in windows %},
        coalesce(sold.sale_count_{{ loop.index }}, 0) as sale_count_{{ loop.index }},
        case
            when coalesce(sold.sale_count_{{ loop.index }}, 0) = coalesce(sold.known_count_{{ loop.index }}, 0)
                then coalesce(sold.margin_amount_{{ loop.index }}, 0)
        end as margin_amount_{{ loop.index }}
        {%- endfor %}
        {%- for landmark in var('comparison_landmark_days') %},
        coalesce(subscribed.held_count_{{ landmark }}, 0) as held_count_{{ landmark }},
        subscribed.requested_at_{{ landmark }}
        {%- endfor %}
    from units
    left join sold
        on units.unit_id = sold.unit_id
    left join subscribed
        on units.unit_id = subscribed.unit_id
    cross join as_of
    cross join first_sale
),

long as (
    {%- for landmark, horizon in windows %}
    {%- set days = landmark + horizon if landmark >= 0 else 0 %}
    {%- set over_at = seconds_after('month_over_at', 86400 * days + 3600 * var('ingestion_lag_hours')) %}
    {%- set number = loop.index %}
    {%- for outcome in comparison_outcomes(landmark) %}
    select
        unit_id,
        study,
        customer_id,
        is_exposed,
        stratum,
        {{ landmark }} as landmark_days,
        {{ horizon }} as horizon_days,
        '{{ outcome }}' as outcome,
        {%- if outcome == 'has_cancelled' %}
        cast(
            case when requested_at_{{ landmark }} <= {{ seconds_after('index_at', 86400 * days) }} then 1 else 0 end
            as {{ double_type() }}
        ) as outcome_value
        {%- else %}
        cast({{ outcome }}_{{ number }} as {{ double_type() }}) as outcome_value
        {%- endif %}
    from wide
    where
        {%- if outcome == 'has_cancelled' %}
        held_count_{{ landmark }} > 0
        and {{ over_at }} <= retention_as_of
        {%- else %}
        {{ outcome }}_{{ number }} is not null
        and {{ over_at }} <= value_as_of
        {%- if landmark < 0 %}
        and {{ seconds_after('cast(month_start_date as ' ~ dbt.type_timestamp() ~ ')', 86400 * landmark) }} >= first_sale_at
        {%- endif %}
        {%- endif %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

final as (
    select
        {{ comparison_id() }} as comparison_id,
        study,
        outcome,
        landmark_days,
        horizon_days,
        unit_id,
        customer_id,
        is_exposed,
        stratum,
        outcome_value
    from long
)

select * from final
