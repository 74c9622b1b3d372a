{{ config(materialized='table') }}

{{ newest_delivery('contacts') }}
