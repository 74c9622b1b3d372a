-- The yardstick: one hand-written DuckDB script that makes the same fct_contacts from the same Parquet files, for this purpose and this engine alone:
-- no staging, no quarantine, no reconciliation, no other mart. {data} is the folder of the files, {seeds} that of the seeds.
create temp table queues as from read_parquet('{data}/queues.parquet');

create temp table zone_hours as
select zone, hour, date_diff('second', hour, timezone(zone, timezone('UTC', hour))) as utc_offset
from
    (select unnest(generate_series(timestamp '{first_hour}', timestamp '{last_hour}', interval 30 minute)) as hour),
    (select distinct timezone as zone from queues union select 'UTC');

create temp table segments as
select contact_id as record_id, segment_number, kind, agent_id, queue_id, started_at, ended_at, transfer_kind
from read_parquet('{data}/contact_segments.parquet')
where contact_id is not null and segment_number is not null and started_at is not null
    and kind in ('ivr', 'bot', 'queue', 'ring', 'talk', 'hold', 'wrap', 'consult', 'message')
qualify row_number() over (partition by contact_id, segment_number order by updated_at desc) = 1;

create temp table records as
from read_parquet('{data}/contacts.parquet')
where contact_id is not null and started_at is not null and updated_at is not null
    and channel in ('voice', 'chat', 'messaging', 'email', 'social', 'sms', 'video', 'self_service')
    and direction in ('inbound', 'outbound', 'internal')
qualify row_number() over (partition by contact_id order by updated_at desc) = 1;

create temp table links as
select r.contact_id as record_id, r.initial_contact_id as contact_id, r.initiation_method = 'callback' as is_callback
from records r where r.initial_contact_id <> r.contact_id;
insert into links select distinct contact_id, contact_id, false from links where contact_id not in (select record_id from links);

create temp table contacts as
select contact_id, 1 as contact_record_count, * exclude (contact_id, initial_contact_id, updated_at), 0 as attempts
from records where contact_id not in (select record_id from links)
union all by name
select
    l.contact_id, count(*) as contact_record_count,
    min_by(customer_id, o) filter (customer_id is not null) as customer_id,
    nullif(min_by(coalesce(identity_confidence, ''), o) filter (customer_id is not null), '') as identity_confidence,
    min_by(channel, o) as channel, min_by(direction, o) as direction,
    min_by(initiation_method, o) filter (initiation_method is not null) as initiation_method,
    min_by(purpose, o) filter (purpose is not null) as purpose,
    min_by(queue_id, o) filter (queue_id is not null) as queue_id,
    min_by(reason_code, o) filter (reason_code is not null) as reason_code,
    min_by(product_line_id, o) filter (product_line_id is not null) as product_line_id,
    min_by(campaign_id, o) filter (campaign_id is not null) as campaign_id,
    min(started_at) as started_at, case when count(ended_at) = count(*) then max(ended_at) end as ended_at,
    max_by(disconnect_reason, o) filter (disconnect_reason is not null) as disconnect_reason,
    max_by(agent_logged_resolved, o) filter (agent_logged_resolved is not null) as agent_logged_resolved,
    bool_or(stated_cancel_intent) as stated_cancel_intent, bool_or(is_complaint) as is_complaint,
    bool_or(callback_offered) as callback_offered, bool_or(callback_accepted) as callback_accepted,
    max(applications_used) as applications_used, bool_or(is_test) as is_test,
    min_by(source_outcome, o) filter (source_outcome is not null) as source_outcome,
    min_by(source_exclusion, o) filter (source_exclusion is not null) as source_exclusion,
    count(*) filter (is_callback) as attempts
from (select *, row(started_at, contact_id) as o from records) r join links l on r.contact_id = l.record_id
group by l.contact_id;

create temp table legs as
select
    contact_id, record_id, agent_id, bool_or(is_callback) as is_callback, min(start) as started_at,
    min_by(queue_id, row(start, segment_number)) filter (queue_id is not null) as queue_id,
    count(*) filter (kind in ('talk', 'message')) > 0 as talked,
    min(segment_number) filter (kind in ('talk', 'message')) as first_talk,
    bool_or(stop is null or stop < start) as invalid,
    min(case when stop is null then 'never closed' when stop < start then 'negative' end) as problem,
    bool_or(kind = 'wrap' and closed is null) as capped,
    sum(greatest(0, date_diff('second', greatest(start, coalesce(covered, start)), stop))) as handled,
    sum(greatest(0, date_diff('second', greatest(start, coalesce(held, start)), stop))) filter (kind = 'hold') as hold,
    sum(greatest(0, date_diff('second', greatest(start, coalesce(covered, start)), stop))) filter (kind = 'wrap') as wrap,
    max(greatest(0, date_diff('second', greatest(start, coalesce(held, start)), stop))) filter (kind = 'hold' and stop >= start) as longest_hold,
    count(transfer_kind) as transfers, count(*) filter (transfer_kind = 'escalation') as escalations
from (
    select
        coalesce(l.contact_id, s.record_id) as contact_id, s.record_id, coalesce(l.is_callback, false) as is_callback, segment_number, kind,
        agent_id, queue_id, transfer_kind, started_at as start, ended_at as closed,
        case when kind = 'wrap' and ended_at is null then started_at + interval 900 second else ended_at end as stop,
        max(case when stop >= start then stop end) over w as covered,
        max(case when stop >= start and kind = 'hold' then stop end) over w as held
    from segments s left join links l using (record_id)
    where kind in ('talk', 'hold', 'wrap') or (kind = 'message' and agent_id is not null)
    window w as (partition by s.record_id, agent_id order by started_at, segment_number rows between unbounded preceding and 1 preceding)
)
group by contact_id, record_id, agent_id;

create temp table handling as
select
    contact_id, count(*) filter (talked) as handles, min(started_at) filter (talked) as answered_at,
    min_by(record_id, o) filter (talked) as answered_record, min_by(first_talk, o) filter (talked) as answered_number,
    nullif(min_by(coalesce(agent_id, ''), o) filter (talked), '') as first_agent_id,
    nullif(max_by(coalesce(agent_id, ''), o) filter (talked), '') as last_agent_id,
    min_by(queue_id, o) filter (queue_id is not null) as queue_id,
    bool_or(invalid) as invalid, min(problem) as problem, bool_or(capped) as capped,
    sum(handled) filter (not invalid) as handled, sum(coalesce(hold, 0)) filter (not invalid) as hold,
    sum(greatest(handled - coalesce(hold, 0) - coalesce(wrap, 0), 0)) filter (not invalid) as talk,
    max(longest_hold) as longest_hold, greatest(sum(transfers), count(*) filter (talked) - 1) as transfers, sum(escalations) as escalations,
    count(*) filter (is_callback and talked) > 0 as reached, min(started_at) filter (is_callback) as first_callback_at
from (select *, row(started_at, record_id, coalesce(agent_id, '~')) as o from legs)
group by contact_id;

create temp table waits as
select
    contact_id, bool_or(kind in ('queue', 'ring') and not is_callback) as queued, bool_or(kind = 'ivr') as ivr, bool_or(kind = 'bot') as bot,
    min(started_at) filter (kind in ('queue', 'ring') and not is_callback) as queued_at,
    min_by(queue_id, row(started_at, segment_number)) filter (kind = 'queue' and queue_id is not null) as queue_id,
    bool_or(kind in ('queue', 'ring') and seconds is null) as invalid,
    coalesce(sum(seconds) filter (kind in ('queue', 'ring') and not is_callback and before_answer), 0) as queue_seconds,
    coalesce(sum(seconds) filter (kind in ('queue', 'ring')), 0) as wait_seconds, coalesce(sum(seconds) filter (kind = 'ring'), 0) as ring_seconds,
    coalesce(sum(seconds) filter (kind = 'ivr'), 0) as ivr_seconds, coalesce(sum(seconds) filter (kind = 'bot'), 0) as bot_seconds,
    coalesce(sum(seconds) filter (kind = 'consult'), 0) as consult_seconds, min(started_at) filter (is_callback and kind = 'ring') as callback_ring_at
from (
    select
        s.*, coalesce(l.contact_id, s.record_id) as contact_id, coalesce(l.is_callback, false) as is_callback,
        case when s.ended_at >= s.started_at then date_diff('second', s.started_at, s.ended_at) end as seconds,
        case
            when s.record_id = h.answered_record then segment_number <= h.answered_number
            when s.record_id <> h.answered_record then s.started_at < h.answered_at
            else true
        end as before_answer
    from segments s left join links l using (record_id) left join handling h on h.contact_id = coalesce(l.contact_id, s.record_id)
    where kind in ('ivr', 'bot', 'queue', 'ring', 'consult')
)
group by contact_id;
drop table segments;
