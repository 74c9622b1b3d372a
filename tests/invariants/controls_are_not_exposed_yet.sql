-- A failure means that a customer is a control after they were exposed, or exposed twice in one study (M47): the comparison would then look
-- ahead, or count a customer double. What to do: look at the customer in int_comparison_contacts and in int_comparison_units.
with

units as (
    select * from {{ ref('int_comparison_units') }}
),

exposed as (
    select
        study,
        customer_id,
        min(index_at) as exposed_at,
        count(*) as exposed_count
    from units
    where is_exposed = 1
    group by study, customer_id
)

select
    units.study,
    units.customer_id,
    units.unit_id
from units
inner join exposed
    on
        units.study = exposed.study
        and units.customer_id = exposed.customer_id
where
    exposed.exposed_count > 1
    or (units.is_exposed = 0 and units.index_at >= exposed.exposed_at)
