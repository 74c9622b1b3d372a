-- What does the bot's vendor claim, and what of it lasts? Per technology and model version, over the same eligible, mature attempts:
-- resolved by the vendor's word, with evidence, and durably, and how many of the vendor's resolutions came back within the window
-- (M08). A claim that stays while the durable rate falls is a model that got worse unseen.
with

attempts as (
    select * from {{ ref('fct_bot_attempts') }}
    where is_eligible and is_mature
),

technologies as (
    select * from {{ ref('dim_technology') }}
),

versions as (
    select
        technology_id,
        coalesce(model_version, '(unknown)') as model_version,
        min(business_date) as first_business_date,
        max(business_date) as last_business_date,
        count(*) as eligible_count,
        count(case when is_contained then 1 end) as contained_count,
        count(case when is_vendor_resolved then 1 end) as vendor_resolved_count,
        count(case when is_resolved then 1 end) as evidenced_count,
        count(case when is_durably_resolved then 1 end) as durable_count,
        count(case when is_vendor_resolved and is_contained then 1 end) as vendor_resolved_contained_count,
        count(case when is_vendor_resolved and is_contained and is_returned then 1 end) as vendor_resolved_returned_count,
        count(case when is_vendor_resolved and not is_contained then 1 end) as vendor_resolved_with_handoff_count
    from attempts
    group by technology_id, coalesce(model_version, '(unknown)')
),

final as (
    select
        coalesce(technologies.name, versions.technology_id, '(unknown)') as technology,
        versions.model_version,
        versions.first_business_date,
        versions.last_business_date,
        versions.eligible_count,
        versions.contained_count * 1.0 / versions.eligible_count as containment_rate,
        versions.vendor_resolved_count * 1.0 / versions.eligible_count as vendor_claimed_rate,
        versions.evidenced_count * 1.0 / versions.eligible_count as evidenced_rate,
        versions.durable_count * 1.0 / versions.eligible_count as true_deflection_rate,
        versions.vendor_resolved_returned_count * 1.0 / nullif(versions.vendor_resolved_contained_count, 0) as vendor_resolved_return_rate,
        versions.vendor_resolved_with_handoff_count,
        (versions.vendor_resolved_count - versions.durable_count) * 1.0 / nullif(versions.vendor_resolved_count, 0) as overstated_share
    from versions
    left join technologies
        on versions.technology_id = technologies.technology_id
)

select * from final
order by technology, first_business_date, model_version
