-- One row per contact with the first exclusion rule that it meets (B.6), null for a contact that counts. A rule counts on business
-- dates between its effective dates in the seed exclusion_rules; the order of the rules here is their precedence.
-- noqa: disable=LT02,LT05
{%- set rules = {
    'test': 'contacts.is_test',
    'source': 'contacts.source_exclusion is not null',
    'monitor': "contacts.initiation_method = 'monitor'",
    'internal': "contacts.direction = 'internal'",
    'staff': 'customers.is_staff',
    'survey_call': "contacts.direction = 'outbound' and contacts.purpose = 'survey'",
    'outbound_sales': "contacts.direction = 'outbound' and contacts.purpose in ('sales', 'collections')",
    'automated_outbound': "contacts.direction = 'outbound' and contacts.initiation_method = 'api' and contacts.agent_segment_count = 0",
    'empty_bot_session': "contacts.contact_outcome = 'self_served' and contacts.bot_seconds + contacts.ivr_seconds = 0"
        ~ " and not contacts.has_invalid_self_service",
} %}

with

contacts as (
    select * from {{ ref('int_contact_calendar') }}
),

customers as (
    select * from {{ ref('stg_customers') }}
),

exclusion_rules as (
    select * from {{ ref('exclusion_rules') }}
),

-- one row, so that the dates of every rule stand beside each contact
rule_dates as (
    select
        {%- for rule in rules %}
        max(case when rule = '{{ rule }}' then effective_from end) as {{ rule }}_from,
        max(case when rule = '{{ rule }}' then effective_to end) as {{ rule }}_to{{ ',' if not loop.last }}
        {%- endfor %}
    from exclusion_rules
),

final as (
    select
        contacts.*,
        case
            {%- for rule, condition in rules.items() %}
            when
                {{ condition }}
                and contacts.business_date between rule_dates.{{ rule }}_from and rule_dates.{{ rule }}_to
                then {{ 'lower(contacts.source_exclusion)' if rule == 'source' else "'" ~ rule ~ "'" }}
            {%- endfor %}
        end as exclusion_reason
    from contacts
    cross join rule_dates
    left join customers
        on contacts.customer_id = customers.customer_id
)

select * from final
