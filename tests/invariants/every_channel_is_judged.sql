-- A failure means that the raw contract allows a channel that a seed does not know: its contacts would be neither live nor deferred,
-- without a target or a limit of handle time. What to do: add the channel to the seeds named here, for all dates.
{%- set channels = [] -%}
{%- if execute -%}
    {%- do channels.extend(contract_table('contacts').columns['channel'].config.meta['accepted_values']) -%}
{%- endif %}

with

allowed as (
    {%- for channel in channels %}
    select '{{ channel }}' as channel
    {{ 'union all' if not loop.last }}
    {%- else %}
    select 'none' as channel where 1 = 0
    {%- endfor %}
),

decided as (
    select
        channel,
        'channels' as seed
    from {{ ref('channels') }}

    union all

    select
        channel,
        'service_level_targets' as seed
    from {{ ref('service_level_targets') }}
    where queue_id = 'any'

    union all

    select
        channel,
        'duration_limits' as seed
    from {{ ref('duration_limits') }}
),

seeds as (
    select seed
    from decided
    group by seed
)

select
    allowed.channel,
    seeds.seed
from allowed
cross join seeds
left join decided
    on
        allowed.channel = decided.channel
        and seeds.seed = decided.seed
where decided.channel is null
