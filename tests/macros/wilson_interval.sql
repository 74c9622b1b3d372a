-- A failure means that macros/metrics/wilson.sql no longer gives the known intervals of G.11 (and of both ends): 9 of 10, 45 of 50, 0
-- and 20 of 20, nothing. What to do: compare with Wilson's formula on the sample share (not the count), at the z of the var wilson_z.
with

cases as (
    select 9 as numerator, 10 as denominator, 0.596 as low, 0.982 as high
    union all
    select 45, 50, 0.786, 0.957
    union all
    select 0, 20, 0.000, 0.161
    union all
    select 20, 20, 0.839, 1.000
    union all
    select 0, 0, null, null
),

computed as (
    select
        *,
        {{ wilson_low('numerator', 'denominator') }} as computed_low,
        {{ wilson_high('numerator', 'denominator') }} as computed_high
    from cases
)

select *
from computed
where
    (low is null) <> (computed_low is null)
    or (high is null) <> (computed_high is null)
    or abs(computed_low - low) >= 0.0005
    or abs(computed_high - high) >= 0.0005
    or (numerator = 0 and computed_low <> 0)
    or (numerator = denominator and computed_high <> 1)
