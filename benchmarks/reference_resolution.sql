-- The yardstick: one hand-written DuckDB script that makes the marts of resolution, automation and experience from the same finished base tables, for this
-- purpose and this engine alone. The warehouse is attached as `warehouse`. Windows, limits and thresholds are the default ones, written out. As the models
-- do, it stores what happened and leaves what as_of decides to views.
create table clocks as
select
    as_of, as_of - interval 48 hour as known_until, bots_as_of - interval 48 hour as bots_known_until,
    if(answers_as_of < as_of, answers_as_of, as_of) as results_as_of
from (
    select
        any_value(as_of) filter (domain = 'automation') as bots_as_of, any_value(as_of) filter (domain = 'experience') as answers_as_of,
        any_value(as_of) filter (domain = 'resolution') as as_of
    from warehouse.intermediate.int_as_of
);

create temp view inbound as
from warehouse.marts.fct_contacts where exclusion_reason is null and is_identified and direction = 'inbound';

create temp table reconnects as
select contact_id, session_id
from (
    select *, last_value(if(is_reconnect, null, contact_id) ignore nulls) over w as session_id, lead(is_reconnect) over w as goes_on
    from (
        select
            customer_id, contact_id, started_at, coalesce(
                lag(is_live and disconnect_reason in ('telecom_problem', 'other')) over w
                and started_at between lag(over_at) over w and lag(over_at) over w + interval 5 minute, false
            ) as is_reconnect
        from (select *, if(ended_at < started_at, started_at, ended_at) as over_at from inbound)
        where customer_id in (
            select customer_id from inbound where is_live and disconnect_reason in ('telecom_problem', 'other') and ended_at is not null
        )
        window w as (partition by customer_id order by started_at, contact_id)
    )
    window w as (partition by customer_id order by started_at, contact_id)
)
where is_reconnect or goes_on;

create temp table sessions as
with
    contacts as (
        select
            contact_id, customer_id, channel, is_live, queue_id, program_id, vendor_id, reason_code, product_line_id, business_date, business_timezone,
            started_at, if(ended_at < started_at, started_at, ended_at) as ended_at, coalesce(is_handled, false) as is_handled,
            coalesce(contact_outcome = 'closed_without_reply', false) as is_unanswered, agent_segment_count, transfer_count, escalation_count,
            last_agent_id, handle_seconds, agent_logged_resolved, if(is_live, customer_wait_seconds > 300, not is_responded_in_time)::int as long_wait_count
        from inbound
    ),
    merged as (
        select
            contact_id as session_id, * exclude (contact_id), queue_id as last_queue_id, vendor_id as last_vendor_id, 1 as piece_count
        from contacts anti join reconnects using (contact_id)
        union all by name
        select
            session_id, any_value(customer_id) as customer_id,
            first(channel order by started_at, contact_id) as channel, first(is_live order by started_at, contact_id) as is_live,
            first(queue_id order by started_at, contact_id) filter (queue_id is not null) as queue_id,
            first(program_id order by started_at, contact_id) filter (queue_id is not null) as program_id,
            first(vendor_id order by started_at, contact_id) filter (queue_id is not null) as vendor_id,
            first(reason_code order by started_at, contact_id) filter (reason_code is not null) as reason_code,
            first(product_line_id order by started_at, contact_id) filter (product_line_id is not null) as product_line_id,
            first(business_date order by started_at, contact_id) as business_date,
            first(business_timezone order by started_at, contact_id) as business_timezone,
            min(started_at) as started_at, if(count(ended_at) = count(*), max(ended_at), null) as ended_at, bool_or(is_handled) as is_handled,
            bool_and(is_unanswered) as is_unanswered, sum(agent_segment_count) as agent_segment_count, sum(transfer_count) as transfer_count,
            sum(escalation_count) as escalation_count,
            last(last_agent_id order by is_handled, started_at, contact_id) as last_agent_id,
            last(queue_id order by is_handled, started_at, contact_id) as last_queue_id,
            last(vendor_id order by is_handled, started_at, contact_id) as last_vendor_id,
            if(count(handle_seconds) = count(*) filter (is_handled), sum(handle_seconds), null) as handle_seconds,
            last(agent_logged_resolved order by started_at, contact_id) filter (agent_logged_resolved is not null) as agent_logged_resolved,
            if(count(long_wait_count) = count(*), sum(long_wait_count), null) as long_wait_count, count(*) as piece_count
        from contacts join reconnects using (contact_id)
        group by session_id
    )
select
    m.*, coalesce(r.reason_l2, r.reason_l1, m.reason_code) as match_key,
    coalesce(d.repeat_window_hours, 24 * r.repeat_window_days, 168) as window_hours, ended_at + to_hours(window_hours) as covers_until,
    coalesce(d.is_first_contact_resolvable, if(r.reason_code is not null, coalesce(r.is_first_contact_resolvable, true), null)) as is_eligible
from merged m
left join warehouse.staging.stg_reasons r using (reason_code)
left join warehouse.staging.reason_rules d on d.reason_code = m.reason_code and m.business_date between d.effective_from and d.effective_to;

-- neighbours by reason: where no two sessions of a customer and reason overlap, they are the rows before and after
create temp table chained as
from (
    select
        session_id, customer_id, match_key, started_at, ended_at, covers_until, is_unanswered,
        coalesce(max(coalesce(ended_at, timestamp 'infinity')) over earlier >= started_at, false) as is_parallel,
        coalesce(max(covers_until) over earlier >= started_at, false) as is_repeat,
        lag(session_id) over w as previous_session_id, lead(session_id) over w as next_session_id, lead(started_at) over w as next_started_at,
        min(if(is_unanswered, null, started_at)) over later as next_reopening_at
    from sessions
    where match_key is not null
    window
        w as (partition by customer_id, match_key order by started_at, session_id),
        earlier as (partition by customer_id, match_key order by started_at, session_id rows between unbounded preceding and 1 preceding),
        later as (partition by customer_id, match_key order by started_at, session_id rows between 1 following and unbounded following)
)
where previous_session_id is not null or next_session_id is not null;

-- where some overlap, each is held against each
update chained c
set is_repeat = t.is_repeat, previous_session_id = t.previous_session_id, next_session_id = t.next_session_id, next_started_at = t.next_started_at,
    next_reopening_at = t.next_reopening_at
from (
    select
        a.session_id, coalesce(bool_or(b.ended_at < a.started_at and b.covers_until >= a.started_at), false) as is_repeat,
        coalesce(
            arg_max(b.session_id, (b.ended_at, b.session_id)) filter (b.ended_at < a.started_at),
            arg_max(b.session_id, (b.started_at, b.session_id)) filter ((b.started_at, b.session_id) < (a.started_at, a.session_id))
        ) as previous_session_id,
        arg_min(b.session_id, (b.started_at, b.session_id)) filter (b.started_at > a.ended_at) as next_session_id,
        min(b.started_at) filter (b.started_at > a.ended_at) as next_started_at,
        min(b.started_at) filter (b.started_at > a.ended_at and not b.is_unanswered) as next_reopening_at
    from chained a join chained b using (customer_id, match_key)
    where (customer_id, match_key) in (select (customer_id, match_key) from chained where is_parallel) and a.session_id <> b.session_id
    group by a.session_id
) t
where c.session_id = t.session_id;

-- later contacts about anything, follow-ups by agents, and the end of the last subscription
create temp table follow_ups as
select customer_id, coalesce(r.reason_l2, r.reason_l1, reason_code) as match_key, contact_id, started_at
from warehouse.marts.fct_contacts left join warehouse.staging.stg_reasons r using (reason_code)
where exclusion_reason is null and is_identified and direction = 'outbound' and purpose = 'follow_up_answer';

-- who never ended a subscription never left
create temp table subscription_changes as
with
    events as materialized (
        select subscription_id, kind, occurred_at from warehouse.staging.stg_subscription_events where kind in ('start', 'reactivation', 'end')
    ),
    subscriptions as materialized (
        select subscription_id, customer_id, started_on from warehouse.staging.stg_subscriptions where customer_id is not null
    ),
    leavers as (
        select subscription_id, customer_id, started_on from subscriptions
        where customer_id in (select customer_id from subscriptions semi join (from events where kind = 'end') using (subscription_id))
    )
select customer_id, subscription_id, occurred_at, (kind <> 'end')::int as held from leavers join events using (subscription_id)
union all
select customer_id, subscription_id, coalesce(started_on::timestamp, timestamp '1900-01-01'), 1
from leavers anti join (from events where kind = 'start') using (subscription_id);

-- one that ended and started at one instant was changed, and stays as it was
create temp table exits as
select distinct customer_id, occurred_at as exited_at
from (
    select *, sum(move) over (
        partition by customer_id order by occurred_at, -held, subscription_id rows between unbounded preceding and current row
    ) as balance
    from (
        select *, held - coalesce(lag(held) over (partition by subscription_id order by occurred_at), 0) as move
        from (
            select customer_id, subscription_id, occurred_at, min(held) as held from subscription_changes group by all having min(held) = max(held)
        )
    )
)
where move < 0 and balance = 0;

create temp table next_days as
select session_id
from sessions s
join chained c using (session_id)
join warehouse.intermediate.int_timezone_offsets n
    on n.timezone = s.business_timezone and c.next_started_at >= n.valid_from and c.next_started_at < n.valid_to
join warehouse.intermediate.int_timezone_offsets e on e.timezone = s.business_timezone and s.ended_at >= e.valid_from and s.ended_at < e.valid_to
where s.is_handled and c.next_started_at <= s.ended_at + interval 49 hour
    and (c.next_started_at + to_seconds(n.utc_offset_seconds))::date <= (s.ended_at + to_seconds(e.utc_offset_seconds))::date + 1;

create table fct_survey_answers as
with
    traced as (
        select
            a.response_id, a.question_id, a.invitation_id, coalesce(l.contact_id, a.contact_id, i.contact_id) as contact_id,
            coalesce(a.customer_id, i.customer_id) as customer_id, a.answered_at, a.score, a.theme, a.product_line_id, a.updated_at
        from warehouse.staging.stg_survey_answers a
        left join warehouse.staging.stg_survey_invitations i using (invitation_id)
        left join warehouse.intermediate.int_contact_links l on l.contact_record_id = coalesce(a.contact_id, i.contact_id)
    ),
    checked as (
        select
            t.* replace (coalesce(t.customer_id, c.customer_id) as customer_id, coalesce(t.product_line_id, c.product_line_id) as product_line_id),
            q.instrument, coalesce(q.is_relationship, false) as is_relationship, c.contact_id is not null as is_contact_known, c.business_date, c.channel,
            c.queue_id, c.program_id, c.vendor_id, c.reason_code, c.last_agent_id, coalesce(c.business_timezone, 'UTC') as timezone, q.scale_min,
            q.scale_max, coalesce(q.is_reversed, false) as is_reversed, coalesce(q.positive_min, s.positive_min) as positive_min, s.negative_max,
            coalesce(t.answered_at > if(c.ended_at > c.started_at, c.ended_at, c.started_at) + interval 14 day, false) as is_late,
            case
                when q.question_id is null then 'question not on the list'
                when t.score is null then 'not answered'
                when q.scale_min is null or q.scale_max is null then 'scale of the question unknown'
                when t.score < q.scale_min or t.score > q.scale_max then 'outside the scale of the question'
                when s.instrument is null and q.instrument in (select instrument from warehouse.staging.instrument_scales where is_only_scale)
                    then 'scale not used for the instrument'
                when c.exclusion_reason is not null then 'contact excluded'
                when t.answered_at < c.started_at then 'answered before the contact'
                when is_late then 'answered after the closing'
            end as problem
        from traced t
        left join warehouse.marts.fct_contacts c using (contact_id)
        left join warehouse.staging.stg_survey_questions q using (question_id)
        left join warehouse.staging.instrument_scales s on s.instrument = q.instrument and s.scale_min = q.scale_min and s.scale_max = q.scale_max
    ),
    ranked as (
        select
            *, count(*) over item as answers, coalesce(problem, if(row_number() over (
                partition by question_id, contact_id, customer_id, if(contact_id is null, response_id, null), problem
                order by coalesce(answered_at, updated_at) desc nulls last, updated_at desc nulls last, response_id desc
            ) > 1, 'superseded by a later answer', null)) as invalid_reason
        from checked
        window item as (partition by question_id, contact_id, customer_id, if(contact_id is null, response_id, null), problem)
    )
select
    response_id || ':' || question_id as survey_answer_id, response_id, question_id, instrument, is_relationship, invitation_id, customer_id, contact_id,
    is_contact_known, business_date, (answered_at + to_seconds(o.utc_offset_seconds))::date as answer_date, answered_at, channel, queue_id, program_id,
    vendor_id, reason_code, product_line_id, last_agent_id, theme, score, scale_min, scale_max, is_reversed, invalid_reason is null as is_valid,
    invalid_reason, is_late, if(is_valid, answers - 1, null) as revision_count,
    if(is_valid, if(is_reversed, scale_min + scale_max - score, score), null)::decimal(18, 6) as turned_score,
    if(is_valid, if(is_reversed, scale_min + scale_max - score, score) >= positive_min, null) as is_positive,
    if(is_valid, if(is_reversed, scale_min + scale_max - score, score) <= negative_max, null) as is_negative
from ranked r
left join warehouse.intermediate.int_timezone_offsets o
    on o.timezone = r.timezone and r.answered_at >= o.valid_from and r.answered_at < o.valid_to;

create table journeys as
select
    s.*, n.next_any_started_at, c.session_id is not null as has_neighbours, coalesce(c.is_repeat, false) as has_one_before, coalesce(c.is_parallel, false) as is_parallel,
    if(has_one_before or c.is_parallel, c.previous_session_id, null) as previous_session_id,
    coalesce(c.issue_id, s.session_id) as issue_id, c.next_session_id, c.next_started_at, c.next_reopening_at,
    f.contact_id as next_follow_up_id, f.started_at as next_follow_up_at, u.contact_id as next_unknown_follow_up_id, u.started_at as next_unknown_follow_up_at,
    x.exited_at as next_exited_at, if(s.is_live, 0, coalesce(a.agent_messages, 0)) as agent_messages,
    d.session_id is not null as is_repeated_by_next_day, y.is_satisfied, y.is_dissatisfied
from sessions s
left join (
    select session_id, first_value(started_at) over (
        partition by customer_id order by started_at
        range between coalesce(ended_at - started_at + interval 1 microsecond, interval 1000 year) following and unbounded following
    ) as next_any_started_at
    from sessions
) n using (session_id)
left join (
    select *, last_value(if(is_repeat or is_parallel, null, session_id) ignore nulls) over (
        partition by customer_id, match_key order by started_at, session_id
    ) as issue_id
    from chained
) c using (session_id)
left join (
    select session_id, arg_min(contact_id, (f.started_at, contact_id)) as contact_id, min(f.started_at) as started_at
    from follow_ups f join sessions s using (customer_id, match_key)
    where f.started_at > s.ended_at
    group by session_id
) f using (session_id)
left join (
    select session_id, arg_min(contact_id, (started_at, contact_id)) as contact_id, min(started_at) as started_at
    from (
        select f.contact_id, f.started_at, arg_max(session_id, (ended_at, session_id)) as session_id
        from follow_ups f join sessions s using (customer_id)
        where f.match_key is null and s.ended_at < f.started_at
        group by f.contact_id, f.started_at
    )
    group by session_id
) u using (session_id)
left join (
    select session_id, min(exited_at) as exited_at from exits join sessions using (customer_id) where exited_at > ended_at group by session_id
) x using (session_id)
left join (
    select coalesce(r.session_id, l.contact_id, g.contact_id) as session_id, count(*) as agent_messages
    from warehouse.staging.stg_contact_segments g
    left join warehouse.intermediate.int_contact_links l on l.contact_record_id = g.contact_id
    left join reconnects r on r.contact_id = coalesce(l.contact_id, g.contact_id)
    where g.kind = 'message' and g.agent_id is not null
    group by all
) a using (session_id)
left join next_days d using (session_id)
left join (
    select
        coalesce(r.session_id, contact_id) as session_id, bool_and(is_positive) as is_satisfied, bool_or(is_negative) as is_dissatisfied
    from fct_survey_answers left join reconnects r using (contact_id)
    where instrument = 'csat' and not is_relationship and is_positive is not null
    group by all
) y using (session_id);
drop table sessions; drop table chained;

create view fct_contact_repeats as
select
    session_id as contact_id, issue_id, customer_id, business_date, channel, queue_id, program_id, vendor_id, reason_code, product_line_id, last_agent_id,
    started_at, ended_at, piece_count, window_hours, match_key is not null as is_reason_known, if(is_reason_known, has_one_before, null) as is_repeat,
    is_parallel, previous_session_id as previous_contact_id, next_session_id as next_contact_id,
    (date_diff('second', ended_at, next_started_at) / 3600.0)::decimal(18, 6) as hours_to_next, covers_until + interval 48 hour as matures_at,
    coalesce(covers_until <= known_until, false) as is_mature,
    if(is_reason_known and covers_until <= known_until, coalesce(next_started_at <= covers_until, false), null) as is_repeated,
    if(is_reason_known and ended_at + interval 24 hour <= known_until, coalesce(next_started_at <= ended_at + interval 24 hour, false), null) as is_repeated_24h,
    if(is_reason_known and ended_at + interval 72 hour <= known_until, coalesce(next_started_at <= ended_at + interval 72 hour, false), null) as is_repeated_72h,
    if(is_reason_known and ended_at + interval 168 hour <= known_until, coalesce(next_started_at <= ended_at + interval 168 hour, false), null) as is_repeated_168h,
    if(is_reason_known and ended_at + interval 336 hour <= known_until, coalesce(next_started_at <= ended_at + interval 336 hour, false), null) as is_repeated_336h,
    if(is_reason_known and ended_at + interval 720 hour <= known_until, coalesce(next_started_at <= ended_at + interval 720 hour, false), null) as is_repeated_720h,
    if(is_reason_known and ended_at + interval 49 hour <= known_until, j.is_repeated_by_next_day, null) as is_repeated_by_next_day,
    case
        when not is_reason_known then 'reason unknown' when ended_at is null then 'contact still open'
        when known_until is null then 'no watermark' when covers_until > known_until then 'window open'
    end as repeat_null_reason,
    not is_live as is_deferred, agent_messages as agent_message_count,
    if(
        not is_live and is_reason_known and ended_at + interval 336 hour <= known_until,
        coalesce(next_reopening_at <= ended_at + interval 336 hour, false), null
    ) as is_reopened,
    agent_logged_resolved as is_agent_logged_resolved
from journeys j, clocks
where is_handled;

create table fct_repeat_contacts as
select
    s.session_id as contact_id, s.previous_session_id as previous_contact_id, s.issue_id as first_contact_id, s.customer_id, s.reason_code, s.channel,
    s.queue_id, s.business_date, s.started_at, s.is_handled, s.has_one_before as is_repeat, s.is_parallel, p.channel as previous_channel,
    s.channel = p.channel as is_same_channel, p.business_date as previous_business_date, p.ended_at as previous_ended_at,
    if(s.has_one_before, date_diff('second', p.ended_at, s.started_at) / 3600.0, null)::decimal(18, 6) as hours_between,
    p.last_agent_id as previous_agent_id, p.last_queue_id as previous_queue_id, p.last_vendor_id as previous_vendor_id,
    f.last_agent_id as first_agent_id, f.last_queue_id as first_queue_id, f.last_vendor_id as first_vendor_id
from journeys s
join journeys p on p.session_id = s.previous_session_id
join journeys f on f.session_id = s.issue_id
where s.has_one_before or s.is_parallel;

create view fct_first_contact_resolution as
select
    session_id as contact_id, judged_hours as window_hours, customer_id, business_date, channel, queue_id, program_id, vendor_id, reason_code,
    product_line_id, last_agent_id, ended_at, judged_hours = window_hours as is_headline, window_ends_at, window_ends_at + interval 48 hour as matures_at,
    coalesce(window_ends_at <= known_until, false) as is_mature, is_eligible,
    case
        when match_key is null then null
        when escalation_count > 0 then 'escalated'
        -- of several at the same instant, the repeat goes before the follow-up, and that before the exit
        when first_break_at is null and not is_mature then 'pending'
        when first_break_at is null then 'resolved'
        when first_break_at = repeated_at then 'repeated'
        when first_break_at = followed_up_at then 'follow_up_needed'
        else 'exited'
    end as outcome,
    if(outcome in ('repeated', 'follow_up_needed', 'exited'), first_break_at, null) as broken_at,
    case outcome when 'repeated' then next_session_id when 'follow_up_needed' then follow_up_id when 'escalated' then session_id end as breaking_contact_id,
    case
        when outcome is null then 'reason unknown, so that no repeat can be recognised'
        when outcome = 'escalated' then 'escalated within the contact'
        when outcome = 'repeated' then 'contact about the same reason within the window'
        when outcome = 'follow_up_needed' then 'follow-up by an agent delivered the answer'
        when outcome = 'exited' then 'the last subscription of the customer ended within the window'
        when outcome = 'resolved' then 'window closed without another contact about the reason'
        when ended_at is null then 'contact still open'
        else 'window or the delay of its feeds not over yet'
    end as outcome_reason,
    if(is_mature and outcome is not null, outcome = 'resolved' and coalesce(next_any_started_at > window_ends_at, true), null) as is_one_contact_resolution,
    if(is_mature and outcome is not null, outcome = 'resolved' and transfer_count = 0, null) as is_first_point_resolution
from (
    select
        *, ended_at + to_hours(judged_hours) as window_ends_at,
        if(next_started_at <= window_ends_at, next_started_at, null) as repeated_at,
        if(follow_up_at <= window_ends_at, follow_up_at, null) as followed_up_at,
        if(next_exited_at <= window_ends_at, next_exited_at, null) as exited_at,
        least(repeated_at, followed_up_at, exited_at) as first_break_at
    from (
        select
            *, least(next_follow_up_at, next_unknown_follow_up_at) as follow_up_at,
            if(next_unknown_follow_up_at < next_follow_up_at or next_follow_up_at is null, next_unknown_follow_up_id, next_follow_up_id) as follow_up_id,
            unnest(if(window_hours in (24, 72, 168, 336, 720), [24, 72, 168, 336, 720], [24, 72, 168, 336, 720, window_hours])) as judged_hours
        from journeys, clocks
        where is_handled and not has_one_before and not is_parallel
    )
);

create temp table chains as
select
    session_id as issue_id, session_id as last_session_id, ended_at, covers_until, 1 as contact_count, is_handled::int as handled_contact_count,
    1 as channel_count, agent_segment_count, transfer_count, escalation_count, if(is_handled, handle_seconds, null) as handle_seconds, false as has_repeat
from journeys where not has_neighbours
union all by name
select
    issue_id, arg_max(session_id, (coalesce(ended_at, timestamp 'infinity'), session_id)) as last_session_id,
    if(count(ended_at) = count(*), max(ended_at), null) as ended_at, if(count(ended_at) = count(*), max(covers_until), null) as covers_until,
    count(*) as contact_count, count(*) filter (is_handled) as handled_contact_count, count(distinct channel) as channel_count,
    sum(agent_segment_count) as agent_segment_count, sum(transfer_count) as transfer_count, sum(escalation_count) as escalation_count,
    if(count(*) filter (is_handled and handle_seconds is null) = 0, sum(handle_seconds) filter (is_handled), null) as handle_seconds,
    bool_or(has_one_before) as has_repeat
from journeys where has_neighbours
group by issue_id;

-- each opening period with the time after it, on every day that it touches
create temp table open_days as
select
    queue_id, opens_at, next_opens_at, open_seconds, open_seconds_before,
    unnest(generate_series(opens_at::date, least(next_opens_at, (select max(ended_at) from journeys))::date, interval 1 day))::date as day
from warehouse.intermediate.int_queue_open_periods;

create table issues as
select
    c.*, f.customer_id, f.reason_code, f.business_date, f.channel, f.queue_id, f.program_id, f.vendor_id, f.product_line_id, f.started_at,
    f.match_key is not null as is_reason_known, coalesce(a.agents, c.agent_segment_count) as agent_count,
    case
        when h.queue_id is null then date_diff('second', f.started_at, c.ended_at)
        when c.ended_at is not null
            then coalesce(least(e.open_seconds_before + date_diff('second', e.opens_at, c.ended_at), e.open_seconds_before + e.open_seconds), 0)
                - coalesce(least(s.open_seconds_before + date_diff('second', s.opens_at, f.started_at), s.open_seconds_before + s.open_seconds), 0)
    end as business_seconds,
    case
        when least(l.next_follow_up_at, l.next_unknown_follow_up_at) <= c.covers_until then 'follow-up by an agent delivered the answer'
        when l.next_exited_at <= c.covers_until then 'the customer left within the window'
        when not l.is_handled then 'no agent handled the last contact'
        when l.escalation_count > 0 then 'the last contact was escalated'
        else 'quiet for the whole window'
    end as ending
from chains c
join journeys f on f.session_id = c.issue_id
join journeys l on l.session_id = c.last_session_id
left join (
    select issue_id, count(distinct coalesce(agent_id, '')) as agents
    from warehouse.intermediate.int_agent_legs l
    left join reconnects r using (contact_id)
    join journeys j on j.session_id = coalesce(r.session_id, l.contact_id)
    where l.has_conversation and (j.has_neighbours or j.agent_segment_count > 1)
    group by issue_id
) a on a.issue_id = c.issue_id
left join (select distinct queue_id from warehouse.staging.stg_queue_hours) h on h.queue_id = f.queue_id
left join open_days s on s.queue_id = f.queue_id and s.day = f.started_at::date and f.started_at >= s.opens_at and f.started_at < s.next_opens_at
left join open_days e on e.queue_id = f.queue_id and e.day = c.ended_at::date and c.ended_at >= e.opens_at and c.ended_at < e.next_opens_at;

create view fct_issues as
select
    issue_id, customer_id, reason_code, business_date, channel, queue_id, program_id, vendor_id, product_line_id, issue_id as first_contact_id,
    last_session_id as last_contact_id, started_at, ended_at, contact_count, handled_contact_count, agent_segment_count, agent_count, channel_count,
    transfer_count, escalation_count, handle_seconds, (handle_seconds / 60.0)::decimal(18, 6) as agent_minutes,
    date_diff('second', started_at, ended_at) as elapsed_seconds, business_seconds, covers_until + interval 48 hour as matures_at,
    coalesce(covers_until <= known_until, false) as is_mature, if(is_reason_known and is_mature, has_repeat, null) as is_reopened,
    if(is_reason_known and is_mature and agent_count > 0, contact_count = 1 and agent_count = 1 and channel_count = 1, null) as is_seamless,
    case
        when not is_reason_known then 'reason unknown' when ended_at is null then 'a contact is still open'
        when not is_mature then 'window or the delay of its feeds not over yet' else ending
    end as resolution_reason,
    case
        when resolution_reason in ('quiet for the whole window', 'follow-up by an agent delivered the answer') then true
        when resolution_reason = 'the last contact was escalated' then false
    end as is_resolved
from issues, clocks;

-- bots: sessions, attempts, and what the customer did afterwards
create temp table bot_sessions as
with
    named as (
        select s.*, coalesce(o.contact_id, s.contact_id) as own_contact_id, coalesce(h.contact_id, s.handed_off_contact_id) as handoff_contact_id
        from warehouse.staging.stg_bot_sessions s
        left join warehouse.intermediate.int_contact_links o on o.contact_record_id = s.contact_id
        left join warehouse.intermediate.int_contact_links h on h.contact_record_id = s.handed_off_contact_id
    ),
    judged as (
        select
            n.session_id, n.customer_id, n.technology_id, coalesce(n.channel, c.channel) as channel, n.reason_code, n.started_at::date as business_date,
            n.started_at, if(n.ended_at < n.started_at, n.started_at, n.ended_at) as ended_at, n.turns, n.own_contact_id,
            coalesce(
                n.handoff_contact_id,
                if(c.is_handled and coalesce(c.answered_at, n.started_at) >= n.started_at, n.own_contact_id, null)
            ) as handoff_contact_id,
            n.is_in_scope, n.handoff_requested, n.vendor_outcome, n.evidence, n.intent_signal, n.model_version,
            n.customer_id is not null and d.customer_id is null as is_identified,
            case when n.is_test then 'test' when k.is_staff then 'staff' when n.turns = 0 then 'empty_bot_session' else c.exclusion_reason end as exclusion_reason
        from named n
        left join warehouse.marts.fct_contacts c on c.contact_id = n.own_contact_id
        left join warehouse.staging.stg_customers k on k.customer_id = n.customer_id
        left join warehouse.staging.denied_customer_ids d on d.customer_id = n.customer_id
    ),
    begun as (
        select *, coalesce(started_at > max(coalesce(ended_at, started_at)) over (
            partition by customer_id order by started_at, session_id rows between unbounded preceding and 1 preceding
        ) + interval 30 minute, true) as begins
        from judged where is_identified and exclusion_reason is null
    )
select
    *, last_value(if(begins, session_id, null) ignore nulls) over w as attempt_id, begins as is_first, coalesce(lead(begins) over w, true) as is_last
from begun
window w as (partition by customer_id order by started_at, session_id)
union all by name
select *, session_id as attempt_id, true as is_first, true as is_last from judged where not is_identified or exclusion_reason is not null;

create temp table attempts as
select
    attempt_id, any_value(customer_id) as customer_id, bool_or(is_identified) as is_identified, max(exclusion_reason) as exclusion_reason,
    any_value(technology_id) filter (is_first) as technology_id, any_value(channel) filter (is_first) as channel,
    any_value(model_version) filter (is_first) as model_version, min(business_date) as business_date,
    arg_min(reason_code, (started_at, session_id)) filter (reason_code is not null) as reason_code,
    coalesce(min(intent_signal) filter (intent_signal in ('explicit', 'implicit')), 'none') as intent_signal, min(started_at) as started_at,
    if(count(ended_at) = count(*), min(ended_at), null) as first_ended_at, if(count(ended_at) = count(*), max(ended_at), null) as ended_at,
    count(*) as session_count, if(count(turns) = count(*), sum(turns), null) as turn_count,
    if(coalesce(bool_or(is_in_scope), false), true, if(count(is_in_scope) = count(*), false, null)) as is_in_scope,
    if(
        count(*) filter (handoff_requested or vendor_outcome = 'handed_off') > 0, true, if(count(handoff_requested) = count(*), false, null)
    ) as is_handoff_requested,
    arg_min(handoff_contact_id, (started_at, session_id)) filter (handoff_contact_id is not null) as handed_off_contact_id,
    any_value(vendor_outcome) filter (is_last) as vendor_outcome, any_value(evidence) filter (is_last) as evidence,
    count(*) filter (vendor_outcome in ('resolved', 'assumed_resolved')) as vendor_resolved_session_count,
    if(count(vendor_outcome) > 0, vendor_resolved_session_count > 0, null) as is_vendor_resolved
from bot_sessions
group by attempt_id;

create temp table bot_contacts as
select contact_id, min(first_ended_at) filter (is_identified and exclusion_reason is null and ended_at is not null) as first_ended_at
from (
    select attempt_id, unnest([own_contact_id, handoff_contact_id]) as contact_id from bot_sessions
    where own_contact_id is not null or handoff_contact_id is not null
) join attempts using (attempt_id)
where contact_id is not null
group by contact_id;

-- every contact of these customers with the earliest one from there on; their own contacts stand where the attempt ended
create temp table returns as
select
    customer_id, happened_at, reason, contact_number, contact_id, channel, started_at,
    min(contact_number) over (
        partition by customer_id order by happened_at range between current row and unbounded following
    ) as next_number,
    min(contact_number) over (
        partition by customer_id, reason order by happened_at range between current row and unbounded following
    ) as next_number_of_reason
from (
    select
        i.customer_id, i.contact_id, i.channel, i.started_at, least(b.first_ended_at, i.started_at) as happened_at,
        coalesce(r.reason_l2, r.reason_l1, i.reason_code) as reason,
        row_number() over (partition by i.customer_id order by i.started_at, i.contact_id) as contact_number
    from inbound i
    semi join (from attempts where is_identified and exclusion_reason is null and ended_at is not null) a using (customer_id)
    left join warehouse.staging.stg_reasons r using (reason_code)
    left join bot_contacts b using (contact_id)
);

create temp table followed_attempts as
with
    judged as (
        from attempts where is_identified and exclusion_reason is null and ended_at is not null
    ),
    confirmations as (
        select
            customer_id, happened_at, min(contact_number) over (
                partition by customer_id order by happened_at range between current row and unbounded following
            ) as next_number
        from returns semi join (from inbound where lower(reason_code) = 'confirmation') using (contact_id)
    ),
    by_reason as (
        select a.attempt_id, min(r.next_number_of_reason) as next_number
        from (
            select distinct j.attempt_id, j.customer_id, j.first_ended_at, coalesce(r.reason_l2, r.reason_l1, s.reason_code) as reason
            from judged j join bot_sessions s using (attempt_id) left join warehouse.staging.stg_reasons r on r.reason_code = s.reason_code
            where s.reason_code is not null
        ) a
        asof join (from returns where reason is not null) r
            on r.customer_id = a.customer_id and r.reason = a.reason and a.first_ended_at < r.happened_at
        group by a.attempt_id
    ),
    numbered as (
        select
            j.attempt_id, j.customer_id, j.ended_at, n.next_number as any_number,
            if(j.reason_code is null, n.next_number, least(b.next_number, c.next_number)) as number
        from judged j
        asof join returns n on n.customer_id = j.customer_id and j.first_ended_at < n.happened_at
        asof left join confirmations c on c.customer_id = j.customer_id and j.first_ended_at < c.happened_at
        left join by_reason b on b.attempt_id = j.attempt_id
    )
select
    n.attempt_id, m.contact_id as return_contact_id, m.channel as return_channel, m.started_at as returned_at,
    f.contact_id as any_return_contact_id, f.channel as any_return_channel, f.started_at as any_returned_at
from numbered n
join returns f on f.customer_id = n.customer_id and f.contact_number = n.any_number and f.started_at <= n.ended_at + interval 168 hour
left join returns m on m.customer_id = n.customer_id and m.contact_number = n.number and m.started_at <= n.ended_at + interval 168 hour;

create table bot_attempts as
select
    a.*, f.* exclude (attempt_id), h.* exclude (handed_off_contact_id), q.* exclude (contact_id)
from attempts a
left join followed_attempts f using (attempt_id)
left join (
    select
        contact_id as handed_off_contact_id, channel as handed_off_channel, is_handled as is_handoff_answered, handle_seconds as handoff_handle_seconds
    from warehouse.marts.fct_contacts
) h on h.handed_off_contact_id = a.handed_off_contact_id
left join (
    select
        coalesce(l.contact_id, s.contact_id) as contact_id, engine as handoff_sentiment_engine, engine_version as handoff_sentiment_engine_version,
        (last_quarter_score - first_quarter_score)::decimal(18, 6) as handoff_sentiment_shift
    from warehouse.staging.stg_contact_sentiment s left join warehouse.intermediate.int_contact_links l on l.contact_record_id = s.contact_id
    where first_quarter_score is not null and last_quarter_score is not null
        and coalesce(l.contact_id, s.contact_id) in (select handed_off_contact_id from attempts where handed_off_contact_id is not null)
    qualify row_number() over (
        partition by coalesce(l.contact_id, s.contact_id) order by engine, engine_version desc, s.contact_id
    ) = 1
) q on q.contact_id = a.handed_off_contact_id;


create view fct_bot_attempts as
select
    attempt_id, customer_id, is_identified, technology_id, channel, reason_code, model_version, intent_signal, business_date, started_at, ended_at,
    session_count, turn_count, exclusion_reason, is_in_scope, is_eligible, is_handoff_requested, is_handed_off, is_contained, is_abandoned,
    vendor_outcome, vendor_resolved_session_count, is_vendor_resolved, evidence_class, has_evidence, is_resolved, return_contact_id, return_channel,
    returned_at, is_returned, is_returned_24h, is_returned_72h, any_return_contact_id, any_return_channel, any_returned_at, is_returned_any_reason,
    is_resolved and has_evidence and not is_returned as is_durably_resolved,
    is_resolved and has_evidence and not is_returned_24h as is_durably_resolved_24h,
    is_resolved and has_evidence and not is_returned_72h as is_durably_resolved_72h,
    is_resolved and has_evidence and not is_returned_any_reason as is_durably_resolved_any_reason,
    null::boolean as is_retained, 'retention of the customer is not measured yet' as retained_null_reason,
    assisted_probability, assisted_probability_source,
    if(exclusion_reason is null, if(is_durably_resolved, assisted_probability, if(not is_durably_resolved, 0, null)), null)::decimal(9, 6)
        as avoided_contact_share,
    if(exclusion_reason is null, if(is_durably_resolved, assisted_probability_low, if(not is_durably_resolved, 0, null)), null)::decimal(9, 6)
        as avoided_contact_share_low,
    if(exclusion_reason is null, if(is_durably_resolved, assisted_probability_high, if(not is_durably_resolved, 0, null)), null)::decimal(9, 6)
        as avoided_contact_share_high,
    case
        when exclusion_reason is not null then 'excluded' when is_durably_resolved is null then 'durable resolution not known'
        when is_durably_resolved and assisted_probability is null then 'no probability for the intent'
    end as avoided_contact_null_reason,
    case
        when exclusion_reason is not null then null when is_durably_resolved then 5 when is_resolved then 4
        when is_eligible and is_contained and not is_abandoned then 3 when is_eligible and is_contained then 2 when is_eligible then 1 else 0
    end as highest_rung,
    case
        when exclusion_reason is not null then 'excluded' when is_in_scope is null then 'scope_unknown' when not is_in_scope then 'out_of_scope'
        when not is_identified then 'unidentified' when is_handed_off then 'handed_off' when is_handoff_requested then 'handoff_refused'
        when ended_at is null then 'pending' when is_contained is null then 'handoff_unknown' when is_abandoned then 'abandoned'
        when not has_evidence then 'no_evidence' when is_returned then 'circled_back' when is_returned is null then 'pending' else 'none'
    end as leak,
    case leak when 'handed_off' then handed_off_contact_id when 'circled_back' then return_contact_id end as leak_contact_id,
    case leak when 'handed_off' then handed_off_channel when 'circled_back' then return_channel end as leak_channel,
    handed_off_contact_id, handed_off_channel, is_handoff_answered, handoff_handle_seconds,
    handoff_sentiment_engine, handoff_sentiment_engine_version, handoff_sentiment_shift,
    ended_at + interval 216 hour as matures_at, is_mature, is_mature_24h, is_mature_72h
from (
    select
        a.*, coalesce(o.probability, p.probability) as assisted_probability,
        coalesce(o.low_probability, p.low_probability) as assisted_probability_low,
        coalesce(o.high_probability, p.high_probability) as assisted_probability_high, coalesce(o.source, p.source) as assisted_probability_source,
        handed_off_contact_id is not null as is_handed_off, evidence is not null as has_evidence,
        coalesce(evidence, if(vendor_outcome in ('resolved', 'assumed_resolved'), 'vendor_assumed', null)) as evidence_class,
        exclusion_reason is null and is_in_scope and is_identified as is_eligible,
        case
            when is_handed_off or is_handoff_requested then false when is_handoff_requested is not null and ended_at is not null then true
        end as is_contained,
        case when has_evidence then false when ended_at is not null then coalesce(vendor_outcome = 'abandoned', false) end as is_abandoned,
        is_eligible and is_contained and not is_abandoned and has_evidence as is_resolved,
        coalesce(ended_at + interval 168 hour <= bots_known_until, false) as is_mature,
        coalesce(ended_at + interval 24 hour <= bots_known_until, false) as is_mature_24h,
        coalesce(ended_at + interval 72 hour <= bots_known_until, false) as is_mature_72h,
        case
            when exclusion_reason is not null or not is_identified then null
            when returned_at <= ended_at + interval 168 hour then true when is_mature then false
        end as is_returned,
        case
            when exclusion_reason is not null or not is_identified then null
            when returned_at <= ended_at + interval 24 hour then true when is_mature_24h then false
        end as is_returned_24h,
        case
            when exclusion_reason is not null or not is_identified then null
            when returned_at <= ended_at + interval 72 hour then true when is_mature_72h then false
        end as is_returned_72h,
        case
            when exclusion_reason is not null or not is_identified then null
            when any_returned_at <= ended_at + interval 168 hour then true when is_mature then false
        end as is_returned_any_reason
    from bot_attempts a
    cross join clocks
    -- a bot's own probability goes before that of any
    left join warehouse.staging.assisted_contact_probabilities o
        on o.technology_id = a.technology_id and o.intent_signal = a.intent_signal and a.business_date between o.effective_from and o.effective_to
    left join warehouse.staging.assisted_contact_probabilities p
        on p.technology_id = 'any' and p.intent_signal = a.intent_signal and a.business_date between p.effective_from and p.effective_to
);

create table fct_bot_handoff_uplift as
with
    months as (
        select
            date_trunc('month', c.business_date)::date as month, c.channel, c.reason_code, h.contact_id is not null as is_handed_off,
            count(*) as contacts, sum(c.handle_seconds) as seconds
        from warehouse.marts.fct_contacts c
        left join (
            select distinct handed_off_contact_id as contact_id from attempts where exclusion_reason is null and handed_off_contact_id is not null
        ) h using (contact_id)
        left join bot_contacts b using (contact_id)
        where c.exclusion_reason is null and c.direction = 'inbound' and c.handle_seconds is not null
            and (h.contact_id is not null or b.contact_id is null and c.reason_code is not null)
        group by all
    ),
    direct as (
        select (month + to_months(later))::date as month, channel, reason_code, sum(contacts) as contacts, sum(seconds) as seconds
        from months, (select unnest([1, 2, 3]) as later)
        where not is_handed_off
        group by all
    )
select
    m.month || '|' || m.channel || '|' || coalesce(m.reason_code, '(unknown)') as handoff_group_id, m.month as month_start_date, m.channel, m.reason_code,
    m.contacts as handed_off_contact_count, m.seconds as handed_off_handle_seconds, d.contacts as direct_contact_count, d.seconds as direct_handle_seconds,
    case
        when m.reason_code is null then 'reason unknown' when d.contacts is null then 'no direct contacts in the months before'
        when d.contacts < 10 then 'too few direct contacts'
    end as uplift_null_reason,
    if(uplift_null_reason is null, (m.contacts * d.seconds + d.contacts // 2) // d.contacts, null) as expected_handle_seconds,
    m.seconds - expected_handle_seconds as uplift_seconds
from months m left join direct d using (month, channel, reason_code)
where m.is_handed_off;
drop table returns; drop table followed_attempts; drop table attempts; drop table bot_sessions; drop table bot_contacts;

create table fct_contact_effort as
select
    j.session_id as contact_id, j.customer_id, j.business_date, j.channel, j.queue_id, j.program_id, j.vendor_id, j.reason_code, j.product_line_id,
    j.last_agent_id, if(j.match_key is not null, j.has_one_before::int, null) as repeat_count, j.transfer_count,
    if(j.match_key is not null, coalesce((p.channel <> j.channel)::int, 0), null) as channel_switch_count, j.long_wait_count,
    (repeat_count * w['repeat'] + j.transfer_count * w['transfer'] + channel_switch_count * w['channel_switch']
        + j.long_wait_count * w['long_wait'])::decimal(18, 6) as effort_points,
    case when repeat_count is null then 'reason unknown' when j.long_wait_count is null then 'wait unknown' end as effort_null_reason
from journeys j
left join journeys p on p.session_id = j.previous_session_id
cross join (
    select map_from_entries(list((driver, weight))) as w from warehouse.staging.observed_effort_drivers where is_delivered
)
where j.is_handled;

create view fct_contact_results as
select
    contact_id, customer_id, business_date, date_trunc('quarter', business_date)::date as quarter_start_date, channel, queue_id, program_id, vendor_id,
    reason_code, product_line_id, last_agent_id, handle_seconds, transfer_count, escalation_count,
    case
        when is_repeated is null or outcome = 'exited' then null when is_index_contact then outcome = 'resolved'
        when is_repeated or escalation_count > 0 then false when next_exited_at <= covers_until then null else true
    end as is_solved,
    ended_at, is_mature, is_repeated, is_repeated_24h,
    if(is_mature and is_eligible and outcome <> 'exited', outcome = 'resolved', null) as is_first_contact_resolved, is_satisfied, is_dissatisfied,
    greatest(covers_until + interval 48 hour, ended_at + interval 384 hour) as known_at, coalesce(known_at <= results_as_of, false) as is_known,
    results_as_of as as_of
from (
    select
        *, session_id as contact_id, not has_one_before and not is_parallel as is_index_contact,
        coalesce(covers_until <= known_until, false) as is_mature,
        if(match_key is not null and is_mature, coalesce(next_started_at <= covers_until, false), null) as is_repeated,
        if(
            match_key is not null and ended_at + interval 24 hour <= known_until, coalesce(next_started_at <= ended_at + interval 24 hour, false), null
        ) as is_repeated_24h,
        -- of an index contact whose window is over
        least(next_started_at, next_follow_up_at, next_unknown_follow_up_at, next_exited_at) as first_break_at,
        case
            when not is_index_contact or match_key is null then null
            when escalation_count > 0 then 'escalated'
            when first_break_at is null or first_break_at > covers_until then 'resolved'
            when first_break_at = next_started_at then 'repeated'
            when first_break_at = least(next_follow_up_at, next_unknown_follow_up_at) then 'follow_up_needed'
            else 'exited'
        end as outcome
    from journeys, clocks
    where is_handled
);

create table fct_handle_time_bands as
with
    cells as (
        select
            queue_id, reason_code, channel, quarter_start_date as effective_from, max(as_of) as as_of,
            quarter_start_date - interval 91 day as known_after, quarter_start_date - interval 1 day as known_until
        from fct_contact_results where reason_code is not null
        group by all
    ),
    good as (
        select q.effective_from, r.queue_id, r.reason_code, r.channel, list_sort(list(r.handle_seconds)) as seconds
        from fct_contact_results r
        join (select distinct effective_from, known_after, known_until from cells) q on r.known_at > q.known_after and r.known_at <= q.known_until
        where r.is_solved and r.is_satisfied and r.handle_seconds is not null and r.reason_code is not null
        group by all
    ),
    good_of_channel as (
        select effective_from, reason_code, channel, list_sort(flatten(list(seconds))) as seconds from good group by all
    )
select
    c.queue_id, c.reason_code, c.channel, c.effective_from, (c.effective_from + interval 3 month)::date as effective_before, c.known_after, c.known_until,
    coalesce(len(q.seconds), 0) as queue_contact_count, coalesce(len(h.seconds), 0) as channel_contact_count,
    case
        when c.as_of is null or c.as_of < c.known_until then null
        when queue_contact_count >= 10 then 'queue' when channel_contact_count >= 10 then 'channel'
    end as band_level,
    case band_level when 'queue' then queue_contact_count when 'channel' then channel_contact_count end as band_contact_count,
    -- the smallest one that 20 (80) of 100 do not exceed
    case band_level when 'queue' then q.seconds[(20 * queue_contact_count + 99) // 100] when 'channel' then h.seconds[(20 * channel_contact_count + 99) // 100] end
        as low_seconds,
    case band_level when 'queue' then q.seconds[(80 * queue_contact_count + 99) // 100] when 'channel' then h.seconds[(80 * channel_contact_count + 99) // 100] end
        as high_seconds,
    case
        when band_level is not null then null
        when c.as_of is null or c.as_of < c.known_until then 'days before the quarter not complete'
        when channel_contact_count = 0 then 'no resolved and satisfied contact before the quarter'
        else 'too few resolved and satisfied contacts before the quarter'
    end as band_null_reason
from cells c
left join good q on (q.queue_id, q.reason_code, q.channel, q.effective_from) = (c.queue_id, c.reason_code, c.channel, c.effective_from)
left join good_of_channel h on (h.reason_code, h.channel, h.effective_from) = (c.reason_code, c.channel, c.effective_from);

create view fct_handle_time_results as
select
    contact_id, customer_id, business_date, r.channel, r.queue_id, program_id, vendor_id, r.reason_code, product_line_id, last_agent_id, handle_seconds,
    band_level, low_seconds, high_seconds,
    case when handle_seconds < low_seconds then 'below' when handle_seconds > high_seconds then 'above' when handle_seconds >= low_seconds then 'in' end
        as band_result,
    is_known, is_solved, is_repeated_24h, is_satisfied, is_dissatisfied,
    case
        when r.reason_code is null then 'reason unknown' when handle_seconds is null then 'handle time unknown' when band_result is null then band_null_reason
        when not is_known then 'window or closing of the survey not over yet' when is_solved is null then 'customer left within the window'
    end as result_null_reason,
    if(result_null_reason is null, coalesce(is_repeated_24h, false) or not is_solved or coalesce(is_dissatisfied, false), null) as is_failed,
    if(result_null_reason is null, band_result = 'below' and is_failed, null) as is_rushed_failure,
    if(result_null_reason is null, band_result = 'in' and is_solved and coalesce(is_satisfied, true), null) as is_healthy,
    if(result_null_reason is null, band_result = 'in' and is_solved, null) as is_healthy_without_survey
from fct_contact_results r
left join fct_handle_time_bands b
    on b.reason_code = r.reason_code and b.channel = r.channel and b.effective_from = r.quarter_start_date
    and coalesce(b.queue_id, '') = coalesce(r.queue_id, '');

create table fct_handle_time_alerts as
with
    reason_weeks as (
        select
            queue_id, reason_code, date_trunc('week', business_date)::date as week, max(as_of) as as_of,
            count(*) filter (ended_at is not null and not is_mature) as immature, count(*) filter (compared) as contacts,
            coalesce(sum(handle_seconds) filter (compared), 0) as seconds,
            coalesce(sum(handle_seconds * handle_seconds) filter (compared), 0) as squares, count(*) filter (compared and is_repeated) as repeated,
            count(is_first_contact_resolved) as firsts, count(*) filter (is_first_contact_resolved) as resolved
        from (select *, is_repeated is not null and handle_seconds is not null as compared from fct_contact_results)
        group by all
    ),
    with_expectation as (
        select
            *, sum(contacts) over base as base_contacts, contacts * (sum(seconds) over base / sum(contacts) over base) as expected
        from reason_weeks
        window base as (partition by queue_id, reason_code order by week range between interval 56 day preceding and interval 7 day preceding)
    ),
    weeks as (
        select
            queue_id, week, max(as_of) as as_of, sum(immature) as immature, sum(contacts) as n, sum(seconds)::double as s, sum(squares)::double as ss,
            sum(repeated) as repeated, sum(firsts) as firsts, sum(resolved) as resolved,
            sum(seconds) filter (base_contacts > 0) as mix_seconds, sum(expected) filter (base_contacts > 0) as mix_expected
        from with_expectation
        group by all
    ),
    with_base as (
        select
            *, count(*) over base as base_weeks, sum(immature) over base as base_immature, (sum(n) over base)::double as bn, sum(s) over base as bs,
            sum(ss) over base as bss, (sum(repeated) over base)::double as brepeated, (sum(firsts) over base)::double as bfirsts,
            (sum(resolved) over base)::double as bresolved
        from weeks
        window base as (partition by queue_id order by week range between interval 56 day preceding and interval 7 day preceding)
    ),
    measured as (
        select
            *,
            case
                when as_of is null or week + interval 8 day > as_of then 'week not complete'
                when immature > 0 then 'windows of the week still open'
                when base_weeks < 8 then 'weeks before are fewer than the baseline'
                when base_immature > 0 then 'windows of the baseline still open'
                when n < 10 or firsts < 10 or bn < 10 or bfirsts < 10 then 'too few contacts'
            end as alert_null_reason,
            alert_null_reason is null as ok, if(ok, s / n, null) as aht, if(ok, bs / bn, null) as base_aht, if(ok, repeated::double / n, null) as repeat_rate,
            if(ok, brepeated / bn, null) as base_repeat_rate, if(ok, resolved::double / firsts, null) as fcr, if(ok, bresolved / bfirsts, null) as base_fcr,
            (repeated + brepeated) / (n + bn) as pooled_repeat, (resolved + bresolved) / (firsts + bfirsts) as pooled_fcr,
            greatest(ss - s * s / n, 0) / nullif(n - 1, 0) / n + greatest(bss - bs * bs / bn, 0) / nullif(bn - 1, 0) / bn as variance
        from with_base
    )
select
    queue_id, week as week_start_date, n as contact_count, firsts as first_contact_count, base_weeks as base_week_count,
    aht::decimal(18, 6) as average_handle_time, base_aht::decimal(18, 6) as base_average_handle_time,
    (aht / nullif(base_aht, 0) - 1)::decimal(18, 6) as aht_change,
    if(ok, mix_seconds / nullif(mix_expected, 0) - 1, null)::decimal(18, 6) as aht_change_at_same_mix,
    repeat_rate::decimal(18, 6) as repeat_rate, base_repeat_rate::decimal(18, 6) as base_repeat_rate, fcr::decimal(18, 6) as fcr_rate,
    base_fcr::decimal(18, 6) as base_fcr_rate,
    if(ok, 100 * s * bn <= 95 * bs * n and 100 * (repeated * bn - brepeated * n) >= n * bn and 100 * (bresolved * firsts - resolved * bfirsts) >= firsts * bfirsts, null)
        as is_over_thresholds,
    is_over_thresholds
        and base_aht - aht > 1.959964 * sqrt(variance)
        and measured.repeat_rate - measured.base_repeat_rate > 1.959964 * sqrt(pooled_repeat * (1 - pooled_repeat) * (1 / n + 1 / bn))
        and base_fcr - fcr > 1.959964 * sqrt(pooled_fcr * (1 - pooled_fcr) * (1 / firsts + 1 / bfirsts)) as is_alert,
    alert_null_reason
from measured;

create table fct_reason_complexity as
with
    monthly as (
        select
            reason_code, date_trunc('month', business_date)::date as month, count(*) as contacts, sum(handle_seconds) as seconds,
            count(applications_used) as desktops, quantile_disc(applications_used, 0.5) as median_applications
        from warehouse.marts.fct_contacts
        where exclusion_reason is null and handle_seconds is not null and reason_code is not null
        group by all
    ),
    overall as (
        select month, sum(sum(contacts)) over base as contacts, sum(sum(seconds)) over base as seconds, count(*) over base as months
        from monthly
        group by month
        window base as (order by month range between interval 12 month preceding and interval 1 month preceding)
    ),
    of_reason as (
        select *, coalesce(sum(contacts) over base, 0) as base_contacts, sum(seconds) over base as base_seconds
        from monthly
        window base as (partition by reason_code order by month range between interval 12 month preceding and interval 1 month preceding)
    )
select
    r.reason_code, r.month as month_start_date, r.contacts as contact_count, o.months as base_month_count, base_contacts as base_contact_count,
    if(base_contacts >= 10, base_seconds::decimal(28, 6) / base_contacts, null)::decimal(18, 6) as expected_handle_time,
    (o.seconds::decimal(28, 6) / nullif(o.contacts, 0))::decimal(18, 6) as overall_handle_time,
    (if(base_contacts >= 10, base_seconds::decimal(28, 6) / base_contacts, null)::double
        / nullif(o.seconds::decimal(28, 6) / nullif(o.contacts, 0), 0)::double)::decimal(18, 6) as complexity_index,
    case
        when o.months = 0 then 'no months before' when base_contacts = 0 then 'no contact for the reason in the months before'
        when base_contacts < 10 then 'too few contacts for the reason in the months before' when o.seconds = 0 then 'no handle time in the months before'
    end as complexity_null_reason,
    r.desktops as measured_desktop_count, r.median_applications
from of_reason r join overall o using (month);
