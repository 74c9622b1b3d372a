-- A failure means that an amount is not cut where whole numbers cut it (macros/engine/share_of.sql): money would differ between engines,
-- or parts would not add up to the whole. What to do: see which way the engine divides; on DuckDB floating point may decide only far from
-- a whole number.
with

cases as (
    {%- for amount, part, whole, expected in [
        ('100.000000', '1', '3', '33.333333'),
        ('100.000000', '3', '3', '100.000000'),
        ('0.000001', '1', '2', '0.000000'),
        ('0.000001', '2', '2', '0.000001'),
        ('10.000000', '1', '10000000', '0.000001'),
        ('9.999999', '1', '9999999', '0.000001'),
        ('0.999999', '999999', '1000000', '0.999998'),
        ('99999.999999', '999999999999', '1000000000000', '99999.999998'),
        ('123456789.123456', '720719', '720720', '123456617.826989'),
        ('999999999999.999999', '1', '1', '999999999999.999999'),
        ('999999999999.999999', '1', '7', '142857142857.142857'),
        ('-10.000000', '1', '3', '-3.333333'),
        ('1000000.000000', '1892160000000', '1893456000000', '999315.537303'),
    ] %}
    {{ 'union all' if not loop.first }}
    select
        cast({{ amount }} as decimal(18, 6)) as amount,
        cast({{ part }} as bigint) as part,
        cast({{ whole }} as bigint) as whole,
        cast({{ expected }} as decimal(18, 6)) as expected
    {%- endfor %}
),

final as (
    select
        *,
        {{ share_of('amount', 'part', 'whole') }} as found
    from cases
)

select * from final
where found is distinct from expected

union all

-- a share of nothing is not known
select * from (
    select
        cast(1 as decimal(18, 6)) as amount,
        cast(1 as bigint) as part,
        cast(0 as bigint) as whole,
        cast(null as decimal(18, 6)) as expected,
        {{ share_of('cast(1 as decimal(18, 6))', 'cast(1 as bigint)', 'cast(0 as bigint)') }} as found
) as nothing
where found is not null
