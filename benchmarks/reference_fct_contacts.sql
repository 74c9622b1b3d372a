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
from records r where r.initial_contact_id <> r.contact_id and coalesce(r.initiation_method, '') <> 'monitor';
insert into links select distinct contact_id, contact_id, false from links where contact_id not in (select record_id from links);

create temp table contacts as
select contact_id, 1 as contact_record_count, * exclude (contact_id, initial_contact_id, updated_at), 0 as attempts
from records where contact_id not in (select record_id from links)
union all by name
select
    root as contact_id, count(*) as contact_record_count,
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
from (
    select r.*, l.contact_id as root, l.is_callback, row(r.contact_id <> l.contact_id, r.started_at, r.contact_id) as o
    from records r join links l on r.contact_id = l.record_id
)
group by root;

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
    sum(greatest(0, date_diff('second', greatest(start, coalesce(connected, start)), stop))) filter (kind <> 'wrap') as connected,
    max(greatest(0, date_diff('second', greatest(start, coalesce(held, start)), stop))) filter (kind = 'hold' and stop >= start) as longest_hold,
    count(transfer_kind) as transfers, count(*) filter (transfer_kind = 'escalation') as escalations
from (
    select
        coalesce(l.contact_id, s.record_id) as contact_id, s.record_id, coalesce(l.is_callback, false) as is_callback, segment_number, kind,
        agent_id, queue_id, transfer_kind, started_at as start, ended_at as closed,
        case when kind = 'wrap' and ended_at is null then started_at + interval 900 second else ended_at end as stop,
        max(case when stop >= start then stop end) over w as covered,
        max(case when stop >= start and kind = 'hold' then stop end) over w as held,
        max(case when stop >= start and kind <> 'wrap' then stop end) over w as connected
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
    sum(coalesce(connected, 0) - coalesce(hold, 0)) filter (not invalid) as talk,
    max(longest_hold) as longest_hold, greatest(sum(transfers), count(*) filter (talked) - 1) as transfers, sum(escalations) as escalations,
    count(*) filter (is_callback and talked) > 0 as reached, min(started_at) filter (is_callback) as first_callback_at
from (select *, row(started_at, record_id, coalesce(agent_id, '~')) as o from legs)
group by contact_id;

create temp table waits as
select
    contact_id, bool_or(kind in ('queue', 'ring') and not is_callback) as queued, bool_or(kind = 'ivr') as ivr, bool_or(kind = 'bot') as bot,
    min(started_at) filter (kind in ('queue', 'ring') and not is_callback) as queued_at,
    min_by(queue_id, row(started_at, segment_number)) filter (kind = 'queue' and queue_id is not null) as queue_id,
    bool_or(kind in ('queue', 'ring') and seconds is null) as invalid, bool_or(kind in ('ivr', 'bot') and seconds is null) as self_invalid,
    min(case when kind = 'ring' and ended_at is null then 'never closed' when kind = 'ring' and ended_at < started_at then 'negative' end) as ring_problem,
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

create temp table calendar as
select
    (select min(started_at) from records) as first_at, (select max(greatest(started_at, updated_at)) from records) as last_at,
    (select min(complete_through) from read_parquet('{data}/feed_watermarks.parquet')) as as_of;

create temp table offsets as
select zone, utc_offset, min(hour) as since, max(hour) + interval 30 minute as until
from (select *, sum(changed) over (partition by zone order by hour) as span from (
    select *, coalesce(utc_offset <> lag(utc_offset) over (partition by zone order by hour), false)::int as changed from zone_hours
))
group by zone, utc_offset, span;

create temp table periods as
with
    days as (
        select unnest(generate_series(first_at::date - 2, last_at::date + 2, interval 1 day))::date as day from calendar
    ),
    open_days as (
        select
            q.queue_id, d.day, greatest(d.day + h.opens_at::time - to_seconds(o.utc_offset), o.since) as opens_at,
            least(case
                when coalesce(h.closes_at, '24:00') = '24:00' then (d.day + 1)::timestamp else d.day + h.closes_at::time
            end - to_seconds(o.utc_offset), o.until) as closes_at
        from read_parquet('{data}/queue_hours.parquet') h
        join queues q using (queue_id) join days d on isodow(d.day) = h.weekday join offsets o on o.zone = q.timezone
        where (q.queue_id, d.day) not in (select queue_id, holiday_on from read_parquet('{data}/queue_holidays.parquet'))
    ),
    islands as (
        select *, sum(starts) over (partition by queue_id, day order by opens_at, closes_at) as island
        from (
            select *, coalesce(opens_at > max(closes_at) over (
                partition by queue_id, day order by opens_at, closes_at rows between unbounded preceding and 1 preceding
            ), false)::int as starts
            from open_days where closes_at > opens_at
        )
    )
select
    *, date_diff('second', opens_at, closes_at) as seconds,
    coalesce(sum(date_diff('second', opens_at, closes_at)) over (
        partition by queue_id order by opens_at rows between unbounded preceding and 1 preceding), 0) as seconds_before
from (select queue_id, day, min(opens_at) as opens_at, max(closes_at) as closes_at from islands group by queue_id, day, island);

create temp table targets as from read_csv('{seeds}/service_level_targets.csv');
create temp table limits as from read_csv('{seeds}/duration_limits.csv');
create temp table denied as from read_csv('{seeds}/denied_customer_ids.csv', types = {{'customer_id': 'varchar'}});
create temp table staff as select customer_id from read_parquet('{data}/customers.parquet') where is_staff;
create temp table scheduled as select distinct queue_id from read_parquet('{data}/queue_hours.parquet');

create temp table assembled as
select
    c.*, ch.is_live, coalesce(c.queue_id, w.queue_id, h.queue_id) as q,
    coalesce(w.queued_at, c.started_at) as queued_at, coalesce(w.queued, false) as has_queue, coalesce(w.ivr, false) as has_ivr, coalesce(w.bot, false) as has_bot,
    coalesce(w.invalid, h.contact_id is null) as invalid_wait, coalesce(w.queue_seconds, 0) as queue_s, coalesce(w.wait_seconds, 0) as wait_s,
    coalesce(w.ring_seconds, 0) as ring_s, coalesce(w.ivr_seconds, 0) as ivr_s, coalesce(w.bot_seconds, 0) as bot_s,
    coalesce(w.consult_seconds, 0) as consult_s, coalesce(w.self_invalid, false) as self_invalid, w.ring_problem, h.* exclude (contact_id, queue_id, handles), coalesce(h.handles, 0) as handles,
    least(h.first_callback_at, w.callback_ring_at) as called_back_at,
    case
        when source_outcome is not null then source_outcome
        when callback_accepted and attempts > 0 then 'callback'
        when coalesce(h.handles, 0) > 0 then 'answered'
        when ended_at is null then 'open'
        when direction <> 'inbound' then 'not_reached'
        when callback_accepted then 'callback'
        when is_live and has_queue then 'abandoned'
        when not has_queue and (has_bot or c.channel = 'self_service') then 'self_served'
        when is_live and has_ivr then 'abandoned'
        when not is_live then 'closed_without_reply'
    end as outcome
from contacts c
join read_csv('{seeds}/channels.csv') ch using (channel)
left join handling h using (contact_id)
left join waits w using (contact_id);
drop table contacts; drop table waits; drop table handling;

create temp table judged as
with
    localised as (
        select
            a.*, q.program_id, q.vendor_id, coalesce(q.timezone, 'UTC') as zone, s.queue_id is not null as has_hours,
            a.started_at + to_seconds(o1.utc_offset) as started_local, a.queued_at + to_seconds(o2.utc_offset) as queued_local
        from assembled a
        left join queues q on q.queue_id = a.q
        left join scheduled s on s.queue_id = a.q
        left join zone_hours o1 on o1.zone = coalesce(q.timezone, 'UTC') and o1.hour = time_bucket(interval 30 minute, a.started_at)
        left join zone_hours o2 on o2.zone = coalesce(q.timezone, 'UTC') and o2.hour = time_bucket(interval 30 minute, a.queued_at)
    )
select
    l.*, started_local::date as business_date, p.queue_id is not null or not has_hours as in_hours,
    coalesce(tq.answer_within_seconds, tc.answer_within_seconds) as t, coalesce(tq.short_abandon_seconds, tc.short_abandon_seconds) as short_t,
    coalesce(tq.clock, tc.clock) as clock, d.longest_handle_seconds, l.customer_id is not null and n.customer_id is null as identified,
    case
        when is_test then 'test'
        when source_exclusion is not null then lower(source_exclusion)
        when initiation_method = 'monitor' then 'monitor'
        when direction = 'internal' then 'internal'
        when k.customer_id is not null then 'staff'
        when direction = 'outbound' and purpose = 'survey' then 'survey_call'
        when direction = 'outbound' and purpose in ('sales', 'collections') then 'outbound_sales'
        when direction = 'outbound' and initiation_method = 'api' and handles = 0 then 'automated_outbound'
        when outcome = 'self_served' and bot_s = 0 and ivr_s = 0 and not self_invalid then 'empty_bot_session'
    end as exclusion
from localised l
left join periods p on p.queue_id = l.q and p.day = queued_local::date and l.queued_at >= p.opens_at and l.queued_at < p.closes_at
left join targets tq on tq.channel = l.channel and tq.queue_id = l.q and started_local::date between tq.effective_from and tq.effective_to
left join targets tc on tc.channel = l.channel and tc.queue_id = 'any' and started_local::date between tc.effective_from and tc.effective_to
left join limits d on d.channel = l.channel and started_local::date between d.effective_from and d.effective_to
left join denied n on n.customer_id = l.customer_id
left join staff k on k.customer_id = l.customer_id;
drop table assembled;

create temp table redials as
with
    inbound as (
        select
            contact_id, customer_id, started_at, ended_at,
            coalesce(source_outcome = 'answered', false) or handles > 0 and coalesce(source_outcome, 'callback') = 'callback' as got_in,
            not got_in and ended_at >= started_at and not coalesce(callback_accepted, false) and has_queue
            and coalesce(source_outcome, 'abandoned') = 'abandoned' as left_queue
        from judged where identified and is_live and direction = 'inbound'
    ),
    events as (
        select
            contact_id, customer_id, started_at as moment, 0 as is_end, if(got_in, started_at, null) as got_in_at, null::timestamp as left_at
        from inbound
        where customer_id in (select customer_id from inbound where left_queue)
        union all
        select contact_id, customer_id, ended_at, 1, null, ended_at from inbound where left_queue
    ),
    neighbours as (
        select
            *, max(left_at) over (partition by customer_id order by moment, is_end, contact_id rows between unbounded preceding and 1 preceding) as before,
            min(got_in_at) over (partition by customer_id order by moment, is_end, contact_id rows between 1 following and unbounded following) as after
        from events
    )
select
    contact_id, coalesce(bool_or(is_end = 0 and moment <= before + interval 30 minute), false) as is_redial,
    coalesce(bool_or(is_end = 1 and after <= moment + interval 30 minute), false) as got_through
from neighbours
group by contact_id
having is_redial or got_through;

create temp table responses as
select
    contact_id, answered_at, date_diff('second', started_at, until) as calendar_seconds,
    case when not has_hours then date_diff('second', started_at, until) else
        coalesce(b.seconds_before + least(date_diff('second', b.opens_at, until), b.seconds), 0)
        - coalesce(a.seconds_before + least(date_diff('second', a.opens_at, started_at), a.seconds), 0)
    end as business_seconds
from (
    select contact_id, q, has_hours, started_at, answered_at, coalesce(answered_at, ended_at, (select as_of from calendar)) as until
    from judged where not is_live and channel <> 'self_service' and direction = 'inbound'
) j
asof left join periods a on a.queue_id = j.q and j.started_at >= a.opens_at
asof left join periods b on b.queue_id = j.q and j.until >= b.opens_at;

create table fct_contacts as
select
    j.contact_id, contact_record_count, customer_id, identity_confidence, identified as is_identified, channel, is_live, direction, initiation_method,
    purpose, q as queue_id, program_id, vendor_id, reason_code, product_line_id, campaign_id, business_date, zone as business_timezone, started_at,
    ended_at, queued_at,
    date_trunc('second', queued_at - to_seconds(extract(minute from queued_local) % 30 * 60 + extract(second from queued_local))) as interval_started_at,
    j.answered_at, disconnect_reason, exclusion as exclusion_reason, in_hours as is_in_opening_hours, outcome as contact_outcome,
    coalesce(source_outcome = 'answered' and handles = 0
        or source_outcome in ('abandoned', 'self_served', 'voicemail') and handles > 0, false) as has_contradicting_segments,
    case
        when outcome is null then null
        when direction <> 'inbound' or exclusion is not null then false
        when not is_live then channel <> 'self_service'
        else in_hours and (has_queue or outcome = 'answered')
    end as is_offered,
    outcome = 'answered' as is_answered, handles > 0 and outcome in ('answered', 'callback') as is_handled, outcome = 'abandoned' as is_abandoned,
    case when outcome <> 'abandoned' then null when has_queue then 'queue' when has_ivr or has_bot then 'ivr' end as abandoned_in,
    outcome = 'abandoned' and abandoned_in = 'queue' and not invalid_wait and queue_s <= short_t as is_short_abandon,
    coalesce(r.is_redial, false) as is_redial, coalesce(r.got_through, false) as is_answered_after_redial,
    t as answer_within_seconds, short_t as short_abandon_seconds, is_offered and is_live and outcome in ('answered', 'abandoned') as is_service_level_contact,
    is_offered and is_live and not invalid_wait and queue_s <= t and outcome in ('answered', 'abandoned', 'callback') as is_out_of_queue_in_time,
    case when not invalid_wait then queue_s end as queue_seconds, case when not invalid_wait then wait_s end as customer_wait_seconds,
    ring_s as ring_seconds, ivr_s as ivr_seconds, bot_s as bot_seconds, consult_s as consult_seconds,
    case when is_handled and problem_found is null and ended_at is not null then talk end as talk_seconds,
    case when is_handled and problem_found is null and ended_at is not null then hold end as hold_seconds,
    case when is_handled and problem_found is null and ended_at is not null then handled - hold - talk end as wrap_seconds,
    case when is_handled and problem_found is null and ended_at is not null then if(direction = 'outbound', ring_s, 0) end as dial_seconds,
    case when is_handled and problem_found is null and ended_at is not null then handled + if(direction = 'outbound', ring_s, 0) end as handle_seconds,
    longest_hold as longest_hold_seconds, longest_handle_seconds, is_handled and ended_at is not null and problem_found is not null as has_invalid_duration,
    case when is_handled and ended_at is null then 'open' when is_handled then problem_found end as duration_null_reason,
    coalesce(capped, false) as has_capped_wrap, handles as agent_segment_count, coalesce(transfers, 0) as transfer_count,
    coalesce(escalations, 0) as escalation_count, first_agent_id, last_agent_id, agent_logged_resolved, stated_cancel_intent, is_complaint,
    applications_used, coalesce(callback_offered, false) or coalesce(callback_accepted, false) as is_callback_offered,
    coalesce(callback_accepted, false) as is_callback_accepted, attempts as callback_attempt_count, coalesce(reached, false) as is_callback_reached,
    date_diff('second', started_at, called_back_at) as callback_wait_seconds,
    s.contact_id is not null as is_response_expected, s.answered_at as first_response_at,
    case when s.contact_id is null then null when clock = 'business' then business_seconds else calendar_seconds end as response_wait_seconds,
    calendar_seconds as response_calendar_seconds,
    case
        when s.contact_id is null then null when s.answered_at is not null then response_wait_seconds <= t
        when ended_at is null and response_wait_seconds > t then false
    end as is_responded_in_time
from (select *, case
    when invalid then coalesce(problem, 'never closed')
    when direction = 'outbound' and ring_problem is not null then ring_problem
    when handles > 0 and coalesce(handled, 0) = 0 then 'zero'
    when outcome = 'answered' and handles = 0 then 'no agent segment'
end as problem_found from judged) j
left join redials r using (contact_id)
left join responses s using (contact_id);
