-- One row per staged contact record with the company's own fields (x_*), which no contract can name in advance.
-- depends_on: {{ source('raw', 'contacts') }}
{{ config(materialized='view', contract={'enforced': false}) }}

{{ custom_fields('contacts') }}
