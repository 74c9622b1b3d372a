-- After how many hours is half of the contacts on a deferred channel closed? The survival curve (Kaplan and Meier) counts contacts that
-- are still open for as long as they have been, so that a growing backlog does not flatter the answer (M06).
with

contacts as (
    select * from {{ ref('fct_contacts') }}
    where is_response_expected and exclusion_reason is null
),

hours as (
    select
        channel,
        cast(ceiling(resolution_exposure_hours) as integer) as open_hours,
        count(case when is_closed then 1 end) as closed_count,
        count(*) as left_count
    from contacts
    group by channel, cast(ceiling(resolution_exposure_hours) as integer)
),

at_risk as (
    select
        *,
        sum(left_count) over (
            partition by channel
            order by open_hours desc
            rows between unbounded preceding and current row
        ) as at_risk_count
    from hours
),

curve as (
    select
        channel,
        open_hours,
        at_risk_count,
        closed_count,
        -- 0 from the hour on in which the last contact was closed: a logarithm would not exist
        case
            when min(at_risk_count - closed_count) over (
                partition by channel
                order by open_hours
                rows between unbounded preceding and current row
            ) = 0 then 0
            else exp(sum(ln(nullif(at_risk_count - closed_count, 0) * 1.0 / at_risk_count)) over (
                partition by channel
                order by open_hours
                rows between unbounded preceding and current row
            ))
        end as still_open_share
    from at_risk
),

final as (
    select
        channel,
        sum(closed_count) as closed_count,
        min(case when still_open_share <= 0.5 then open_hours end) as median_hours_to_resolution,
        min(case when still_open_share <= 0.1 then open_hours end) as p90_hours_to_resolution
    from curve
    group by channel
)

select * from final
order by channel
