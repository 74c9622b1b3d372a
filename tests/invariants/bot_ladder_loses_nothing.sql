-- A failure means that an attempt's leak is not where its flags say that it left the ladder, so that the rungs and the leaks do not
-- add up to all attempts: L0 = eligible + leaks before L1, L1 = contained + handoffs, and so on down to L5 (M08). What to do: the
-- column disagreement names the rung; flags and leak are made side by side in fct_bot_attempts.
with

judged as (
    select
        attempt_id,
        leak,
        case
            when ((exclusion_reason is not null) is distinct from (leak = 'excluded')) then 'excluded'
            when
                exclusion_reason is null
                and (coalesce(is_eligible, false) = (leak in ('scope_unknown', 'out_of_scope', 'unidentified')))
                then 'L1 eligible'
            when
                is_eligible
                and (
                    (is_handed_off or coalesce(is_handoff_requested, false))
                    is distinct from (leak in ('handed_off', 'handoff_refused'))
                )
                then 'L2 contained'
            when is_eligible and (coalesce(is_contained, true) = (leak in ('handed_off', 'handoff_refused')))
                then 'L2 contained'
            when is_eligible and is_contained and ((leak = 'abandoned') is distinct from is_abandoned) then 'L3 not abandoned'
            when
                is_eligible and is_contained and not is_abandoned
                and ((leak = 'no_evidence') is distinct from (not has_evidence))
                then 'L4 with evidence'
            when leak = 'circled_back' and (not is_resolved or not coalesce(is_returned, false)) then 'L5 durable'
            when ((leak = 'none') is distinct from coalesce(is_durably_resolved, false)) then 'L5 durable'
            when leak = 'pending' and (is_mature or is_durably_resolved) then 'pending'
            when leak in ('handed_off', 'circled_back') and leak_contact_id is null then 'contact of the leak'
            when leak not in ('handed_off', 'circled_back') and leak_contact_id is not null then 'contact of the leak'
        end as disagreement
    from {{ ref('fct_bot_attempts') }}
)

select *
from judged
where disagreement is not null
