-- A warning means that a row of queue_hours closes before it opens, so it opens nothing: contacts of those hours count as out of
-- hours. What to do: write a night as two rows, from its start to 24:00 and from 00:00 of the next weekday; midnight at the end of a
-- day is 24:00.
{{ config(severity='warn') }}

select *
from {{ ref('stg_queue_hours') }}
where closes_at <= opens_at
