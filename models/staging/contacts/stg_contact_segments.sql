{{ config(materialized='table') }}

{{ newest_delivery('contact_segments') }}
