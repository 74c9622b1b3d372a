-- One row per staged customer with the company's own fields (x_*), which no contract can name in advance.
-- depends_on: {{ source('raw', 'customers') }}
{{ config(materialized='view', contract={'enforced': false}) }}

{{ custom_fields('customers') }}
