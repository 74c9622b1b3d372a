-- A failure means that the cost of a contact is not the sum of its components (M34). What to do: compare its rows in fct_contact_costs
-- with its row in fct_costed_contacts; a component that one of the two does not know is missing in macros/cost/cost_components.sql.
with

costed_contacts as (
    select * from {{ ref('fct_costed_contacts') }}
),

components as (
    select
        contact_id,
        sum(cost_amount) as cost_amount,
        count(cost_null_reason) as unknown_count
    from {{ ref('fct_contact_costs') }}
    group by contact_id
),

final as (
    select
        costed_contacts.contact_id,
        costed_contacts.cost_amount,
        components.cost_amount as cost_amount_of_components
    from costed_contacts
    left join components
        on costed_contacts.contact_id = components.contact_id
    where
        (costed_contacts.cost_amount is not null and costed_contacts.cost_amount <> coalesce(components.cost_amount, 0))
        or (costed_contacts.cost_amount is not null and components.unknown_count > 0)
        or (costed_contacts.cost_amount is null and costed_contacts.cost_null_reason is null)
        or (costed_contacts.cost_amount is not null and costed_contacts.cost_null_reason is not null)
)

select * from final
