-- A failure means that a wish to leave, a complaint or a notice is in no save episode or in two, so that the funnel loses or doubles
-- customers at risk (M27). What to do: look at the customer's requests in int_save_requests and at where their episodes begin and end.
with

requests as (
    select count(*) as request_count
    from {{ ref('int_save_requests') }}
),

episodes as (
    select sum(request_count) as request_count
    from {{ ref('fct_save_episodes') }}
)

select
    requests.request_count,
    episodes.request_count as episode_request_count
from requests
cross join episodes
where requests.request_count is distinct from coalesce(episodes.request_count, 0)
