{#- The components of a contact's cost: name, pool, driver, quantity of the driver, and the amount's column in int_contact_cost_amounts. -#}
{% macro cost_components() -%}
    {%- set components = [] -%}
    {%- for activity in agent_activities() -%}
        {%- do components.append(('agent_' ~ activity, 'labour_pool', "'agent_seconds'", activity ~ '_seconds', activity)) -%}
    {%- endfor -%}
    {%- do components.extend([
        ('vendor_fee', "'bpo_invoices'", "'vendor_contract'", 'cast(fee_handle_seconds as decimal(18, 6))', 'vendor_fee'),
        ('on_costs', "'on_costs'", "'pay'", 'contact_seconds', 'on_costs'),
        ('premium_on_costs', "'on_costs'", "'overtime_premium'", 'premium_seconds', 'premium_on_cost'),
        ('overtime_premium', "'overtime_premium'", "'overtime'", 'premium_seconds', 'overtime_premium'),
        ('channel_usage', "'telecom'", 'channel_driver', 'cast(channel_quantity as decimal(18, 6))', 'channel'),
        ('technology', "'ai_usage'", "'metered_use'", 'cast(usage_count as decimal(18, 6))', 'technology'),
    ]) -%}
    {%- for pool in shared_pools() -%}
        {%- do components.append((pool, "'" ~ pool ~ "'", "'agent_seconds'", 'contact_seconds', pool)) -%}
    {%- endfor -%}
    {{ return(components) }}
{%- endmacro %}
