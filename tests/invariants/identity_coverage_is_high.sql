-- A warning means that fewer inbound contacts than identity_coverage_warn have a customer who can be recognised (B.3): repeats,
-- resolution and churn are measured on the others only and may not hold for all. What to do: see by channel where customer_id is
-- missing or denied (seed denied_customer_ids), and look the customer up before delivery.
{{ config(severity='warn') }}

with

counted as (
    select
        count(*) as contact_count,
        count(case when is_identified then 1 end) as identified_contact_count
    from {{ ref('fct_contacts') }}
    where
        exclusion_reason is null
        and direction = 'inbound'
)

select *
from counted
where identified_contact_count < {{ var('identity_coverage_warn') }} * contact_count
