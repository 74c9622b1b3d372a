{{ config(materialized=kept(), incremental_strategy='new_loads') }}

{{ newest_delivery('agent_pay_rates') }}
