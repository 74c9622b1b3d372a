-- One row per staged agent with the company's own fields (x_*), which no contract can name in advance.
-- depends_on: {{ source('raw', 'agents') }}
{{ config(materialized='view', contract={'enforced': false}) }}

{{ custom_fields('agents') }}
