-- One row per agent, local day and month of the books: where the agent's wall clock went (M04b). One sweep over the instants at which a
-- contact, a state or a day begins or ends: a second with two chats is one second on contacts, and a second on a contact is nothing else,
-- whatever the time sheet calls it. Ringing is neither work nor waiting. A span belongs to the month of the books in which it began, its
-- seconds to their own days.
-- noqa: disable=LT02
{{ config(materialized=kept(), incremental_strategy='touched', unique_key='period_month') }}
{%- set kinds = ['contact', 'other_channel', 'available', 'productive', 'break', 'stated_contact', 'paid'] %}
{%- set productive_states = "('meeting', 'training', 'coaching', 'project')" %}
{%- set parts = [
    'occupied', 'other_channel', 'available', 'other_productive', 'break', 'unowned_contact', 'paid_state', 'paid_occupied', 'paid_ready',
    'stated',
] %}

with

queues as (
    select * from {{ ref('stg_queues') }}
),

contact_spans as (
    select
        spans.*,
        -- a queue of several channels says nothing
        coalesce(queues.channel <> 'email', false) as is_other_channel
    from {{ ref('int_agent_contact_spans') }} as spans
    left join queues
        on spans.queue_id = queues.queue_id
    where
        spans.activity <> 'ring'
        and not spans.is_inside_talk
        and spans.ended_at > spans.started_at
),

state_spans as (
    select * from {{ ref('int_agent_state_spans') }}
),

days as (
    select
        date_day,
        {{ to_utc('cast(date_day as ' ~ dbt.type_timestamp() ~ ')', "'" ~ var('reporting_timezone') ~ "'") }} as begins_at
    from {{ ref('int_cost_days') }}
),

turns as (
    {%- for sign, instant in [(1, 'started_at'), (-1, 'ended_at')] %}
    select
        period_month,
        agent_id,
        {{ instant }} as happened_at,
        {{ sign }} as contact_change,
        case when is_other_channel then {{ sign }} else 0 end as other_channel_change,
        0 as available_change,
        0 as productive_change,
        0 as break_change,
        0 as stated_contact_change,
        0 as paid_change
    from contact_spans

    union all

    select
        period_month,
        agent_id,
        {{ instant }} as happened_at,
        0 as contact_change,
        0 as other_channel_change,
        case when state = 'available' then {{ sign }} else 0 end as available_change,
        case when state in {{ productive_states }} then {{ sign }} else 0 end as productive_change,
        case when state in ('break', 'offline') then {{ sign }} else 0 end as break_change,
        case when state = 'contact' then {{ sign }} else 0 end as stated_contact_change,
        case when is_paid then {{ sign }} else 0 end as paid_change
    from state_spans
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

reach as (
    select
        period_month,
        agent_id,
        {{ seconds_after('min(happened_at)', -27 * 3600) }} as first_at,
        max(happened_at) as last_at
    from turns
    group by period_month, agent_id
),

-- midnights cut what they lie in
cut_turns as (
    select
        turns.period_month,
        turns.agent_id,
        turns.happened_at,
        cast(null as date) as begun_day,
        {%- for kind in kinds %}
        turns.{{ kind }}_change{{ ',' if not loop.last }}
        {%- endfor %}
    from turns

    union all

    select
        reach.period_month,
        reach.agent_id,
        days.begins_at as happened_at,
        days.date_day as begun_day,
        {%- for kind in kinds %}
        0 as {{ kind }}_change{{ ',' if not loop.last }}
        {%- endfor %}
    from reach
    inner join days
        on
            reach.first_at <= days.begins_at
            and reach.last_at >= days.begins_at
),

instants as (
    select
        period_month,
        agent_id,
        happened_at,
        max(begun_day) as begun_day,
        {%- for kind in kinds %}
        sum({{ kind }}_change) as {{ kind }}_change{{ ',' if not loop.last }}
        {%- endfor %}
    from cut_turns
    group by period_month, agent_id, happened_at
),

ticks as (
    select
        period_month,
        agent_id,
        max(begun_day) over until_here as work_date,
        {{ seconds_between('happened_at', 'lead(happened_at) over in_order') }} as elapsed_seconds,
        {%- for kind in kinds %}
        cast(sum({{ kind }}_change) over until_here as bigint) > 0 as is_{{ kind }}{{ ',' if not loop.last }}
        {%- endfor %}
    from instants
    window
        in_order as (
            partition by period_month, agent_id
            order by happened_at
        ),
        until_here as (
            partition by period_month, agent_id
            order by happened_at
            rows between unbounded preceding and current row
        )
),

-- the sum of contacts stands beside, to show what concurrency would make of it
summed_spans as (
    select
        contact_spans.period_month,
        contact_spans.agent_id,
        cast({{ seconds_after('contact_spans.started_at', 'offsets.utc_offset_seconds') }} as date) as work_date,
        sum(contact_spans.span_seconds) as contact_sum_seconds
    from contact_spans
    inner join {{ ref('int_timezone_offsets') }} as offsets
        on
            offsets.timezone = '{{ var("reporting_timezone") }}'
            and contact_spans.started_at >= offsets.valid_from
            and contact_spans.started_at < offsets.valid_to
    group by
        contact_spans.period_month,
        contact_spans.agent_id,
        cast({{ seconds_after('contact_spans.started_at', 'offsets.utc_offset_seconds') }} as date)
),

seconds as (
    select
        period_month,
        agent_id,
        work_date,
        sum(case when is_contact then elapsed_seconds else 0 end) as occupied_seconds,
        sum(case when is_other_channel then elapsed_seconds else 0 end) as other_channel_seconds,
        sum(case when is_available and not is_contact then elapsed_seconds else 0 end) as available_seconds,
        sum(case when is_productive and not is_contact then elapsed_seconds else 0 end) as other_productive_seconds,
        sum(case when is_break and not is_contact then elapsed_seconds else 0 end) as break_seconds,
        sum(case when is_stated_contact and not is_contact then elapsed_seconds else 0 end) as unowned_contact_seconds,
        sum(case when is_paid then elapsed_seconds else 0 end) as paid_state_seconds,
        sum(case when is_paid and is_contact then elapsed_seconds else 0 end) as paid_occupied_seconds,
        sum(
            case when is_paid and not is_contact and (is_available or is_stated_contact) then elapsed_seconds else 0 end
        ) as paid_ready_seconds,
        sum(
            case
                when is_available or is_productive or is_break or is_stated_contact then elapsed_seconds
                else 0
            end
        ) as stated_seconds
    from ticks
    group by period_month, agent_id, work_date
),

final as (
    select
        seconds.period_month,
        seconds.agent_id,
        seconds.work_date,
        {%- for name in parts %}
        cast(seconds.{{ name }}_seconds as bigint) as {{ name }}_seconds,
        {%- endfor %}
        cast(coalesce(summed_spans.contact_sum_seconds, 0) as bigint) as contact_sum_seconds
    from seconds
    left join summed_spans
        on
            seconds.period_month = summed_spans.period_month
            and seconds.agent_id = summed_spans.agent_id
            and seconds.work_date = summed_spans.work_date
    where seconds.work_date is not null
)

select * from final
