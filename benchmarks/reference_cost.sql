-- The yardstick: one hand-written DuckDB script that makes the stored tables of cost from the same finished base tables, for this purpose and this
-- engine alone. The warehouse is attached as `warehouse`. Configuration is the default one, written out: books in UTC and GBP, an agent's second
-- shared equally, capacity measured from time sheets, waiting apart, overtime premium to the queue's day. Time is counted in 720,720ths of a second,
-- amounts are exact to the millionth, and what is beyond that is cut off at running totals, so that shares add up.

-- amount * part / whole, the rest cut off; a division of wide integers is slow, so it is left to what lies so near to a whole number, or is so large,
-- that floating point could be wrong
create temp macro exact_share(amount, part, whole) as
    (((amount * 1000000)::hugeint * part // nullif(whole, 0))::decimal(24, 0) * 0.000001)::decimal(18, 6);
create temp macro share_or_exact(guess, amount, part, whole) as
    case
        when guess >= 0 and guess < 1e11 and guess - floor(guess) between 0.001 and 0.999
            then (floor(guess)::decimal(12, 0) * 0.000001)::decimal(18, 6)
        else exact_share(amount, part, whole)
    end;
create temp macro share(amount, part, whole) as share_or_exact(amount::double * 1000000 * part / whole, amount, part, whole);
create temp macro between_(amount, earlier, later, whole) as share(amount, later, whole) - share(amount, earlier, whole);
create temp macro month(instant) as date_trunc('month', instant)::date;
create temp macro second(instant) as epoch_us(instant) // 1000000;

-- prices

create temp table rates as
select currency, date_day, rate_to_reporting as rate from warehouse.intermediate.int_exchange_rates;

create temp table month_rates as
select currency, month(date_day) as period_month, arg_max(rate, date_day) as last_rate, sum(rate) as rate_sum, count(*) as day_count
from rates
group by all;

create temp table terms as
select m.period_month, c.vendor_id, c.payment_basis, (c.unit_price * r.last_rate)::decimal(18, 6) as price
from (select distinct period_month from month_rates) m
join warehouse.staging.stg_vendor_contracts c
    on coalesce(c.effective_from, m.period_month) < m.period_month + interval 1 month
    and coalesce(c.effective_to, date '2999-12-31') > m.period_month
left join month_rates r on r.currency = coalesce(c.currency, 'GBP') and r.period_month = m.period_month
qualify row_number() over (
    partition by m.period_month, c.vendor_id
    order by
        coalesce(c.effective_from, m.period_month) > m.period_month,
        if(coalesce(c.effective_from, m.period_month) <= m.period_month, c.effective_from, null) desc nulls last, c.effective_from,
        c.contract_version desc
) = 1;

-- agents' time on contacts

create temp table spans as
with found as (
    select
        month(started_at) as period_month, agent_id, contact_id, leg_queue_id as queue_id, kind, false as is_in_talk,
        second(ended_at) - worked_seconds as begins, second(ended_at) as ends, worked_seconds as handle_seconds
    from warehouse.intermediate.int_agent_work_spans
    where agent_id is not null and worked_seconds > 0
    union all
    select
        month(started_at), agent_id, contact_id, leg_queue_id, kind, true, second(ended_at) - held_seconds, second(ended_at) - connected_seconds, 0
    from warehouse.intermediate.int_agent_work_spans
    where agent_id is not null and held_seconds > connected_seconds
    union all
    select month(s.started_at), s.agent_id, coalesce(l.contact_id, s.contact_id), s.queue_id, s.kind, false, second(s.started_at), second(s.ended_at), 0
    from warehouse.staging.stg_contact_segments s
    left join warehouse.intermediate.int_contact_links l on l.contact_record_id = s.contact_id
    where s.kind in ('ring', 'consult') and s.agent_id is not null and s.ended_at > s.started_at
)
-- what an earlier span of the agent on the contact covers is not counted twice
select
    * replace (if(is_in_talk or covered_until is null, begins, least(greatest(begins, covered_until), ends)) as begins)
from (
    select
        *, max(if(is_in_talk, null, ends)) over (
            partition by period_month, agent_id, contact_id order by begins, ends, kind, queue_id rows between unbounded preceding and 1 preceding
        ) as covered_until
    from found
);

-- a clock per agent and month that goes on by the seconds passed over the contacts open
create temp table clock as
with
    instants as (
        select period_month, agent_id, instant, sum(turn)::integer as turn
        from (
            select period_month, agent_id, begins as instant, if(is_in_talk, 0, 1) as turn from spans
            union all
            select period_month, agent_id, ends, if(is_in_talk, 0, -1) from spans
        )
        group by all
    ),
    passed as (
        select
            period_month, agent_id, instant,
            (instant - lag(instant) over w) * 720720 // nullif((sum(turn) over w)::bigint - turn, 0) as units
        from instants
        window w as (partition by period_month, agent_id order by instant)
    )
select
    period_month, agent_id, instant,
    coalesce(sum(units) over (partition by period_month, agent_id order by instant), 0)::bigint as units
from passed;

create temp table contact_time as
with
    taken as (
        select s.*, e.units - b.units as units
        from spans s
        join clock b on b.period_month = s.period_month and b.agent_id = s.agent_id and b.instant = s.begins
        join clock e on e.period_month = s.period_month and e.agent_id = s.agent_id and e.instant = s.ends
    ),
    by_kind as (
        select
            period_month, agent_id, contact_id, queue_id, sum(if(kind = 'ring', units, 0))::bigint as ring,
            sum(if(kind = 'talk', units, 0))::bigint as talk, sum(if(kind = 'hold' and not is_in_talk, units, 0))::bigint as hold,
            sum(if(kind = 'message', units, 0))::bigint as message, sum(if(kind = 'consult', units, 0))::bigint as consult,
            sum(if(kind = 'wrap', units, 0))::bigint as wrap, sum(if(is_in_talk, units, 0))::bigint as hold_in_talk,
            sum(if(is_in_talk, 0, units))::bigint as units, sum(handle_seconds)::bigint as handle_seconds
        from taken
        group by all
    )
select
    period_month, agent_id, contact_id, queue_id, ring, talk - least(talk, hold_in_talk) as talk, hold + least(talk, hold_in_talk) as hold, message,
    consult, wrap, units, handle_seconds
from by_kind;

-- agents' time sheets and pay

create temp table sheet as
select
    month(started_at) as period_month, agent_id, state, coalesce(is_paid, state not in ('break', 'offline'), true) as is_paid,
    second(started_at) as begins, second(least(coalesce(ended_at, next_at), coalesce(next_at, ended_at))) as ends
from (select *, lead(started_at) over (partition by agent_id order by started_at) as next_at from warehouse.staging.stg_agent_states)
where ends > begins;

create temp table pay as
select
    p.period_month, p.agent_id, p.work_date, p.overtime_queue_id, p.minutes, r.multiplier,
    ((r.hourly_rate * r.multiplier)::decimal(18, 6) * (1 + r.on_costs))::decimal(18, 6) as overtime_hour_cost,
    share((p.minutes * r.hourly_rate)::decimal(18, 6), 1, 60) as straight,
    share(((p.overtime_minutes * r.hourly_rate)::decimal(18, 6) * (r.multiplier - 1))::decimal(18, 6), 1, 60) as premium, r.on_costs, x.rate
from (
    select
        * replace (coalesce(overtime_minutes, 0) as overtime_minutes), month(work_date) as period_month,
        (coalesce(regular_minutes, 0) + coalesce(overtime_minutes, 0))::decimal(18, 4) as minutes
    from warehouse.staging.stg_agent_pay
) p
asof left join (
    select
        *, greatest(coalesce(overtime_multiplier, 1), 1) as multiplier, coalesce(on_cost_rate, 0)::decimal(18, 6) as on_costs
    from warehouse.staging.stg_agent_pay_rates
) r on r.agent_id = p.agent_id and p.work_date >= r.effective_from
left join rates x on x.currency = coalesce(r.currency, 'GBP') and x.date_day = p.work_date;

create temp table agent_months as
with
    used as (
        select
            period_month, agent_id, sum(units)::bigint as used, first(queue_id order by queue_id is null, units desc, queue_id) as home_queue_id
        from (select period_month, agent_id, queue_id, sum(units) as units from contact_time group by all)
        group by all
    ),
    sheets as (
        select
            period_month, agent_id, sum(if(state = 'contact', ends - begins, 0))::bigint * 720720 as contact,
            sum(if(state = 'available', ends - begins, 0))::bigint * 720720 as available,
            sum(if(state in ('meeting', 'training', 'coaching', 'project'), ends - begins, 0))::bigint * 720720 as other_work
        from sheet
        where is_paid
        group by all
    ),
    payroll as (
        select
            period_month, agent_id, sum(minutes) as minutes, coalesce(sum((straight * rate)::decimal(18, 6)), 0)::decimal(18, 6) as straight,
            coalesce(sum(((straight * on_costs)::decimal(18, 6) * rate)::decimal(18, 6)), 0)::decimal(18, 6) as on_costs
        from pay
        group by all
    ),
    evaluations as (
        select month(submitted_at) as period_month, agent_id, count(*) as evaluations from warehouse.staging.stg_qa_evaluations group by all
    ),
    everybody as (
        select * replace (coalesce(used, 0) as used)
        from used full join sheets using (period_month, agent_id) full join payroll using (period_month, agent_id)
        left join evaluations using (period_month, agent_id)
    ),
    firsts as (
        select agent_id, arg_min({role: role, vendor_id: vendor_id}, effective_from) as first_known from warehouse.marts.dim_agent group by agent_id
    ),
    who as (
        select
            e.*, coalesce(if(v.agent_id is null, f.first_known.role, v.role), 'agent') as role,
            coalesce(if(v.agent_id is null, f.first_known.vendor_id, v.vendor_id), 'in_house') as vendor_id
        from (select *, (period_month + interval 1 month - interval 1 day)::date as last_day from everybody) e
        asof left join warehouse.marts.dim_agent v on v.agent_id = e.agent_id and e.last_day >= v.effective_from
        left join firsts f on f.agent_id = e.agent_id
    )
select
    w.period_month, w.agent_id, w.role, w.vendor_id, w.home_queue_id,
    coalesce(d.kind, if(w.vendor_id = 'in_house', 'in_house', 'bpo')) = 'bpo' as is_outsourced, w.contact is not null as is_measured,
    coalesce(w.straight, 0)::decimal(18, 6) as straight, coalesce(w.on_costs, 0)::decimal(18, 6) as on_costs,
    coalesce(w.evaluations, 0) as evaluations, w.used, if(w.contact > w.used, w.contact - w.used, 0) as unowned,
    case
        when is_measured then greatest(w.contact + w.available - greatest(w.contact, w.used), 0)
        else greatest(floor(coalesce(w.minutes, 0) * 60 * 0.80)::bigint * 720720 - w.used, 0)
    end as waiting, coalesce(w.other_work, 0) as other_work,
    not is_measured and floor(coalesce(w.minutes, 0) * 60 * 0.80) = 0 as has_no_sheet_or_pay
from who w left join warehouse.staging.stg_vendors d on d.vendor_id = w.vendor_id;

-- what an agent's month costs, and over how much of it that is spread

create temp table labour as
select
    a.*, t.payment_basis, used + unowned + waiting as practical, practical + other_work as capacity,
    case
        when is_outsourced then 'bpo_invoices' when role = 'agent' then 'agent_pay' when role = 'supervisor' then 'supervision'
        else 'workforce_management'
    end as pool,
    case
        when is_outsourced and t.payment_basis = 'productive_hour' then practical when is_outsourced or role = 'agent' then capacity else used
    end as labour_base,
    if(role = 'agent', capacity, used) as shared_base,
    case
        when is_outsourced and t.payment_basis in ('productive_hour', 'fte') and role <> 'agent' and has_no_sheet_or_pay then if(t.price >= 0, 0, null)
        when is_outsourced and t.payment_basis = 'productive_hour' then share(t.price, practical, 3600 * 720720::bigint)
        when is_outsourced and t.payment_basis = 'fte' then share(t.price, capacity, 60 * 10400 * 720720::bigint)
        when is_outsourced then if(t.payment_basis in ('minute', 'contact', 'outcome') and t.price is not null, 0, null)
        when straight <= 0 then null when role = 'agent' then straight else share(straight, used, capacity)
    end::decimal(18, 6) as labour_amount,
    case when is_outsourced then 0 when role = 'agent' then on_costs else coalesce(share(on_costs, used, capacity), 0) end::decimal(18, 6)
        as on_costs_amount,
    if(is_outsourced or role = 'agent', 0, on_costs - on_costs_amount)::decimal(18, 6) as staff_on_costs_amount
from agent_months a
left join terms t on t.period_month = a.period_month and t.vendor_id = a.vendor_id;

create temp table postings as
with
    placed as (
        select
            e.entry_id, month(e.period_month) as period_month, e.account_id, coalesce(e.vendor_id, 'in_house') as vendor_id,
            coalesce(e.site, '') as site, coalesce(e.posted_on, date '2999-12-31') as posted_on, e.amount, e.currency,
            coalesce(a.pool, 'unknown') as pool, coalesce(a.is_in_scope, true) as is_in_scope
        from warehouse.staging.stg_ledger_entries e left join warehouse.staging.stg_ledger_accounts a using (account_id)
    ),
    taken_back as (
        select p.*, e.amount is not null as is_reversal, not is_reversal and p.amount > 0 as is_charge
        from placed p
        left join (select distinct period_month, account_id, vendor_id, site, currency, amount from placed where amount > 0) e
            on e.period_month + interval 1 month = p.period_month and e.account_id = p.account_id and e.vendor_id = p.vendor_id and e.site = p.site
            and e.currency = p.currency and e.amount = -p.amount
    )
select
    t.period_month, t.pool, t.vendor_id, t.currency, t.amount, t.is_in_scope,
    is_reversal or (
        is_charge and count(*) filter (is_reversal) over w > 0 and count(*) filter (is_charge) over w = 1
        and (count(*) filter (is_charge) over (partition by t.period_month, account_id, vendor_id, site, t.currency) > 1
            or posted_on < last_day(t.period_month))
    ) as is_settlement, (t.amount * coalesce(d.rate, m.last_rate))::decimal(18, 6) as ledger_amount
from taken_back t
left join rates d on d.currency = t.currency and d.date_day = t.posted_on
left join month_rates m on m.currency = t.currency and m.period_month = t.period_month
window w as (
    partition by t.period_month, account_id, vendor_id, site, t.currency
    order by posted_on, entry_id rows between unbounded preceding and current row
);

create temp table ledger as
select
    period_month, pool, vendor_id, coalesce(sum(ledger_amount) filter (is_in_scope), 0)::decimal(18, 6) as ledger_amount,
    coalesce(sum(ledger_amount) filter (not is_in_scope), 0)::decimal(18, 6) as out_of_scope_amount,
    coalesce(sum(ledger_amount) filter (is_in_scope and is_settlement), 0)::decimal(18, 6) as settlement_amount
from postings
group by all;

-- pools that follow agents: one row per agent, and one without where there is nobody to follow
create temp table shared as
with
    to_share as (
        select
            l.period_month, l.pool, l.vendor_id, greatest(l.ledger_amount - coalesce(t.traced, 0), 0)::decimal(18, 6) as amount,
            coalesce(p.driver, 'agent_time') as driver, coalesce(p.covers_outsourced, false) as covers_outsourced
        from ledger l
        left join (
            select period_month, pool, vendor_id, sum(labour_amount) as traced from labour where pool <> 'agent_pay' and not is_outsourced group by all
        ) t using (period_month, pool, vendor_id)
        left join warehouse.staging.cost_pools p on p.pool = l.pool and l.period_month between p.effective_from and p.effective_to
        where l.pool in ('supervision', 'workforce_management', 'platform_licences', 'facilities', 'quality', 'corporate')
        union all
        select period_month, 'on_costs', 'in_house', sum(staff_on_costs_amount)::decimal(18, 6), 'agent_time', false
        from labour
        group by period_month
        having sum(staff_on_costs_amount) > 0
    ),
    weighed as (
        select
            t.*, a.agent_id, if(t.pool = 'quality', a.used, a.shared_base) as base, case driver
                when 'evaluations' then a.evaluations
                when 'direct_cost' then ((coalesce(a.labour_amount, 0) + a.on_costs_amount) * 1000000)::bigint
                else 0
            end as weight
        from to_share t
        join labour a on a.period_month = t.period_month and (
            a.vendor_id = t.vendor_id or (t.vendor_id = 'in_house' and (not a.is_outsourced or t.covers_outsourced))
        )
        where base > 0
    ),
    measured as (
        select *, if(sum(weight) over (partition by period_month, pool, vendor_id) > 0, weight, base)::bigint as quantity from weighed
    ),
    running as (
        select
            *, (sum(quantity) over (partition by period_month, pool, vendor_id order by agent_id))::bigint as through,
            (sum(quantity) over (partition by period_month, pool, vendor_id))::bigint as total
        from measured
    )
select period_month, pool, vendor_id, agent_id, between_(amount, through - quantity, through, total) as amount from running
union all
select period_month, pool, vendor_id, null, amount from to_share anti join weighed using (period_month, pool, vendor_id) where amount <> 0;

-- one row per agent, month and vendor whose books bear the cost
create temp table agent_costs as
with pivoted as (
    select
        period_month, agent_id, vendor_id, sum(if(pool = 'on_costs', amount, 0))::decimal(18, 6) as staff_on_costs,
        sum(if(pool = 'supervision', amount, 0))::decimal(18, 6) as supervision,
        sum(if(pool = 'workforce_management', amount, 0))::decimal(18, 6) as workforce_management,
        sum(if(pool = 'platform_licences', amount, 0))::decimal(18, 6) as platform_licences,
        sum(if(pool = 'facilities', amount, 0))::decimal(18, 6) as facilities, sum(if(pool = 'quality', amount, 0))::decimal(18, 6) as quality,
        sum(if(pool = 'corporate', amount, 0))::decimal(18, 6) as corporate
    from (
        select period_month, agent_id, vendor_id, pool, amount from shared where agent_id is not null
        union all
        select period_month, agent_id, vendor_id, null, 0 from labour
    )
    group by all
)
select
    p.*, l.vendor_id = p.vendor_id as is_own, if(is_own, l.pool, 'agent_pay') as pool, if(is_own, l.labour_amount, null) as labour,
    if(is_own, l.on_costs_amount, 0) as own_on_costs, l.used, l.labour_base, l.shared_base
from pivoted p
join labour l on l.period_month = p.period_month and l.agent_id = p.agent_id;

-- what else contacts cost

create temp table vendor_fees as
with served as (
    select
        c.period_month, c.contact_id, l.vendor_id, any_value(t.payment_basis) as payment_basis, any_value(t.price) as price,
        sum(c.handle_seconds)::bigint as handle_seconds, sum(c.talk + c.hold + c.message) > 0 as has_conversation
    from contact_time c
    join labour l on l.period_month = c.period_month and l.agent_id = c.agent_id and l.is_outsourced
    join terms t on t.period_month = l.period_month and t.vendor_id = l.vendor_id and t.payment_basis in ('minute', 'contact', 'outcome')
    group by c.period_month, c.contact_id, l.vendor_id
),
contacts as (
    select s.*, c.agent_logged_resolved, month(c.started_at) < s.period_month as began_before
    from served s join warehouse.marts.fct_contacts c using (contact_id)
    where c.direction <> 'internal'
),
paid_before as (
    select distinct c.period_month, c.contact_id, c.vendor_id
    from contacts c
    join warehouse.intermediate.int_agent_work_spans w
        on w.contact_id = c.contact_id and w.started_at < c.period_month and w.kind <> 'wrap' and w.held_seconds + w.worked_seconds > 0
    join warehouse.marts.dim_agent a
        on a.agent_id = w.agent_id and a.vendor_id = c.vendor_id and w.started_at::date >= a.effective_from and w.started_at::date < a.effective_before
    where c.began_before
)
select
    c.period_month, c.contact_id, c.vendor_id, c.handle_seconds, case
        when c.payment_basis = 'minute' then share(c.price, c.handle_seconds, 60)
        when c.has_conversation and p.contact_id is null and (c.payment_basis = 'contact' or c.agent_logged_resolved) then c.price
        else 0
    end::decimal(18, 6) as fee
from contacts c left join paid_before p using (period_month, contact_id, vendor_id);

create temp table channel_costs as
with
    records as (
        select
            month(c.started_at) as period_month, c.contact_id, t.unit, (t.unit_cost * x.rate)::decimal(18, 6) as unit_cost,
            second(c.ended_at) - second(c.started_at) as seconds
        from warehouse.staging.stg_contacts c
        join (
            select *, coalesce(lead(effective_from) over (partition by channel, unit order by effective_from), date '9999-12-31') as effective_before
            from warehouse.staging.stg_channel_tariffs
        ) t on t.channel = c.channel and c.started_at::date >= t.effective_from and c.started_at::date < t.effective_before
        left join rates x on x.currency = coalesce(t.currency, 'GBP') and x.date_day = c.started_at::date
        where c.direction <> 'internal' and c.ended_at >= c.started_at
    ),
    messages as (
        select contact_id, count(*) as messages from warehouse.staging.stg_contact_segments where kind = 'message' group by all
    ),
    counted as (
        select
            r.*, case unit when 'minute' then seconds when 'message' then coalesce(messages, 0) else 1 end as quantity,
            share(unit_cost, quantity, if(unit = 'minute', 60, 1)) as amount
        from records r left join messages m on m.contact_id = r.contact_id
    )
select
    period_month, coalesce(l.contact_id, c.contact_id) as contact_id, sum(quantity)::bigint as quantity, min(unit) as unit,
    sum(amount)::decimal(18, 6) as amount
from counted c left join warehouse.intermediate.int_contact_links l on l.contact_record_id = c.contact_id
group by all;

create temp table technology_costs as
with
    prices as (
        select r.technology_id, r.unit, x.date_day, r.unit_cost, x.rate
        from (
            select *, coalesce(lead(effective_from) over (partition by technology_id, unit order by effective_from), date '9999-12-31') as effective_before
            from warehouse.staging.stg_technology_rates
        ) r
        join rates x on x.currency = coalesce(r.currency, 'GBP') and x.date_day >= r.effective_from and x.date_day < r.effective_before
    ),
    metered as (
        select
            month(u.used_at) as period_month, u.contact_id, u.session_id, count(*) as uses,
            sum(((u.quantity * p.unit_cost)::decimal(18, 6) * p.rate)::decimal(18, 6)) as amount
        from warehouse.staging.stg_technology_usage u
        join prices p on p.technology_id = u.technology_id and p.unit = u.unit and p.date_day = u.used_at::date
        group by all
    ),
    named as (
        select m.period_month, m.uses, m.amount, coalesce(m.contact_id, s.contact_id, s.handed_off_contact_id) as record_id
        from metered m left join warehouse.staging.stg_bot_sessions s on s.session_id = m.session_id
    )
select
    n.period_month, coalesce(l.contact_id, c.contact_id) as contact_id, sum(n.uses)::bigint as uses,
    coalesce(sum(n.amount), 0)::decimal(18, 6) as amount
from named n
left join warehouse.staging.stg_contacts c on c.contact_id = n.record_id
left join warehouse.intermediate.int_contact_links l on l.contact_record_id = c.contact_id
group by all;

create temp table premiums as
with
    premiums as (
        select
            p.period_month, p.work_date, coalesce(p.overtime_queue_id, a.home_queue_id) as queue_id,
            sum((p.premium * p.rate)::decimal(18, 6))::decimal(18, 6) as premium,
            sum(((p.premium * p.on_costs)::decimal(18, 6) * p.rate)::decimal(18, 6))::decimal(18, 6) as on_costs
        from pay p join agent_months a on a.period_month = p.period_month and a.agent_id = p.agent_id and not a.is_outsourced
        where (p.premium * p.rate)::decimal(18, 6) > 0
        group by all
    ),
    bearers as (
        select p.*, t.contact_id, sum(t.units)::bigint as units
        from contact_time t
        join warehouse.marts.fct_contacts c on c.contact_id = t.contact_id
        join premiums p on p.period_month = t.period_month and p.queue_id = t.queue_id and p.work_date = c.business_date
        group by all
        having sum(t.units) > 0
    ),
    running as (
        select
            *, (sum(units) over (partition by work_date, queue_id order by contact_id))::bigint as through,
            (sum(units) over (partition by work_date, queue_id))::bigint as total
        from bearers
    )
select
    period_month, contact_id, sum(units)::bigint as units, sum(premium)::decimal(18, 6) as premium, coalesce(sum(on_costs), 0)::decimal(18, 6) as on_costs
from (
    select
        period_month, contact_id, units, between_(premium, through - units, through, total) as premium,
        between_(on_costs, through - units, through, total) as on_costs
    from running
    union all
    select p.period_month, null, 0, p.premium, p.on_costs
    from premiums p
    where not exists (select 1 from bearers b where b.work_date = p.work_date and b.queue_id = p.queue_id)
)
group by all;

-- contacts: the line of an agent's month is cut at the contacts; what follows a supervisor's time stands with what follows agents'
create table int_contact_cost_amounts as
with
    entries as (
        select *, is_own as has_time, true as has_rest from agent_costs where pool in ('agent_pay', 'bpo_invoices')
        union all
        select
            * replace (
                0 as own_on_costs, 0 as staff_on_costs, 0 as supervision, 0 as workforce_management, 0 as platform_licences, 0 as facilities,
                0 as quality, 0 as corporate
            ), true, false
        from agent_costs
        where pool in ('supervision', 'workforce_management')
        union all
        select * replace ('agent_pay' as pool, 0 as labour), false, true
        from agent_costs
        where pool in ('supervision', 'workforce_management')
    ),
    lines as (
        select
            *, (sum(units) over (partition by period_month, agent_id order by contact_id, queue_id rows unbounded preceding))::bigint as u6,
            u6 - units as u0, u0 + ring as u1, u1 + talk as u2, u2 + hold as u3, u3 + message as u4, u4 + consult as u5
        from contact_time
    ),
    cut as (
        select
            l.period_month, l.contact_id, e.vendor_id, e.pool as labour_pool, if(e.has_time, ring, 0) as ring, if(e.has_time, talk, 0) as talk,
            if(e.has_time, hold, 0) as hold, if(e.has_time, message, 0) as message, if(e.has_time, consult, 0) as consult,
            if(e.has_time, wrap, 0) as wrap, if(e.has_time and e.labour is null, l.units, 0) as unpriced, if(e.has_rest, l.units, 0) as units,
            share(e.labour, u0, e.labour_base) as c0, share(e.labour, u1, e.labour_base) as c1, share(e.labour, u2, e.labour_base) as c2,
            share(e.labour, u3, e.labour_base) as c3, share(e.labour, u4, e.labour_base) as c4, share(e.labour, u5, e.labour_base) as c5,
            share(e.labour, u6, e.labour_base) as c6, between_(e.own_on_costs, u0, u6, e.labour_base) as own_on_costs,
            between_(e.staff_on_costs, u0, u6, e.shared_base) as staff_on_costs, between_(e.supervision, u0, u6, e.shared_base) as supervision,
            between_(e.workforce_management, u0, u6, e.shared_base) as workforce_management,
            between_(e.platform_licences, u0, u6, e.shared_base) as platform_licences,
            between_(e.facilities, u0, u6, e.shared_base) as facilities, between_(e.quality, u0, u6, e.used) as quality,
            between_(e.corporate, u0, u6, e.shared_base) as corporate
        from lines l join entries e on e.period_month = l.period_month and e.agent_id = l.agent_id
    ),
    labour as (
        select
            period_month, contact_id, vendor_id, labour_pool, sum(ring) as ring_units, sum(talk) as talk_units, sum(hold) as hold_units,
            sum(message) as message_units, sum(consult) as consult_units, sum(wrap) as wrap_units, sum(unpriced) as unpriced_units,
            sum(units) as contact_units, sum(c1 - c0) as ring_amount, sum(c2 - c1) as talk_amount, sum(c3 - c2) as hold_amount,
            sum(c4 - c3) as message_amount, sum(c5 - c4) as consult_amount, sum(c6 - c5) as wrap_amount, sum(own_on_costs + staff_on_costs) as on_costs_amount,
            sum(supervision) as supervision_amount, sum(workforce_management) as workforce_management_amount,
            sum(platform_licences) as platform_licences_amount, sum(facilities) as facilities_amount, sum(quality) as quality_amount,
            sum(corporate) as corporate_amount
        from cut
        group by all
    ),
    other as (
        select
            period_month, contact_id, 'in_house' as vendor_id, 'agent_pay' as labour_pool, p.units as premium_units, c.quantity as channel_quantity,
            c.unit as channel_unit, t.uses as usage_count, p.premium as overtime_premium_amount, p.on_costs as premium_on_cost_amount,
            c.amount as channel_amount, t.amount as technology_amount
        from (from channel_costs) c
        full join (from technology_costs where contact_id is not null) t using (period_month, contact_id)
        full join (from premiums where contact_id is not null) p using (period_month, contact_id)
    ),
    fees as (
        select period_month, contact_id, vendor_id, 'bpo_invoices' as labour_pool, handle_seconds, fee from vendor_fees
    )
select
    period_month, contact_id, vendor_id, labour_pool, coalesce(ring_units, 0)::bigint as ring_units, coalesce(talk_units, 0)::bigint as talk_units,
    coalesce(hold_units, 0)::bigint as hold_units, coalesce(message_units, 0)::bigint as message_units,
    coalesce(consult_units, 0)::bigint as consult_units, coalesce(wrap_units, 0)::bigint as wrap_units,
    coalesce(unpriced_units, 0)::bigint as unpriced_units, coalesce(contact_units, 0)::bigint as contact_units,
    coalesce(handle_seconds, 0) as fee_handle_seconds, coalesce(premium_units, 0) as premium_units,
    coalesce(channel_quantity, 0) as channel_quantity, channel_unit, coalesce(usage_count, 0) as usage_count,
    coalesce(ring_amount, 0)::decimal(18, 6) as ring_amount, coalesce(talk_amount, 0)::decimal(18, 6) as talk_amount,
    coalesce(hold_amount, 0)::decimal(18, 6) as hold_amount, coalesce(message_amount, 0)::decimal(18, 6) as message_amount,
    coalesce(consult_amount, 0)::decimal(18, 6) as consult_amount, coalesce(wrap_amount, 0)::decimal(18, 6) as wrap_amount,
    coalesce(on_costs_amount, 0)::decimal(18, 6) as on_costs_amount, coalesce(fee, 0)::decimal(18, 6) as vendor_fee_amount,
    coalesce(overtime_premium_amount, 0) as overtime_premium_amount, coalesce(premium_on_cost_amount, 0) as premium_on_cost_amount,
    coalesce(channel_amount, 0) as channel_amount, coalesce(technology_amount, 0) as technology_amount,
    coalesce(supervision_amount, 0)::decimal(18, 6) as supervision_amount,
    coalesce(workforce_management_amount, 0)::decimal(18, 6) as workforce_management_amount,
    coalesce(platform_licences_amount, 0)::decimal(18, 6) as platform_licences_amount,
    coalesce(facilities_amount, 0)::decimal(18, 6) as facilities_amount, coalesce(quality_amount, 0)::decimal(18, 6) as quality_amount,
    coalesce(corporate_amount, 0)::decimal(18, 6) as corporate_amount
from labour full join other using (period_month, contact_id, vendor_id, labour_pool)
full join fees using (period_month, contact_id, vendor_id, labour_pool);

create table int_contact_pool_amounts as
with
    months as (
        select
            a.period_month, a.vendor_id, a.labour_pool, coalesce(month(c.business_date) <> a.period_month, false) as is_cut_off,
            sum(ring_amount + talk_amount + hold_amount + message_amount + consult_amount + wrap_amount) as labour,
            sum(vendor_fee_amount) as bpo_invoices, sum(overtime_premium_amount) as overtime_premium,
            sum(on_costs_amount + premium_on_cost_amount) as on_costs, sum(channel_amount) as telecom, sum(technology_amount) as ai_usage,
            sum(supervision_amount) as supervision, sum(workforce_management_amount) as workforce_management,
            sum(platform_licences_amount) as platform_licences, sum(facilities_amount) as facilities, sum(quality_amount) as quality,
            sum(corporate_amount) as corporate
        from int_contact_cost_amounts a left join warehouse.marts.fct_contacts c using (contact_id)
        group by all
    )
select
    period_month, if(pool = 'labour', labour_pool, pool) as pool, vendor_id, sum(amount)::decimal(18, 6) as contact_amount,
    sum(if(is_cut_off, amount, 0))::decimal(18, 6) as cut_off_amount
from (unpivot months on labour, bpo_invoices, overtime_premium, on_costs, telecom, ai_usage, supervision, workforce_management, platform_licences,
    facilities, quality, corporate into name pool value amount)
group by all
having sum(amount) <> 0;

-- time that belongs to no contact stands in line behind the contacts

create table fct_capacity_costs as
with
    half_hours as (
        select period_month, agent_id, half_hour, sum(seconds)::bigint as seconds
        from (
            select
                period_month, agent_id, unnest(range(begins // 1800, (ends - 1) // 1800 + 1)) as half_hour,
                least(ends, (half_hour + 1) * 1800) - greatest(begins, half_hour * 1800) as seconds
            from sheet
            where state = 'available' and is_paid
        )
        group by all
    ),
    available as (
        select
            *, (sum(seconds) over (partition by period_month, agent_id order by half_hour))::bigint as through,
            (sum(seconds) over (partition by period_month, agent_id))::bigint as total
        from half_hours
    ),
    uses as (
        select period_month, agent_id, 1 as place, 'unowned' as kind, 'contact without a record' as activity, null::timestamp as starts, unowned as units
        from agent_months
        union all
        select
            m.period_month, m.agent_id, 2, 'unused_capacity', 'available', make_timestamp(half_hour * 1800000000),
            coalesce(waiting * through // total - waiting * (through - seconds) // total, waiting)
        from agent_months m left join available a on a.period_month = m.period_month and a.agent_id = if(m.is_measured, m.agent_id, null)
        union all
        select s.period_month, s.agent_id, 3, 'non_contact', s.state, null, sum(s.ends - s.begins)::bigint * 720720
        from sheet s
        where s.is_paid and s.state in ('meeting', 'training', 'coaching', 'project')
        group by all
    ),
    in_line as (
        select
            u.*, m.home_queue_id as queue_id, m.used + (sum(u.units) over (
                partition by u.period_month, u.agent_id order by u.place, u.starts, u.activity rows unbounded preceding
            ))::bigint as through
        from uses u join agent_months m using (period_month, agent_id)
        where u.units > 0
    ),
    cut as (
        select
            l.period_month, c.vendor_id, c.pool as labour_pool, l.queue_id, l.kind, l.activity, l.starts, if(c.is_own, l.units, 0) as units,
            least(l.through - l.units, c.labour_base) as b, least(l.through, c.labour_base) as e,
            least(l.through - l.units, c.shared_base) as sb, least(l.through, c.shared_base) as se,
            between_(c.labour, b, e, c.labour_base) as labour,
            between_(c.own_on_costs, b, e, c.labour_base) as own_on_costs, between_(c.staff_on_costs, sb, se, c.shared_base) as staff_on_costs,
            between_(c.supervision, sb, se, c.shared_base) as supervision,
            between_(c.workforce_management, sb, se, c.shared_base) as workforce_management,
            between_(c.platform_licences, sb, se, c.shared_base) as platform_licences, between_(c.facilities, sb, se, c.shared_base) as facilities,
            between_(c.corporate, sb, se, c.shared_base) as corporate
        from in_line l join agent_costs c using (period_month, agent_id)
    ),
    summed as (
        select
            period_month, vendor_id, labour_pool, queue_id, kind, activity, starts, sum(units)::bigint as units, coalesce(sum(labour), 0) as labour,
            coalesce(sum(own_on_costs), 0) + coalesce(sum(staff_on_costs), 0) as on_costs, coalesce(sum(supervision), 0) as supervision,
            coalesce(sum(workforce_management), 0) as workforce_management, coalesce(sum(platform_licences), 0) as platform_licences,
            coalesce(sum(facilities), 0) as facilities, coalesce(sum(corporate), 0) as corporate
        from cut
        group by all
    ),
    parts as (
        select
            period_month, if(pool = 'labour', labour_pool, pool) as pool, vendor_id, queue_id, kind, activity, starts,
            if(pool = 'labour', units, 0) as units, amount
        from (unpivot summed on labour, on_costs, supervision, workforce_management, platform_licences, facilities, corporate
            into name pool value amount)
        union all
        select period_month, pool, vendor_id, null, 'unallocated', 'paid without any time recorded', null, 0, labour_amount
        from labour where labour_base = 0
        union all
        select period_month, 'on_costs', vendor_id, null, 'unallocated', 'paid without any time recorded', null, 0, on_costs_amount
        from labour where labour_base = 0
        union all
        select period_month, pool, vendor_id, null, 'unallocated', 'nobody to share it', null, 0, amount
        from shared where agent_id is null
        union all
        select period_month, 'overtime_premium', 'in_house', null, 'unallocated', 'overtime of a day without contacts', null, 0, premium
        from premiums where contact_id is null
        union all
        select period_month, 'on_costs', 'in_house', null, 'unallocated', 'overtime of a day without contacts', null, 0, on_costs
        from premiums where contact_id is null
        union all
        select period_month, 'ai_usage', 'in_house', null, 'unowned', 'use without a contact', null, 0, amount
        from technology_costs where contact_id is null
        union all
        select
            period_month, pool, vendor_id, null, if(pool = 'projects', 'non_contact', 'unallocated'),
            if(pool = 'projects', 'projects', 'account without a pool'), null, 0, ledger_amount
        from ledger where pool in ('projects', 'unknown')
    )
select
    period_month, pool, vendor_id, queue_id, kind, activity, starts as interval_started_at,
    share(1::decimal(18, 6), sum(units)::bigint, 60 * 720720) as agent_minutes, sum(amount)::decimal(18, 6) as cost_amount
from parts
group by all
having sum(amount) <> 0 or sum(units) <> 0;

create table fct_minute_rates as
with
    costs as (
        select
            period_month, agent_id,
            sum(
                coalesce(labour, 0) + own_on_costs + staff_on_costs + supervision + workforce_management + platform_licences + facilities + quality
                + corporate
            ) as cost,
            count(*) filter (is_own and labour is null) as unpriced
        from agent_costs
        group by all
    ),
    overtime as (
        select
            period_month, agent_id, sum(((overtime_hour_cost * rate)::decimal(18, 6) * minutes)::decimal(28, 6)) as weighted,
            sum(if(overtime_hour_cost * rate is not null, minutes, 0)) as minutes
        from pay
        group by all
    ),
    fees as (
        select period_month, agent_id, sum(between_(fee, through - units, through, total)) as fee
        from (
            select
                t.period_month, t.agent_id, f.fee, t.units, (sum(t.units) over w)::bigint as through,
                (sum(t.units) over (partition by f.period_month, f.vendor_id, f.contact_id))::bigint as total
            from vendor_fees f
            join contact_time t on t.period_month = f.period_month and t.contact_id = f.contact_id
            join agent_months m on m.period_month = t.period_month and m.agent_id = t.agent_id and m.vendor_id = f.vendor_id
            window w as (partition by f.period_month, f.vendor_id, f.contact_id order by t.agent_id, t.queue_id rows unbounded preceding)
        )
        group by all
    ),
    queues as (
        select
            m.period_month, m.home_queue_id as queue_id, m.vendor_id, count(*) as agent_count, sum(m.used)::bigint as used,
            sum(m.used + m.unowned + m.waiting)::bigint as practical,
            if(
                sum(coalesce(c.unpriced, 0)) = 0, sum(coalesce(c.cost, 0) + coalesce(f.fee, 0)), null
            )::decimal(18, 6) as cost_amount,
            sum(o.weighted)::decimal(28, 6) as weighted, sum(o.minutes)::decimal(18, 4) as minutes
        from agent_months m
        left join costs c using (period_month, agent_id)
        left join fees f using (period_month, agent_id)
        left join overtime o on o.period_month = m.period_month and o.agent_id = m.agent_id and not m.is_outsourced
        where m.home_queue_id is not null
        group by all
    )
select
    q.period_month, q.queue_id, q.vendor_id, q.agent_count, share(1::decimal(18, 6), used, 60 * 720720) as used_minutes,
    share(1::decimal(18, 6), practical, 60 * 720720) as practical_minutes, q.cost_amount,
    share(cost_amount, 60 * 720720, practical) as capacity_rate,
    case
        when minutes > 0 then share(weighted, 1, minutes::bigint * 60) when t.payment_basis = 'productive_hour' then share(t.price, 1, 60)
        when t.payment_basis = 'minute' then t.price when t.payment_basis in ('contact', 'outcome', 'fte') then 0
    end as cash_marginal_rate,
    case
        when minutes > 0 then 'an hour of overtime, with on-costs' when t.payment_basis = 'productive_hour' then 'the contract pays by productive hour'
        when t.payment_basis = 'minute' then 'the contract pays by minute'
        when t.payment_basis in ('contact', 'outcome', 'fte') then 'the contract does not pay for time' else 'no pay rate or contract'
    end as cash_marginal_source, share(cost_amount, 60 * 720720, used) as fully_absorbed_rate
from queues q left join terms t on t.period_month = q.period_month and t.vendor_id = q.vendor_id;

create table fct_ledger_reconciliation as
with
    bridges as (
        select
            if(is_settlement, p.period_month - interval 1 month, p.period_month)::date as period_month, p.pool, p.vendor_id,
            p.ledger_amount - if(
                p.pool = 'bpo_invoices', (p.amount * r.last_rate)::decimal(18, 6), share((p.amount * r.rate_sum)::decimal(18, 6), 1, r.day_count)
            ) as currency_amount
        from postings p
        join month_rates r
            on r.currency = p.currency and r.period_month = if(is_settlement, p.period_month - interval 1 month, p.period_month)::date
        where p.is_in_scope and p.currency <> 'GBP' and p.pool in ('telecom', 'ai_usage', 'bpo_invoices')
    ),
    parts as (
        from int_contact_pool_amounts
        union all by name
        select
            period_month, pool, vendor_id, if(kind = 'unused_capacity', cost_amount, 0) as unused_capacity_amount,
            if(kind = 'non_contact', cost_amount, 0) as non_contact_amount, if(kind = 'unowned', cost_amount, 0) as unowned_amount,
            if(kind = 'unallocated', cost_amount, 0) as unallocated_amount
        from fct_capacity_costs
        union all by name
        select period_month, pool, vendor_id, ledger_amount, out_of_scope_amount, settlement_amount as accrual_amount from ledger
        union all by name
        select (period_month - interval 1 month)::date as period_month, pool, vendor_id, -settlement_amount as accrual_amount
        from ledger
        where settlement_amount <> 0
        union all by name
        from bridges
    ),
    summed as (
        select
            p.period_month, p.pool, p.vendor_id, coalesce(sum(contact_amount), 0) as contact_amount, coalesce(sum(cut_off_amount), 0) as cut_off_amount,
            coalesce(sum(unused_capacity_amount), 0) as unused_capacity_amount, coalesce(sum(non_contact_amount), 0) as non_contact_amount,
            coalesce(sum(unowned_amount), 0) as unowned_amount, coalesce(sum(unallocated_amount), 0) as unallocated_amount,
            coalesce(sum(ledger_amount), 0) as ledger_amount, coalesce(sum(out_of_scope_amount), 0) as out_of_scope_amount,
            if(
                coalesce(any_value(c.evidence), 'traced') = 'traced' and p.pool not in ('projects', 'unknown'), coalesce(sum(accrual_amount), 0), 0
            ) as accrual_amount,
            coalesce(sum(currency_amount), 0) as currency_amount
        from parts p
        left join warehouse.staging.cost_pools c on c.pool = p.pool and p.period_month between c.effective_from and c.effective_to
        group by p.period_month, p.pool, p.vendor_id
    ),
    compared as (
        select
            *, unused_capacity_amount + non_contact_amount + unowned_amount as capacity_amount,
            ledger_amount - contact_amount - capacity_amount - unallocated_amount - accrual_amount - currency_amount as unexplained,
            if(abs(unexplained) < 0.01, unexplained, 0) as rounding_amount, unexplained - rounding_amount as difference_amount
        from summed
    )
select
    * exclude (unexplained), accrual_amount + currency_amount + rounding_amount as variance_amount,
    coalesce(
        period_month + interval 1 month <= (select as_of from warehouse.intermediate.int_as_of where domain = 'cost'), false
    ) as is_month_over,
    case
        when difference_amount = 0 then 'reconciled'
        when abs(unexplained) <= 1 and abs(unexplained) <= 0.005 * abs(ledger_amount) then 'within_tolerance'
        else 'open'
    end as status
from compared
where contact_amount <> 0 or capacity_amount <> 0 or unallocated_amount <> 0 or ledger_amount <> 0 or out_of_scope_amount <> 0;
