-- One row per day of the months of the books: whole months, from the first to the last in which anything happened that costs. They reach
-- further than the calendar of contacts, since pay, bills and meters go on when nobody calls.
{{ config(materialized='table') }}
{%- set happenings = [
    ('int_calendar', ['date_day']),
    ('stg_contact_segments', ['started_at']),
    ('stg_agent_states', ['started_at']),
    ('stg_agent_pay', ['work_date']),
    ('stg_technology_usage', ['used_at']),
    ('stg_qa_evaluations', ['submitted_at']),
    ('stg_ledger_entries', ['period_month', 'posted_on']),
] %}

with

happenings as (
    {%- for model, columns in happenings %}
    {%- set is_last_model = loop.last %}
    {%- for column in columns %}
    select
        cast(min({{ column }}) as date) as first_day,
        cast(max({{ column }}) as date) as last_day
    from {{ ref(model) }}
    {{ 'union all' if not (is_last_model and loop.last) }}
    {%- endfor %}
    {%- endfor %}
),

-- a day more on either side: what is that day in UTC may be another in the zone of the books
covered as (
    select
        cast({{ dbt.date_trunc('month', dbt.dateadd('day', -1, 'min(first_day)')) }} as date) as first_day,
        cast({{ dbt.last_day(dbt.dateadd('day', 1, 'max(last_day)'), 'month') }} as date) as last_day
    from happenings
),

numbers as (
    {{ whole_numbers(var('calendar_days')) }}
),

days as (
    select
        cast({{ dbt.dateadd(
            'day', 'cast(generated_number - 1 as integer)', "cast('" ~ var('calendar_first_day') ~ "' as date)"
        ) }} as date) as date_day
    from numbers
),

final as (
    select
        days.date_day,
        cast({{ dbt.date_trunc('month', 'days.date_day') }} as date) as month_start_date,
        cast({{ dbt.last_day('days.date_day', 'month') }} as date) as month_end_date
    from days
    inner join covered
        on days.date_day between covered.first_day and covered.last_day
)

select * from final
