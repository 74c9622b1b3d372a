"""First contacts and attempts with bots of a simulated and built center, each with the truth about it.

The rows come from the marts, the truth from truth/ of the simulated folder; the project's own judgement of each row
and that of the usual short cuts are SQL on the same rows. Used by resolution_against_truth.py and its test.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

NEWEST_DAYS = 14
"""The days before the extract on which most windows are open."""


@dataclass(frozen=True)
class Method:
    """A way to judge whether a contact, or an attempt with a bot, settled the matter.

    ``judgement`` is SQL on the rows of the subject, null where it cannot tell; ``rows`` says on which rows, those that
    the project's own metric judges by default. ``metric`` is the metric that publishes just this rate, where there is one.
    """

    name: str
    label: str
    judgement: str
    metric: str | None = None
    rows: str = "is_published"


@dataclass(frozen=True)
class Subject:
    """What is judged: its table below, the truth about a row, and the methods, the project's own first."""

    name: str
    title: str
    methods: tuple[Method, ...]

    @property
    def ours(self) -> Method:
        """The project's own method."""
        return self.methods[0]


FCR = Subject(
    "first_contacts",
    "First contact resolution",
    (
        Method("ours", "fcr_rate", "outcome = 'resolved'", "fcr_rate"),
        Method("agents_tick", "the agents' own tick", "is_agent_logged_resolved"),
        Method("survey", "what customers say in the survey", "is_survey_resolved"),
        Method(
            "any_reason",
            "any later contact, whatever the reason",
            "is_one_contact_resolution",
            "one_contact_resolution_rate",
        ),
        Method(
            "same_channel",
            "repeats in the same channel only",
            "outcome in ('resolved', 'repeated') and not is_repeated_in_channel",
        ),
        Method("repeats_only", "repeats only: follow-ups and escalations forgiven", "outcome <> 'repeated'"),
        Method("one_day", "repeats within a day", "outcome_24h = 'resolved'"),
        Method("thirty_days", "repeats within thirty days", "outcome_720h = 'resolved'"),
        Method(
            "unidentified",
            "customers without an id taken as settled",
            "not is_identified or outcome = 'resolved'",
            rows="is_published or not is_identified",
        ),
        Method(
            "open_windows",
            f"open windows taken as settled, newest {NEWEST_DAYS} days",
            "outcome in ('resolved', 'pending')",
            rows="is_identified and is_newest",
        ),
    ),
)

DEFLECTION = Subject(
    "attempts",
    "True deflection",
    (
        Method("ours", "true_deflection_rate", "is_durably_resolved", "true_deflection_rate"),
        Method("contained", "contained: no agent brought in", "is_contained"),
        Method("claimed", "resolved by the vendor's word", "coalesce(is_vendor_resolved, false)"),
        Method(
            "claimed_no_return",
            "the vendor's word, unless the customer returns to the bot",
            "coalesce(is_vendor_resolved, false) and not is_returned_to_bot",
        ),
        Method(
            "assumed_counts",
            "silence counts as evidence, unless the customer returns",
            "is_contained and not is_abandoned and evidence_class is not null and not is_returned",
        ),
        Method("evidence", "evidence, and nobody waits for a return", "is_resolved"),
        Method(
            "same_channel",
            "evidence, and no return in the bot's own channel",
            "is_resolved and not coalesce(is_returned and return_channel = channel, false)",
        ),
        Method(
            "any_reason",
            "evidence, and no contact about anything",
            "is_durably_resolved_any_reason",
            "true_deflection_rate_any_reason",
        ),
        Method("one_day", "evidence, and no return within a day", "is_durably_resolved_24h"),
        Method(
            "open_windows",
            f"open windows taken as settled, newest {NEWEST_DAYS} days",
            "is_resolved and not coalesce(is_returned, false)",
            rows="is_newest",
        ),
    ),
)

SUBJECTS = (FCR, DEFLECTION)


@dataclass(frozen=True)
class Judged:
    """How a method judged its rows: how many, the share that it calls settled and the true one, both 0 to 1, the share
    that it judged otherwise than the truth, and how its rate and the true one move together over reasons.
    """

    rows: int
    value: float
    truth: float
    wrong: float
    correlation: float | None

    @property
    def off(self) -> float:
        """The rate minus the true one."""
        return self.value - self.truth


class Comparison:
    """One simulated and built center: its first contacts and attempts, each with the truth about it."""

    def __init__(self, database: Path, folder: Path) -> None:
        """Read a built warehouse and the truth of the folder that it was loaded from."""
        self._connection = duckdb.connect(str(database), read_only=True)
        for name in ("contacts", "bot_sessions"):
            self._connection.execute(
                f"create temp view truth_{name} as from '{folder / 'truth' / name}.parquet'"
            )
        for statement in (_LATEST, _RECORDS, _FIRST_CONTACTS, _SESSIONS, _ATTEMPTS):
            self._connection.execute(statement)

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query over the temporary tables below and the marts."""
        return self._connection.execute(query).fetchall()

    def judged(self, subject: Subject, method: Method, where: str = "true") -> Judged | None:
        """Return how a method judges the rows of a condition; None where there is nothing that it judges."""
        judgement = f"({method.judgement})"
        judged_rows = f"{subject.name} where ({method.rows}) and ({where}) and {judgement} is not null"
        ((rows, value, truth, wrong),) = self.rows(
            f"select count(*), avg({judgement}::int), avg(is_settled::int), avg(({judgement} <> is_settled)::int) from {judged_rows}"
        )
        if not rows:
            return None
        ((correlation,),) = self.rows(
            f"""
            select case when count(*) >= 5 then corr(value, truth) end
            from (
                select avg({judgement}::int) as value, avg(is_settled::int) as truth
                from {judged_rows} and reason_code is not null
                group by reason_code
                having count(*) >= 30
            )
            """
        )
        return Judged(rows, value, truth, wrong, correlation)

    def all_judged(self, subject: Subject) -> dict[str, Judged]:
        """Return how each method judges, by its name; a method that judges nothing has no entry."""
        found = {method.name: self.judged(subject, method) for method in subject.methods}
        return {name: one for name, one in found.items() if one is not None}

    def reasons_of_the_gap(self, subject: Subject) -> dict[str, float]:
        """Return what the project's own rate and the true one differ by: each cause with its part, all of which add up."""
        query = {FCR.name: _GAP_OF_FIRST_CONTACTS, DEFLECTION.name: _GAP_OF_ATTEMPTS}[subject.name]
        return {cause: float(part) for cause, part in self.rows(query)}

    def representative(self) -> tuple[int, float, int, float]:
        """Return how many first contacts are judged and the share truly settled, and the same of all first contacts of
        needs that an agent handled, whether or not the customer and the reason were recorded.
        """
        ((judged, share),) = self.rows(
            "select count(*), avg(is_settled::int) from first_contacts where is_published"
        )
        ((every, share_of_every),) = self.rows(_EVERY_FIRST_CONTACT)
        return judged, share, every, share_of_every

    def by_month(self) -> list[tuple[date, float, float, float, float]]:
        """Return by month of mature eligible attempts: truly settled, the project's rate, contained, claimed."""
        return [
            (month, float(truth), float(ours), float(contained), float(claimed))
            for month, truth, ours, contained, claimed in self.rows(
                """
                select
                    date_trunc('month', business_date)::date, avg(is_settled::int), avg(is_durably_resolved::int), avg(is_contained::int),
                    avg(coalesce(is_vendor_resolved, false)::int)
                from attempts
                where is_published
                group by all
                order by all
                """
            )
        ]

    def spared_agents(self) -> float:
        """Return the share of mature eligible attempts that were truly settled and had otherwise come to an agent."""
        ((share,),) = self.rows(
            "select avg((is_settled and had_been_assisted)::int) from attempts where is_published"
        )
        return float(share)


_LATEST = "create temp table extract as select max(complete_through) as extracted_at from staging.stg_feed_watermarks"

# every record with the truth about it; the follow-up that delivers an answer is no part of the contact that it follows
_RECORDS = """
create temp table records as
select truth.*, staged.started_at, coalesce(staged.initial_contact_id, staged.contact_id) as first_record_id
from truth_contacts as truth
inner join staging.stg_contacts as staged on truth.contact_id = staged.contact_id
where staged.purpose is distinct from 'follow_up_answer'
"""

# One row per first contact about a matter, in the window of its reason. The truth: one of its records settled the matter, and nobody
# handed it to a higher tier, which the definition counts as a failure (M10). A record that was cut off and continued has no truth of
# its own. Then the first contacts of customers without an id, which no method that looks for repeats can judge.
_FIRST_CONTACTS = f"""
create temp table first_contacts as
with

resolution as (
    select judged.*, contacts.started_at, contacts.is_identified, own.need_id, own.attempt
    from marts.fct_first_contact_resolution as judged
    inner join marts.fct_contacts as contacts on judged.contact_id = contacts.contact_id
    inner join truth_contacts as own on judged.contact_id = own.contact_id
    where judged.is_headline and judged.ended_at is not null
),

settled as (
    select resolution.contact_id, bool_or(records.is_resolved) as is_settled
    from resolution
    inner join records
        on
            resolution.need_id = records.need_id
            and resolution.attempt = records.attempt
            and records.started_at between resolution.started_at and resolution.ended_at
    group by resolution.contact_id
),

keyed_contacts as (
    select contacts.*, coalesce(reasons.reason_l2, reasons.reason_l1, contacts.reason_code) as match_key
    from marts.fct_contacts as contacts
    left join marts.dim_reason as reasons on contacts.reason_code = reasons.reason_code
    where contacts.direction = 'inbound' and contacts.exclusion_reason is null and contacts.reason_code is not null
),

repeated_in_channel as (
    select resolution.contact_id
    from resolution
    inner join keyed_contacts as firsts on resolution.contact_id = firsts.contact_id
    inner join keyed_contacts as later
        on
            firsts.customer_id = later.customer_id
            and firsts.channel = later.channel
            and firsts.match_key = later.match_key
            and later.started_at > resolution.ended_at
            and later.started_at <= resolution.window_ends_at
    group by resolution.contact_id
),

surveyed as (
    select contact_id, bool_or(is_positive) as is_survey_resolved
    from marts.fct_survey_answers
    where instrument = 'first_contact_resolved' and is_valid and is_positive is not null
    group by contact_id
)

select
    resolution.*,
    coalesce(settled.is_settled, false) and resolution.outcome is distinct from 'escalated' as is_settled,
    resolution.is_mature and resolution.is_eligible and resolution.outcome <> 'exited' as is_published,
    coalesce(resolution.outcome <> 'exited', false)
    and resolution.is_eligible
    and resolution.ended_at > extract.extracted_at - interval {NEWEST_DAYS} day as is_newest,
    repeats.is_agent_logged_resolved,
    surveyed.is_survey_resolved,
    repeated_in_channel.contact_id is not null as is_repeated_in_channel,
    in_a_day.outcome as outcome_24h,
    case when in_a_month.is_mature then in_a_month.outcome end as outcome_720h
from resolution
cross join extract
left join settled on resolution.contact_id = settled.contact_id
left join marts.fct_contact_repeats as repeats on resolution.contact_id = repeats.contact_id
left join surveyed on resolution.contact_id = surveyed.contact_id
left join repeated_in_channel on resolution.contact_id = repeated_in_channel.contact_id
left join marts.fct_first_contact_resolution as in_a_day
    on resolution.contact_id = in_a_day.contact_id and in_a_day.window_hours = 24
left join marts.fct_first_contact_resolution as in_a_month
    on resolution.contact_id = in_a_month.contact_id and in_a_month.window_hours = 720

union all by name

select
    contacts.contact_id, contacts.business_date, contacts.channel, contacts.reason_code, contacts.ended_at, false as is_identified,
    bool_or(coalesce(records.is_resolved, false) and contacts.escalation_count = 0) as is_settled, false as is_published, false as is_newest
from marts.fct_contacts as contacts
inner join marts.dim_reason as reasons on contacts.reason_code = reasons.reason_code
inner join records on contacts.contact_id = records.first_record_id
where
    not contacts.is_identified and contacts.is_handled and contacts.direction = 'inbound' and contacts.exclusion_reason is null
    and coalesce(reasons.is_first_contact_resolvable, true)
group by all
"""

# the sessions of an attempt are those of its customer while it lasts; one that nobody can be named for is an attempt of its own
_SESSIONS = """
create temp table sessions as
select
    attempts.attempt_id, attempts.session_count, truth.*,
    row_number() over (partition by attempts.attempt_id order by staged.started_at desc, truth.session_id desc) = 1 as is_last
from marts.fct_bot_attempts as attempts
inner join staging.stg_bot_sessions as staged
    on
        attempts.attempt_id = staged.session_id
        or attempts.is_identified
        and attempts.exclusion_reason is null
        and attempts.customer_id = staged.customer_id
        and staged.started_at between attempts.started_at and attempts.ended_at
inner join truth_bot_sessions as truth on staged.session_id = truth.session_id
where attempts.is_eligible and attempts.ended_at is not null
"""

_ATTEMPTS = f"""
create temp table attempts as
with

truths as (
    select
        attempt_id, bool_or(is_truly_resolved) filter (is_last) as is_settled, bool_or(would_have_been_assisted) as had_been_assisted,
        count(*) as found_session_count
    from sessions
    group by attempt_id
),

returned_to_bot as (
    select attempts.attempt_id
    from marts.fct_bot_attempts as attempts
    inner join marts.fct_bot_attempts as later
        on
            attempts.customer_id = later.customer_id
            and attempts.technology_id = later.technology_id
            and later.started_at > attempts.ended_at
            and later.started_at <= attempts.ended_at + interval 168 hour
    where attempts.is_identified and later.exclusion_reason is null
    group by attempts.attempt_id
)

select
    judged.*, truths.is_settled, truths.had_been_assisted, truths.found_session_count, judged.is_mature as is_published,
    returned_to_bot.attempt_id is not null as is_returned_to_bot,
    judged.ended_at > extract.extracted_at - interval {NEWEST_DAYS} day as is_newest
from marts.fct_bot_attempts as judged
cross join extract
inner join truths on judged.attempt_id = truths.attempt_id
left join returned_to_bot on judged.attempt_id = returned_to_bot.attempt_id
"""

# for a contact that passed for settled: what became of the matter; for one that did not: why, although it was settled
_GAP_OF_FIRST_CONTACTS = """
with

judged as (
    select *, outcome = 'resolved' as is_resolved, count(*) over () as contact_count
    from first_contacts
    where is_published
),

next_records as (
    select
        judged.contact_id,
        contacts.is_identified,
        contacts.reason_code is not null as is_reason_known,
        contacts.started_at > judged.window_ends_at as is_after_window,
        row_number() over (partition by judged.contact_id order by records.attempt, records.contact_id) as position
    from judged
    inner join records on judged.need_id = records.need_id and judged.attempt < records.attempt
    inner join marts.fct_contacts as contacts on records.first_record_id = contacts.contact_id
    where judged.is_resolved and not judged.is_settled and contacts.direction = 'inbound' and contacts.exclusion_reason is null
),

explained as (
    select
        case
            when judged.is_resolved and next_records.contact_id is null then 'not settled, and the customer gave up'
            when judged.is_resolved and not next_records.is_identified then 'came back, and nobody knew who called'
            when judged.is_resolved and not next_records.is_reason_known then 'came back, and no reason was noted'
            when judged.is_resolved and next_records.is_after_window then 'came back after the window'
            when judged.is_resolved then 'came back some other way'
            when judged.outcome = 'follow_up_needed' then 'settled, and followed up all the same'
            when breaking.need_id = judged.need_id then 'settled, and the customer called without waiting for the answer'
            else 'settled, and another matter with the same reason followed'
        end as cause,
        case when judged.is_resolved then 1 else -1 end as sign,
        judged.contact_count
    from judged
    left join next_records on judged.contact_id = next_records.contact_id and next_records.position = 1
    left join truth_contacts as breaking on judged.breaking_contact_id = breaking.contact_id
    where judged.is_resolved <> judged.is_settled
)

select cause, sum(sign) / max(contact_count) as part
from explained
group by cause
order by abs(sum(sign)) desc, cause
"""

_GAP_OF_ATTEMPTS = """
with

judged as (
    select *, count(*) over () as attempt_count
    from attempts
    where is_published
),

explained as (
    select
        case
            when is_durably_resolved then 'evidence, though nothing was settled'
            when leak = 'no_evidence' then 'settled, and nothing shows it'
            when leak = 'circled_back' then 'settled, and another matter with the same reason followed'
            when leak = 'abandoned' then 'settled, and the vendor says that the customer gave up'
            else 'settled, and a person was asked for'
        end as cause,
        case when is_durably_resolved then 1 else -1 end as sign,
        attempt_count
    from judged
    where is_durably_resolved <> is_settled
)

select cause, sum(sign) / max(attempt_count) as part
from explained
group by cause
order by abs(sum(sign)) desc, cause
"""

_EVERY_FIRST_CONTACT = """
with

handled as (
    select
        records.need_id, records.attempt, contacts.contact_id, contacts.started_at, contacts.escalation_count,
        bool_or(coalesce(records.is_resolved, false)) as is_resolved
    from records
    inner join marts.fct_contacts as contacts on records.first_record_id = contacts.contact_id
    inner join marts.dim_reason as reasons on records.reason_code = reasons.reason_code
    where
        records.need_id is not null and contacts.is_handled and contacts.direction = 'inbound' and contacts.exclusion_reason is null
        and coalesce(reasons.is_first_contact_resolvable, true)
    group by all
),

firsts as (
    select *, row_number() over (partition by need_id order by attempt, started_at, contact_id) as position
    from handled
)

select count(*), avg((is_resolved and escalation_count = 0)::int)
from firsts
where position = 1
"""
