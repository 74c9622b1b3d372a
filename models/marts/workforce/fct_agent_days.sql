-- One row per agent and local day with paid time, a time sheet or contacts: where the agent's time went (M04b), and emails per productive
-- hour as a proxy where nothing better is known (M04a). Days are those of the reporting time zone, of 23 and 25 hours where clocks
-- change.
{%- set parts = [
    'occupied', 'other_channel', 'available', 'other_productive', 'break', 'unowned_contact', 'paid_state', 'paid_occupied', 'paid_ready',
    'stated',
] %}

with

day_seconds as (
    select * from {{ ref('int_agent_day_seconds') }}
),

pay as (
    select * from {{ ref('stg_agent_pay') }}
),

legs as (
    select * from {{ ref('fct_agent_segments') }}
),

contacts as (
    select * from {{ ref('fct_contacts') }}
),

agents as (
    select * from {{ ref('dim_agent') }}
),

offsets as (
    select * from {{ ref('int_timezone_offsets') }}
),

clock as (
    select
        agent_id,
        work_date,
        {%- for name in parts %}
        cast(sum({{ name }}_seconds) as bigint) as {{ name }}_seconds,
        {%- endfor %}
        cast(sum(contact_sum_seconds) as bigint) as contact_sum_seconds
    from day_seconds
    group by agent_id, work_date
),

paid as (
    select
        agent_id,
        work_date,
        cast(floor(sum(coalesce(regular_minutes, 0) + coalesce(overtime_minutes, 0)) * 60) as bigint) as payroll_seconds,
        cast(floor(sum(coalesce(overtime_minutes, 0)) * 60) as bigint) as overtime_seconds
    from pay
    group by agent_id, work_date
),

handled as (
    select
        legs.agent_id,
        cast({{ seconds_after('legs.started_at', 'offsets.utc_offset_seconds') }} as date) as work_date,
        count(distinct legs.contact_id) as handled_contact_count,
        count(distinct case when contacts.channel = 'email' then legs.contact_id end) as handled_email_count
    from legs
    inner join contacts
        on legs.contact_id = contacts.contact_id
    inner join offsets
        on
            offsets.timezone = '{{ var("reporting_timezone") }}'
            and legs.started_at >= offsets.valid_from
            and legs.started_at < offsets.valid_to
    where
        legs.agent_id is not null
        and legs.has_conversation
    group by legs.agent_id, cast({{ seconds_after('legs.started_at', 'offsets.utc_offset_seconds') }} as date)
),

agent_days as (
    select
        agent_id,
        work_date
    from clock
    union
    select
        agent_id,
        work_date
    from paid
    union
    select
        agent_id,
        work_date
    from handled
),

joined as (
    select
        agent_days.agent_id,
        agent_days.work_date,
        agents.team,
        agents.site,
        agents.vendor_id,
        coalesce(agents.role, 'agent') as role,
        coalesce(clock.stated_seconds, 0) > 0 as has_state_records,
        coalesce(clock.occupied_seconds, 0) as occupied_seconds,
        coalesce(clock.other_channel_seconds, 0) as other_channel_seconds,
        coalesce(clock.contact_sum_seconds, 0) as contact_sum_seconds,
        coalesce(clock.available_seconds, 0) as available_seconds,
        coalesce(clock.other_productive_seconds, 0) as other_productive_seconds,
        coalesce(clock.break_seconds, 0) as break_seconds,
        coalesce(clock.unowned_contact_seconds, 0) as unowned_contact_seconds,
        coalesce(clock.paid_state_seconds, 0) as paid_state_seconds,
        coalesce(clock.paid_occupied_seconds, 0) as paid_occupied_seconds,
        coalesce(clock.paid_ready_seconds, 0) as paid_ready_seconds,
        paid.payroll_seconds,
        coalesce(paid.overtime_seconds, 0) as overtime_seconds,
        coalesce(handled.handled_contact_count, 0) as handled_contact_count,
        coalesce(handled.handled_email_count, 0) as handled_email_count
    from agent_days
    left join clock
        on
            agent_days.agent_id = clock.agent_id
            and agent_days.work_date = clock.work_date
    left join paid
        on
            agent_days.agent_id = paid.agent_id
            and agent_days.work_date = paid.work_date
    left join handled
        on
            agent_days.agent_id = handled.agent_id
            and agent_days.work_date = handled.work_date
    left join agents
        on
            agent_days.agent_id = agents.agent_id
            and agent_days.work_date >= agents.effective_from
            and agent_days.work_date < agents.effective_before
),

final as (
    select
        {{ dbt.concat(['agent_id', "':'", 'cast(work_date as ' ~ dbt.type_string() ~ ')']) }} as agent_day_id,
        agent_id,
        work_date,
        team,
        site,
        vendor_id,
        role,
        has_state_records,
        occupied_seconds,
        contact_sum_seconds,
        case when has_state_records then available_seconds end as available_seconds,
        case when has_state_records then other_productive_seconds end as other_productive_seconds,
        case when has_state_records then break_seconds end as break_seconds,
        case when has_state_records then unowned_contact_seconds end as unowned_contact_seconds,
        case when has_state_records then paid_state_seconds else payroll_seconds end as paid_seconds,
        case
            when has_state_records then 'time sheet'
            when payroll_seconds is not null then 'payroll'
        end as paid_basis,
        payroll_seconds,
        overtime_seconds,
        -- paid time in which the agent was there for contacts neither in fact nor in readiness
        case when has_state_records then paid_state_seconds - paid_occupied_seconds - paid_ready_seconds end as shrinkage_seconds,
        case when has_state_records then occupied_seconds + available_seconds end as productive_seconds,
        case when not has_state_records then 'no time sheet' end as time_null_reason,
        handled_contact_count,
        handled_email_count,
        -- what is left of the time for contacts beside those of other channels, waiting for either included
        case when has_state_records then occupied_seconds - other_channel_seconds + available_seconds end as email_productive_seconds
    from joined
)

select * from final
