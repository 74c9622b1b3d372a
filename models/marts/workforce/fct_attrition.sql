-- One row per month and group of agents - all, a vendor or a team: who came and left, and attrition by each of the denominators that
-- people use (M15). A month's rate is annualised by twelve, which can exceed 100 %; compounded it is another number and stands beside.
with

agent_months as (
    select *
    from {{ ref('fct_agent_months') }}
    where role = 'agent'
),

grouped as (
    {%- for name, value in [('all', "'all'"), ('vendor_id', "coalesce(vendor_id, '(unknown)')"), ('team', "coalesce(team, '(unknown)')")] %}
    select
        month_start_date,
        '{{ name }}' as dimension,
        {{ value }} as dimension_value,
        cast(sum(opening_count) as bigint) as opening_count,
        cast(sum(hire_count) as bigint) as hire_count,
        cast(sum(end_count) as bigint) as end_count,
        cast(sum(leaver_count) as bigint) as leaver_count,
        count(case when leaver_count > 0 and leave_kind = 'voluntary' then 1 end) as voluntary_count,
        count(case when leaver_count > 0 and leave_kind = 'involuntary' then 1 end) as involuntary_count,
        cast(sum(closing_count) as bigint) as closing_count,
        count(*) as employed_count,
        cast(sum(mean_headcount) as decimal(18, 6)) as mean_headcount
    from agent_months
    group by month_start_date{{ ', ' ~ value if name != 'all' }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

suppressed as (
    select
        *,
        case when employed_count < {{ var('minimum_n_publish') }} then 'too few agents' end as rate_null_reason,
        cast(leaver_count as {{ double_type() }}) / nullif(cast(mean_headcount as {{ double_type() }}), 0) as monthly_rate
    from grouped
),

final as (
    select
        month_start_date,
        dimension,
        dimension_value,
        opening_count,
        hire_count,
        end_count,
        leaver_count,
        voluntary_count,
        involuntary_count,
        closing_count,
        employed_count,
        mean_headcount,
        rate_null_reason,
        cast(case when rate_null_reason is null then {{ statistic('monthly_rate') }} end as decimal(18, 6)) as monthly_rate,
        cast(case when rate_null_reason is null then {{ statistic('12 * monthly_rate') }} end as decimal(18, 6)) as annualised_rate,
        cast(case
            when rate_null_reason is null and monthly_rate <= 1 then {{ statistic('1 - power(1 - monthly_rate, 12)') }}
        end as decimal(18, 6)) as compounded_rate,
        cast(case
            when rate_null_reason is null
                then {{ statistic('24 * cast(leaver_count as ' ~ double_type() ~ ') / nullif(opening_count + closing_count, 0)') }}
        end as decimal(18, 6)) as annualised_rate_by_ends,
        cast(case
            when rate_null_reason is null
                then {{ statistic('12 * cast(leaver_count as ' ~ double_type() ~ ') / nullif(opening_count, 0)') }}
        end as decimal(18, 6)) as annualised_rate_by_opening,
        cast(case
            when rate_null_reason is null
                then {{ statistic('12 * cast(leaver_count as ' ~ double_type() ~ ') / nullif(employed_count, 0)') }}
        end as decimal(18, 6)) as annualised_rate_by_employed
    from suppressed
)

select * from final
