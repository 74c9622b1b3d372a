-- One row per month (or all time) and definition of a save rate: what vendors would make of the same episodes, beside the durable rate
-- (M27). Definitions that count who hung up on the request as saved show about twice as much.
-- noqa: disable=LT02
{%- set is_session = "session_result is not null and session_result <> 'bounced'" %}
{%- set is_accepted = "session_result in ('accepted', 'paused')" %}
{%- set definitions = [
    ('durable_30d', 'is_eligible and is_saved_30d is not null', 'is_saved_30d'),
    ('durable_60d', 'is_eligible and is_saved_60d is not null', 'is_saved_60d'),
    ('durable_90d', 'is_eligible and is_saved_90d is not null', 'is_saved_90d'),
    ('active_30d_of_attempts', 'was_attempted and is_active_30d is not null', 'is_active_30d'),
    ('not_cancelled_in_session', is_session, "session_result <> 'cancelled'"),
    ('accepted_of_sessions', is_session, is_accepted),
    ('accepted_of_decided', "session_result in ('accepted', 'paused', 'cancelled')", is_accepted),
] %}

with

episodes as (
    select
        *,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as month_start_date
    from {{ ref('fct_save_episodes') }}
    where business_date is not null
),

counted as (
    select
        case when grouping(month_start_date) = 0 then month_start_date end as month_start_date
        {%- for name, is_counted, is_saved in definitions %},
        count(case when {{ is_counted }} then 1 end) as {{ name }}_count,
        count(case when {{ is_counted }} and {{ is_saved }} then 1 end) as {{ name }}_saved_count
        {%- endfor %}
    from episodes
    group by rollup(month_start_date)
),

by_definition as (
    {%- for name, is_counted, is_saved in definitions %}
    select
        month_start_date,
        '{{ name }}' as definition,
        {{ name }}_count as episode_count,
        {{ name }}_saved_count as saved_count
    from counted
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

final as (
    select
        month_start_date,
        definition,
        episode_count,
        saved_count,
        {{ published_share('saved', 'saved_count', 'episode_count', 'too few episodes') }}
    from by_definition
)

select * from final
