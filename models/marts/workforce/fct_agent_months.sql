-- One row per agent and month of employment: on the books, hired or left (M15), coached and asked, and how the agent's contacts went.
-- Results of few contacts have an interval and no rank.
-- noqa: disable=LT02
with

employments as (
    select * from {{ ref('int_employments') }}
),

months as (
    select
        month_start_date,
        month_end_date,
        count(*) as days_in_month
    from {{ ref('int_cost_days') }}
    group by month_start_date, month_end_date
),

agents as (
    select * from {{ ref('dim_agent') }}
),

coaching_sessions as (
    select * from {{ ref('stg_coaching_sessions') }}
),

feedback as (
    select * from {{ ref('stg_agent_feedback') }}
),

results as (
    select * from {{ ref('int_agent_reason_months') }}
),

employed as (
    select
        employments.*,
        months.month_start_date,
        months.month_end_date,
        months.days_in_month,
        greatest(employments.began_on, months.month_start_date) as first_day,
        case when employments.left_on < months.month_end_date then employments.left_on else months.month_end_date end as last_day
    from employments
    inner join months
        on
            employments.began_on <= months.month_end_date
            and (employments.left_on is null or employments.left_on >= months.month_start_date)
),

agent_months as (
    select
        agent_id,
        month_start_date,
        month_end_date,
        days_in_month,
        {{ latest('role', ['employment_number']) }} as role,
        max(last_day) as last_day,
        max(hired_on) as hired_on,
        cast(
            sum({{ dbt.datediff('first_day', 'last_day', 'day') }} + 1) as bigint
        ) as employed_days,
        count(case when began_on < month_start_date then 1 end) as opening_count,
        count(case when left_on is null or left_on > month_end_date then 1 end) as closing_count,
        count(case when began_on >= month_start_date then 1 end) as hire_count,
        count(case when began_on >= month_start_date and employment_number > 1 then 1 end) as rehire_count,
        count(case when left_on <= month_end_date then 1 end) as end_count,
        {%- set left_out = "coalesce(leave_kind, '') in ('" ~ var('attrition_excluded_leave_kinds') | join("', '") ~ "')" %}
        count(
            case
                when left_on <= month_end_date and not {{ left_out }}
                    then 1
            end
        ) as leaver_count,
        {{ latest('case when left_on <= month_end_date then leave_kind end', ['employment_number']) }} as leave_kind
    from employed
    group by agent_id, month_start_date, month_end_date, days_in_month
),

-- who the agent was on the last day of the month on the books
versions as (
    select
        agent_months.agent_id,
        agent_months.month_start_date,
        agents.team,
        agents.site,
        agents.vendor_id,
        row_number() over (
            partition by agent_months.agent_id, agent_months.month_start_date
            order by agents.effective_from desc
        ) as version_rank
    from agent_months
    inner join agents
        on
            agent_months.agent_id = agents.agent_id
            and agent_months.last_day >= agents.effective_from
),

coached as (
    select
        agent_id,
        cast({{ dbt.date_trunc('month', 'held_at') }} as date) as month_start_date,
        count(*) as coaching_session_count
    from coaching_sessions
    where held_at is not null
    group by agent_id, cast({{ dbt.date_trunc('month', 'held_at') }} as date)
),

asked as (
    select
        agent_id,
        cast({{ dbt.date_trunc('month', 'asked_at') }} as date) as month_start_date,
        count(*) as asked_count,
        count(engagement_score) as engagement_answer_count,
        cast(coalesce(sum(engagement_score), 0) as decimal(18, 6)) as engagement_score_sum
    from feedback
    where asked_at is not null
    group by agent_id, cast({{ dbt.date_trunc('month', 'asked_at') }} as date)
),

summed_results as (
    select
        agent_id,
        month_start_date,
        {%- for name in ['handled_count', 'handle_seconds', 'first_contact_count', 'resolved_count', 'answer_count', 'satisfied_count'] %}
        cast(sum({{ name }}) as bigint) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from results
    group by agent_id, month_start_date
),

joined as (
    select
        agent_months.*,
        versions.team,
        versions.site,
        versions.vendor_id,
        coalesce(coached.coaching_session_count, 0) as coaching_session_count,
        coalesce(asked.asked_count, 0) as asked_count,
        coalesce(asked.engagement_answer_count, 0) as engagement_answer_count,
        coalesce(asked.engagement_score_sum, cast(0 as decimal(18, 6))) as engagement_score_sum,
        {%- for name in ['handled_count', 'handle_seconds', 'first_contact_count', 'resolved_count', 'answer_count', 'satisfied_count'] %}
        coalesce(summed_results.{{ name }}, 0) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from agent_months
    left join versions
        on
            agent_months.agent_id = versions.agent_id
            and agent_months.month_start_date = versions.month_start_date
            and versions.version_rank = 1
    left join coached
        on
            agent_months.agent_id = coached.agent_id
            and agent_months.month_start_date = coached.month_start_date
    left join asked
        on
            agent_months.agent_id = asked.agent_id
            and agent_months.month_start_date = asked.month_start_date
    left join summed_results
        on
            agent_months.agent_id = summed_results.agent_id
            and agent_months.month_start_date = summed_results.month_start_date
),

ranked as (
    select
        *,
        case
            when role <> 'agent' then 'no agent'
            when first_contact_count < {{ var('minimum_n_rank') }} then 'too few contacts'
        end as rank_null_reason
    from joined
),

final as (
    select
        {{ dbt.concat(['agent_id', "':'", 'cast(month_start_date as ' ~ dbt.type_string() ~ ')']) }} as agent_month_id,
        agent_id,
        month_start_date,
        team,
        site,
        vendor_id,
        role,
        employed_days,
        {{ share_of('cast(1 as decimal(18, 6))', 'employed_days', 'days_in_month') }} as mean_headcount,
        opening_count,
        closing_count,
        hire_count,
        rehire_count,
        end_count,
        leaver_count,
        leave_kind,
        cast(
            {{ dbt.datediff('hired_on', 'month_start_date', 'month') }} as bigint
        ) as tenure_months,
        coaching_session_count,
        asked_count,
        engagement_answer_count,
        engagement_score_sum,
        handled_count,
        handle_seconds,
        answer_count,
        satisfied_count,
        first_contact_count,
        resolved_count,
        {{ share_of('cast(1 as decimal(18, 6))', 'resolved_count', 'first_contact_count') }} as fcr_rate,
        {{ statistic(wilson_low('resolved_count', 'first_contact_count')) }} as fcr_rate_low,
        {{ statistic(wilson_high('resolved_count', 'first_contact_count')) }} as fcr_rate_high,
        cast(case
            when rank_null_reason is null
                then
                    rank() over (
                        partition by month_start_date, rank_null_reason
                        order by {{ statistic('cast(resolved_count as ' ~ double_type() ~ ') / nullif(first_contact_count, 0)') }} desc
                    )
        end as bigint) as fcr_rank,
        rank_null_reason
    from ranked
)

select * from final
