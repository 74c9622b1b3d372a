-- A failure means that the months over which a margin is expected are not added up as M32 says. What to do: compare with the closed forms
-- of G.12: a margin of 100, retention 0.8 and a discount of 10 % a year give 366.67 with the first margin now and 266.67 with the first
-- at the end of the year, without an end; a horizon of one month is that month alone, and who never leaves at no discount pays every
-- month in full.
with

cases as (
    select
        'yearly steps without an end, first margin now' as case_name,
        100 * ({{ discounted_months('0.8', 'power(1.1, 12) - 1', 1000) }}) as computed,
        cast(366.666667 as {{ double_type() }}) as expected

    union all

    select
        'yearly steps without an end, first margin at the end' as case_name,
        100 * 0.8 / 1.1 * ({{ discounted_months('0.8', 'power(1.1, 12) - 1', 1000) }}) as computed,
        cast(266.666667 as {{ double_type() }}) as expected

    union all

    select
        'one month' as case_name,
        {{ discounted_months('0.5', '0.1', 1) }} as computed,
        cast(1 as {{ double_type() }}) as expected

    union all

    select
        'nobody leaves and nothing is discounted' as case_name,
        {{ discounted_months('1', '0', 36) }} as computed,
        cast(36 as {{ double_type() }}) as expected

    union all

    select
        'two months' as case_name,
        {{ discounted_months('0.9', '0', 2) }} as computed,
        cast(1.9 as {{ double_type() }}) as expected
)

select *
from cases
where
    computed is null
    or abs(computed - expected) > 0.000001
