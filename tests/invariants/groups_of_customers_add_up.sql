-- A failure means that the groups of customers by how they were in touch do not add up to all of them, or that an effect lies outside its
-- interval or was found in more customers than were exposed (M47, M48). What to do: a customer is in two groups of fct_lengthy_groups or
-- in none; or look at the comparison in int_stratified_effects and int_matched_effects.
with

groups as (
    select
        sum(case when contact_group = 'all' then -customer_count else customer_count end) as customer_difference,
        sum(case when contact_group = 'all' then -margin_amount else margin_amount end) as margin_difference,
        sum(case when contact_group = 'all' then -ticket_units else ticket_units end) as ticket_difference
    from {{ ref('fct_lengthy_groups') }}
),

effects as (
    select * from {{ ref('fct_comparison_effects') }}
)

select 'groups' as subject
from groups
where
    customer_difference <> 0
    or margin_difference <> 0
    or ticket_difference <> 0

union all

select {{ dbt.concat(["study", "' '", "method", "' '", "outcome"]) }} as subject
from effects
where
    compared_count > exposed_count
    or effect not between interval_low and interval_high
    or (is_placebo and outcome = 'has_cancelled')
