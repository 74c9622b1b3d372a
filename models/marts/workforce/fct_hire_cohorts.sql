-- One row per month of hiring and number of days: how many of the agents hired in it were still there after so many days, of those hired
-- so long ago (M15). Whose days are not over yet is not counted, neither as stayed nor as left: who left early would be seen at once, and
-- who stays only later.
with

employments as (
    select *
    from {{ ref('int_employments') }}
    where
        role = 'agent'
        and hired_on is not null
),

as_of as (
    select cast(as_of as date) as known_on
    from {{ ref('int_as_of') }}
    where domain = 'workforce'
),

first_day as (
    select min(month_start_date) as first_month
    from {{ ref('int_cost_days') }}
),

horizons as (
    {%- for days in [30, 60, 90, 180, 365] %}
    select cast({{ days }} as bigint) as horizon_days
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

followed as (
    select
        cast({{ dbt.date_trunc('month', 'employments.hired_on') }} as date) as hire_month,
        horizons.horizon_days,
        employments.left_on,
        cast({{ dbt.dateadd('day', 'cast(horizons.horizon_days as integer)', 'employments.hired_on') }} as date) as horizon_day,
        as_of.known_on,
        employments.hired_on < first_day.first_month as is_hired_before_the_books
    from employments
    cross join horizons
    cross join first_day
    left join as_of
        on true
),

counted as (
    select
        hire_month,
        horizon_days,
        count(*) as hired_count,
        count(case when horizon_day < known_on then 1 end) as known_count,
        count(case when horizon_day < known_on and (left_on is null or left_on >= horizon_day) then 1 end) as stayed_count,
        count(case when is_hired_before_the_books then 1 end) as before_count
    from followed
    group by hire_month, horizon_days
),

final as (
    select
        hire_month,
        horizon_days,
        hired_count,
        known_count,
        stayed_count,
        known_count = hired_count as is_mature,
        -- of who was hired before the books begin, only those are known who stayed until then
        case
            when before_count > 0 then 'hired before the books begin'
            when known_count = 0 then 'days not over yet'
        end as survival_null_reason,
        case
            when before_count = 0 then {{ share_of('cast(1 as decimal(18, 6))', 'stayed_count', 'known_count') }}
        end as survival_rate
    from counted
)

select * from final
