{#- Time of an agent is counted in parts of a second, so that what several contacts share at once has no rest: 720,720 can be divided by every
    number from 1 to 16. -#}
{% macro time_units_per_second() -%}
    {{ return(720720) }}
{%- endmacro %}


{#- How much of an agent a contact takes while others are open beside it (M34): as much as each other (equal), or the less, the more contacts
    its queue lets an agent hold at once (capacity). In 2,520ths, which can be divided by every number from 1 to 10. -#}
{% macro concurrency_weight(concurrency_capacity) -%}
    {%- if var('concurrency_split') == 'equal' -%}
        1
    {%- elif var('concurrency_split') == 'capacity' -%}
        case
            {%- for capacity in range(1, 10) %}
            when coalesce({{ concurrency_capacity }}, 1) <= {{ capacity }} then {{ 2520 // capacity }}
            {%- endfor %}
            else 252
        end
    {%- elif var('concurrency_split') == 'none' -%}
        1
    {%- else -%}
        {{ exceptions.raise_compiler_error(
            "dbt_project.yml: concurrency_split is '" ~ var('concurrency_split') ~ "': use equal, capacity or none"
        ) }}
    {%- endif -%}
{%- endmacro %}


{#- What a contact weighs that takes the agent whole. -#}
{% macro concurrency_weight_unit() -%}
    {{ return(2520 if var('concurrency_split') == 'capacity' else 1) }}
{%- endmacro %}


{#- What an agent can do in a contact, each with its own component of cost. -#}
{% macro agent_activities() -%}
    {{ return(['ring', 'talk', 'hold', 'message', 'consult', 'wrap']) }}
{%- endmacro %}


{#- Pools whose ledger amount is shared out by a driver, in the order in which they are: corporate follows the cost of all the others. -#}
{% macro shared_pools() -%}
    {{ return(['supervision', 'workforce_management', 'platform_licences', 'facilities', 'quality', 'corporate']) }}
{%- endmacro %}
