-- A failure means that a contact is both a rushed failure and healthy, or has a result without a band, or a reason for having none beside
-- a result; or that a band judges with contacts that became known in its own quarter (M02). What to do: look at explained in
-- fct_handle_time_results, or at quarters in fct_handle_time_bands.
select
    contact_id,
    'result' as problem
from {{ ref('fct_handle_time_results') }}
where
    is_rushed_failure and is_healthy
    or is_healthy and not is_healthy_without_survey
    or (result_null_reason is null) = (is_healthy is null)
    or (is_healthy is null) <> (is_rushed_failure is null)
    or (is_healthy is not null and (band_result is null or not is_known))

union all

select
    reason_code as contact_id,
    'band' as problem
from {{ ref('fct_handle_time_bands') }}
where
    known_until >= effective_from
    or low_seconds > high_seconds
    or (low_seconds is null) <> (band_null_reason is not null)
