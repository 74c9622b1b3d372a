-- One row per staged queue with the company's own fields (x_*), which no contract can name in advance.
-- depends_on: {{ source('raw', 'queues') }}
{{ config(materialized='view', contract={'enforced': false}) }}

{{ custom_fields('queues') }}
