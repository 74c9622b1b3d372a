-- One row per exposed customer of a study and each of the controls nearest to them (M47): within the month, segment and group of reasons,
-- the one with the next lower and the one with the next higher margin of the year before. A control may stand in for several.
{{ config(materialized='table') }}

with

units as (
    select * from {{ ref('int_comparison_units') }}
    where prior_margin_amount is not null
),

-- of equal margins, controls come first; who is exposed stands between control number n and n + 1
in_order as (
    select
        *,
        sum(1 - is_exposed) over (
            partition by study, month_start_date, segment, reason_group
            order by prior_margin_amount, is_exposed, customer_id
            rows between unbounded preceding and current row
        ) as controls_so_far
    from units
),

controls as (
    select * from in_order
    where is_exposed = 0
),

sides as (
    {%- for side in [0, 1] %}
    select
        *,
        controls_so_far + {{ side }} as control_number
    from in_order
    where is_exposed = 1
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

final as (
    select
        sides.study,
        sides.unit_id,
        sides.customer_id,
        controls.unit_id as control_unit_id,
        controls.customer_id as control_customer_id
    from sides
    inner join controls
        on
            sides.study = controls.study
            and sides.month_start_date = controls.month_start_date
            and sides.segment = controls.segment
            and sides.reason_group = controls.reason_group
            and sides.control_number = controls.controls_so_far
    where sides.customer_id <> controls.customer_id
)

select * from final
