{{ config(materialized=kept(), incremental_strategy='new_loads') }}

{{ newest_delivery('transactions') }}
