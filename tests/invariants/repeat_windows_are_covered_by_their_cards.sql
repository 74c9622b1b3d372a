-- A warning means that a reason has a longer repeat window than the cards of the resolution metrics wait for (window_hours in their meta,
-- 840 hours = 35 days): metric_values would call a period mature while contacts of that reason are still missing. What to do: shorten
-- the window in the seed reason_rules or the reason list, or raise window_hours on the cards.
{{ config(severity='warn') }}

{%- set waits = [] %}
{%- if execute %}
{%- for metric in graph.metrics.values() if metric.name == 'fcr_rate' %}
{%- do waits.append(metric.config.meta['window_hours']) %}
{%- endfor %}
{%- endif %}

select
    reason_code,
    max(window_hours) as window_hours
from {{ ref('int_contact_sessions') }}
group by reason_code
having max(window_hours) > {{ waits[0] if waits else 0 }}
