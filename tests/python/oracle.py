"""The contacts domain once more, in plain Python: from raw rows to contacts, half hours and metrics.

This is the second of two paths that must agree. It is written from the definitions (docs, column descriptions and the raw
contract), one contact after another and without a look at how the models do it: where both give the same, both have read the
definitions in the same way. It is slow on purpose; nothing here is clever. Instants are naive UTC, durations whole seconds between
instants whose fractions were dropped.
"""

from __future__ import annotations

import csv
import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from cx_metrics.contract import Column, Table, load_contract

PROJECT = Path(__file__).resolve().parents[2]
"""The folder that holds dbt_project.yml."""

RawRow = Mapping[str, Any]
RawTables = Mapping[str, Sequence[RawRow]]
"""Delivered rows by raw table; a value is text as landed from CSV, or already has the contract's type, or is None."""

Row = dict[str, Any]

CONVERSATION = ("talk", "message")
AGENT_WORK = ("talk", "hold", "wrap", "message")
WAITING = ("queue", "ring")


# --- what people decided: seeds and vars ---------------------------------------------------------------------


@dataclass(frozen=True)
class Decisions:
    """The seeds and vars that the contacts domain depends on."""

    seeds: Mapping[str, Sequence[Mapping[str, str]]]
    variables: Mapping[str, Any]

    @classmethod
    def read(
        cls,
        seeds: Mapping[str, Sequence[Mapping[str, str]]] | None = None,
        variables: Mapping[str, Any] | None = None,
    ) -> Decisions:
        """Read the project's own decisions; those given here go before them."""
        own_seeds = {}
        for file in sorted((PROJECT / "seeds").rglob("*.csv")):
            with file.open(encoding="utf-8", newline="") as lines:
                own_seeds[file.stem] = list(csv.DictReader(lines))
        project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
        return cls({**own_seeds, **(seeds or {})}, {**project["vars"], **(variables or {})})

    def in_force(self, seed: str, day: date, **wanted: str | None) -> Mapping[str, str] | None:
        """Return the row of a seed for these values on this day, both effective dates included; None where there is none."""
        for row in self.seeds[seed]:
            if all(row[name] == value for name, value in wanted.items()) and (
                date.fromisoformat(row["effective_from"]) <= day <= date.fromisoformat(row["effective_to"])
            ):
                return row
        return None

    def is_live(self, channel: str) -> bool:
        """Say whether the customer waits connected in this channel."""
        return any(row["channel"] == channel and row["is_live"] == "true" for row in self.seeds["channels"])

    def is_denied(self, customer_id: str, day: date) -> bool:
        """Say whether this id stands for nobody or for many people on this day (B.3)."""
        return self.in_force("denied_customer_ids", day, customer_id=customer_id) is not None

    def target(self, channel: str | None, queue_id: str | None, day: date) -> Mapping[str, str] | None:
        """Return the service level target of the queue, else that of the channel (M05, M06)."""
        own = self.in_force("service_level_targets", day, channel=channel, queue_id=queue_id)
        return own or self.in_force("service_level_targets", day, channel=channel, queue_id="any")


# --- staging: types, quarantine, newest delivery -------------------------------------------------------------


class _UnreadableError(Exception):
    """A value that the contract does not allow."""


def stage(raw: RawTables, decisions: Decisions) -> dict[str, list[Row]]:
    """Return the usable rows of every raw table, one per key: the newest delivery, ties broken by the greatest other values."""
    zones = {row["timezone"] for row in decisions.seeds["iana_timezones"]}
    staged = {}
    for name, table in contract().items():
        newest: dict[tuple[Any, ...], Row] = {}
        for delivered in raw.get(name, ()):
            try:
                row = {
                    column.name: _typed(
                        delivered.get(column.name), column, _patterns().get((name, column.name)), zones
                    )
                    for column in table.columns
                }
            except _UnreadableError:
                continue
            key = tuple(row[part] for part in table.key)
            if key not in newest or _delivery_rank(row, table) > _delivery_rank(newest[key], table):
                newest[key] = row
        staged[name] = list(newest.values())
    return staged


@lru_cache(maxsize=1)
def contract() -> dict[str, Table]:
    """Return the raw contract by table, read once."""
    return load_contract(PROJECT)


@lru_cache(maxsize=1)
def _patterns() -> dict[tuple[str, str], str]:
    patterns = {}
    for file in (PROJECT / "models" / "staging").glob("*/_raw_*.yml"):
        for source in yaml.safe_load(file.read_text(encoding="utf-8"))["sources"]:
            for table in source["tables"]:
                for column in table["columns"]:
                    if pattern := column["config"]["meta"].get("pattern"):
                        patterns[table["name"], column["name"]] = pattern
    return patterns


def _typed(value: Any, column: Column, pattern: str | None, zones: set[str]) -> Any:
    if isinstance(value, str):
        value = value.strip() or None
    if value is None:
        if column.required:
            raise _UnreadableError
        return None
    if isinstance(value, str):
        value = _from_text(value, column.data_type)
    if isinstance(value, datetime) and not datetime(1970, 1, 1) <= value < datetime(2200, 1, 1):
        raise _UnreadableError
    if type(value) is date and not date(1970, 1, 1) <= value < date(2200, 1, 1):
        raise _UnreadableError
    if column.accepted_values and str(value) not in column.accepted_values:
        raise _UnreadableError
    if pattern is not None and not re.fullmatch(pattern, str(value)):
        raise _UnreadableError
    if column.name == "timezone" and value not in zones:
        raise _UnreadableError
    return value


def _from_text(text: str, data_type: str) -> Any:
    try:
        if data_type == "timestamp":
            instant = datetime.fromisoformat(text)
            return instant.astimezone(UTC).replace(tzinfo=None) if instant.tzinfo else instant
        if data_type == "date":
            return date.fromisoformat(text)
        if data_type == "integer":
            return int(text)
        if data_type == "boolean":
            return {"true": True, "false": False}[text.lower()]
        if data_type.startswith("decimal"):
            return Decimal(text)
    except (ValueError, KeyError, InvalidOperation) as error:
        raise _UnreadableError from error
    return text


def _delivery_rank(row: Row, table: Table) -> tuple[Any, ...]:
    others = [column.name for column in table.columns if column.name not in (*table.key, table.newest_by)]
    names = [*([table.newest_by] if table.newest_by else []), *others]
    # null sorts before every value
    return tuple((row[name] is not None, row[name] if row[name] is not None else 0) for name in names)


# --- time ----------------------------------------------------------------------------------------------------

EPOCH = datetime(1970, 1, 1)


def seconds_of(instant: datetime) -> int:
    """Return the instant as whole seconds since 1970, its fraction dropped."""
    return int((instant.replace(microsecond=0) - EPOCH).total_seconds())


def elapsed(from_instant: datetime, to_instant: datetime) -> int | None:
    """Return the whole seconds between two instants; None where the second comes before the first (B.7)."""
    return None if to_instant < from_instant else seconds_of(to_instant) - seconds_of(from_instant)


def to_local(instant: datetime, zone: str) -> datetime:
    """Return what the wall clock of the zone shows at an instant."""
    return instant.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def offset_seconds(instant: datetime, zone: str) -> int:
    """Return how far the wall clock is ahead of UTC."""
    return int((to_local(instant, zone) - instant).total_seconds())


def half_hour_of(instant: datetime, zone: str) -> datetime:
    """Return the instant at which the half hour on the zone's wall clock began."""
    local = to_local(instant, zone)
    return instant.replace(microsecond=0) - timedelta(minutes=local.minute % 30, seconds=local.second)


def union(stretches: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return stretches of seconds with overlapping ones made one, in order."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(stretches):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif end > start:
            merged.append((start, end))
    return merged


def length(stretches: Iterable[tuple[int, int]]) -> int:
    """Return how many seconds stretches cover, each second once."""
    return sum(end - start for start, end in union(stretches))


class OpeningHours:
    """When a queue is open: what its wall clock shows lies in an opening of that weekday, and the day is no holiday."""

    def __init__(self, zone: str, openings: Iterable[Row], holidays: Iterable[date]) -> None:
        """Keep the openings by ISO weekday."""
        self.zone = zone
        self.holidays = set(holidays)
        self.openings: dict[int, list[tuple[timedelta, timedelta]]] = defaultdict(list)
        for row in openings:
            self.openings[row["weekday"]].append(
                (_since_midnight(row["opens_at"]), _since_midnight(row["closes_at"]))
            )

    def is_open(self, instant: datetime) -> bool:
        """Say whether the queue is open at an instant."""
        local = to_local(instant, self.zone)
        since_midnight = local - datetime.combine(local.date(), time())
        return local.date() not in self.holidays and any(
            opens <= since_midnight < closes for opens, closes in self.openings[local.isoweekday()]
        )

    def open_seconds(self, from_instant: datetime, to_instant: datetime) -> int:
        """Return for how many seconds the queue is open between two instants."""
        total = 0
        for start, end, offset in _stretches_of_one_offset(from_instant, to_instant, self.zone):
            local_start, local_end = (
                EPOCH + timedelta(seconds=start + offset),
                EPOCH + timedelta(seconds=end + offset),
            )
            day = local_start.date()
            while day <= local_end.date():
                if day not in self.holidays:
                    midnight = seconds_of(datetime.combine(day, time())) - offset
                    open_stretches = [
                        (
                            max(start, midnight + int(opens.total_seconds())),
                            min(end, midnight + int(closes.total_seconds())),
                        )
                        for opens, closes in self.openings[day.isoweekday()]
                    ]
                    total += length(stretch for stretch in open_stretches if stretch[0] < stretch[1])
                day += timedelta(days=1)
        return total


def _since_midnight(clock: str | None) -> timedelta:
    hours, minutes = (clock or "24:00").split(":")[:2]
    return timedelta(hours=int(hours), minutes=int(minutes))


def _stretches_of_one_offset(start: datetime, end: datetime, zone: str) -> Iterator[tuple[int, int, int]]:
    """Cut the time between two instants where the zone's clocks change; clocks change on half hours of UTC."""
    first, last = seconds_of(start), seconds_of(end)
    while first < last:
        offset = _offset_at(first, zone)
        until = first
        while until < last and _offset_at(until, zone) == offset:
            half_hour = until // 1800 * 1800
            # a whole day at a time where it has one offset
            step = 86400 if _offset_at(half_hour + 86400, zone) == offset else 1800
            until = min(half_hour + step, last)
        yield first, until, offset
        first = until


@cache
def _offset_at(second: int, zone: str) -> int:
    return offset_seconds(EPOCH + timedelta(seconds=second), zone)


def six_decimals(value: Fraction) -> Fraction:
    """Round as a column of type decimal(18,6) does."""
    return Fraction(math.floor(value * 10**6 + Fraction(1, 2)), 10**6)


def all_of(*parts: bool | None) -> bool | None:
    """Say whether all parts hold: False where one does not, None where one is unknown and the others hold."""
    if any(part is False for part in parts):
        return False
    return None if any(part is None for part in parts) else True


def complete_through(
    staged: Mapping[str, Sequence[Row]], decisions: Decisions, domain: str
) -> datetime | None:
    """Return as_of of a domain (B.5): the lowest watermark of its feeds that have one; nothing reads a clock.

    A watermark of nothing is the newest change of the feed's own tables (a channel's are those of contacts), and unknown where
    these say none. Without any watermark, what reads contacts is known up to their newest change.
    """
    feeds = {row["feed"] for row in decisions.seeds["feeds"] if row["domain"] == domain}
    stated = [row for row in staged["feed_watermarks"] if row["feed"] in feeds]
    if any(row["complete_through"] is not None for row in stated):
        channels = {row["channel"] for row in decisions.seeds["channels"]}
        marks = [
            row["complete_through"]
            or _newest_change(staged, "contacts" if row["feed"] in channels else row["feed"])
            for row in stated
        ]
        known = [mark for mark in marks if mark is not None]
        return min(known) if len(known) == len(marks) else None
    return _newest_change(staged, "contacts") if "contacts" in feeds else None


def _newest_change(staged: Mapping[str, Sequence[Row]], feed: str) -> datetime | None:
    changes = (
        row[table.newest_by]
        for table in contract().values()
        if table.feed == feed and table.newest_by is not None
        for row in staged[table.name]
    )
    return max((change for change in changes if change is not None), default=None)


def business_day(instant: datetime, zone: str, decisions: Decisions) -> date:
    """Return the local day of an instant, which begins at the hour at which business days do (B.4)."""
    start_hour = int(decisions.variables["business_day_start_hour"])
    return (to_local(instant, zone) - timedelta(hours=start_hour)).date()


# --- from records and segments to contacts -------------------------------------------------------------------


@dataclass
class Span:
    """One segment of a contact, with what it belongs to."""

    record_id: str
    number: int
    kind: str
    agent_id: str | None
    queue_id: str | None
    start: datetime
    end: datetime | None
    transfer_kind: str | None
    is_callback: bool
    is_capped: bool

    @property
    def seconds(self) -> int | None:
        """Its duration; None where it never ended, or ended before it started (B.7)."""
        return None if self.end is None else elapsed(self.start, self.end)

    @property
    def problem(self) -> str | None:
        """Why it has no duration."""
        if self.end is None:
            return "never closed"
        return "negative" if self.end < self.start else None

    @property
    def stretch(self) -> tuple[int, int]:
        """The seconds that it covers; only for a span with a duration."""
        assert self.end is not None
        return seconds_of(self.start), seconds_of(self.end)

    @property
    def leg(self) -> tuple[str, str | None]:
        """The agent leg that it is a part of: one agent on one record."""
        return self.record_id, self.agent_id

    @property
    def order(self) -> tuple[Any, ...]:
        """Order within a contact."""
        return self.start, self.record_id, self.number


@dataclass
class Leg:
    """The work of one agent on one contact record."""

    spans: list[Span]

    @property
    def record_id(self) -> str:
        """The record."""
        return self.spans[0].record_id

    @property
    def agent_id(self) -> str | None:
        """The agent; None is the member unknown agent (B.2)."""
        return self.spans[0].agent_id

    @property
    def order(self) -> tuple[Any, ...]:
        """Order within a contact: by start."""
        return (
            min(span.start for span in self.spans),
            self.record_id,
            self.agent_id is None,
            self.agent_id or "",
        )

    @property
    def queue_id(self) -> str | None:
        """The first queue that its spans know."""
        return next(
            (span.queue_id for span in sorted(self.spans, key=lambda span: span.order) if span.queue_id), None
        )

    @property
    def has_conversation(self) -> bool:
        """Whether the agent talked or wrote."""
        return any(span.kind in CONVERSATION for span in self.spans)

    @property
    def problems(self) -> set[str]:
        """Why it has no durations."""
        return {span.problem for span in self.spans if span.problem}

    def covered(self, *kinds: str) -> list[tuple[int, int]]:
        """Return the stretches of seconds that spans of these kinds cover."""
        return union(span.stretch for span in self.spans if span.kind in kinds)

    @property
    def hold_seconds(self) -> int:
        """Seconds on hold, also where talk is reported at the same time."""
        return length(self.covered("hold"))

    @property
    def talk_seconds(self) -> int:
        """Seconds of conversation without hold."""
        return length(self.covered("talk", "message", "hold")) - self.hold_seconds

    @property
    def wrap_seconds(self) -> int:
        """Seconds of after-contact work: no conversation and no hold at the same time."""
        return length(self.covered(*AGENT_WORK)) - length(self.covered("talk", "message", "hold"))


@dataclass
class Contact:
    """One contact as fct_contacts should show it. The fields carry the names of its columns."""

    contact_id: str
    contact_record_count: int
    customer_id: str | None
    is_identified: bool
    channel: str
    is_live: bool
    direction: str
    initiation_method: str | None
    purpose: str | None
    queue_id: str | None
    program_id: str | None
    vendor_id: str | None
    reason_code: str | None
    product_line_id: str | None
    campaign_id: str | None
    business_date: date
    business_timezone: str
    started_at: datetime
    ended_at: datetime | None
    queued_at: datetime
    interval_started_at: datetime
    answered_at: datetime | None
    disconnect_reason: str | None
    exclusion_reason: str | None
    is_in_opening_hours: bool
    contact_outcome: str | None
    has_contradicting_segments: bool
    is_offered: bool | None
    is_answered: bool | None
    is_handled: bool | None
    is_abandoned: bool | None
    abandoned_in: str | None
    is_short_abandon: bool | None
    answer_within_seconds: int | None
    short_abandon_seconds: int | None
    is_service_level_contact: bool | None
    is_out_of_queue_in_time: bool | None
    queue_seconds: int | None
    customer_wait_seconds: int | None
    ring_seconds: int
    ivr_seconds: int
    bot_seconds: int
    consult_seconds: int
    talk_seconds: int | None
    hold_seconds: int | None
    wrap_seconds: int | None
    dial_seconds: int | None
    handle_seconds: int | None
    longest_handle_seconds: int | None
    has_invalid_duration: bool | None
    duration_null_reason: str | None
    has_capped_wrap: bool
    agent_segment_count: int
    transfer_count: int
    escalation_count: int
    is_failure_demand: bool | None
    first_agent_id: str | None
    last_agent_id: str | None
    agent_logged_resolved: bool | None
    stated_cancel_intent: bool | None
    is_complaint: bool | None
    applications_used: int | None
    is_callback_offered: bool
    is_callback_accepted: bool
    callback_attempt_count: int
    is_callback_reached: bool
    callback_wait_seconds: int | None
    is_response_expected: bool
    first_response_at: datetime | None
    response_wait_seconds: int | None
    response_calendar_seconds: int | None
    is_responded_in_time: bool | None
    is_responded_in_calendar_time: bool | None
    resolution_exposure_hours: Fraction | None
    is_closed: bool | None
    first_resolution_exposure_hours: Fraction | None
    is_first_resolved: bool | None
    is_redial: bool = False
    is_answered_after_redial: bool = False


@dataclass
class QueueInterval:
    """One half hour of a queue as fct_queue_intervals should show it."""

    queue_id: str
    interval_started_at: datetime
    interval_started_local: datetime
    utc_offset_seconds: int
    business_date: date
    channel: str | None
    program_id: str | None
    vendor_id: str | None
    offered_count: int = 0
    answered_count: int = 0
    answered_in_time_count: int = 0
    abandoned_count: int = 0
    short_abandon_count: int = 0
    callback_count: int = 0
    answered_queue_seconds: int = 0
    longest_queue_seconds: int | None = None
    workload_seconds: int = 0
    service_level_target_rate: Fraction | None = None
    has_service_level: bool = False
    is_at_service_level_target: bool | None = None


@dataclass
class Center:
    """Everything computed from one set of raw rows, and what the other domains start from."""

    as_of: datetime | None
    contacts: dict[str, Contact] = field(default_factory=dict)
    intervals: dict[tuple[str, datetime], QueueInterval] = field(default_factory=dict)
    customer_months: dict[date, Fraction] = field(default_factory=dict)
    zones: set[str] = field(default_factory=set)
    staged: Mapping[str, list[Row]] = field(default_factory=dict)
    hours: dict[str, OpeningHours] = field(default_factory=dict)
    legs: dict[str, list[Leg]] = field(default_factory=dict)
    contact_ids: dict[str, str] = field(default_factory=dict)
    """The contact of every record."""

    def contact_of(self, record_id: str | None) -> str | None:
        """Return the contact that a record is a part of; a record that nobody delivered stands for itself."""
        return None if record_id is None else self.contact_ids.get(record_id, record_id)


def compute(raw: RawTables, decisions: Decisions) -> Center:
    """Compute the contacts domain from raw rows."""
    return _Computation(stage(raw, decisions), decisions).run()


class _Computation:
    def __init__(self, staged: Mapping[str, list[Row]], decisions: Decisions) -> None:
        self.staged = staged
        self.decisions = decisions
        self.variables = decisions.variables
        self.records = {row["contact_id"]: row for row in staged["contacts"]}
        self.queues = {row["queue_id"]: row for row in staged["queues"]}
        self.customers = {row["customer_id"]: row for row in staged["customers"]}
        self.reasons = {row["reason_code"]: row for row in staged["reasons"]}
        self.hours = {
            queue_id: OpeningHours(
                queue["timezone"],
                [row for row in staged["queue_hours"] if row["queue_id"] == queue_id],
                [row["holiday_on"] for row in staged["queue_holidays"] if row["queue_id"] == queue_id],
            )
            for queue_id, queue in self.queues.items()
            if any(row["queue_id"] == queue_id for row in staged["queue_hours"])
        }
        self.as_of = complete_through(staged, decisions, "contacts")
        self.legs_by_contact: dict[str, list[Leg]] = defaultdict(list)

    def run(self) -> Center:
        spans_by_contact: dict[str, list[Span]] = defaultdict(list)
        for row in self.staged["contact_segments"]:
            # a message without an agent is the customer's or a machine's
            if row["kind"] == "message" and row["agent_id"] is None:
                continue
            spans_by_contact[self._contact_of(row["contact_id"])].append(self._span(row))
        for contact_id, spans in spans_by_contact.items():
            self.legs_by_contact[contact_id] = self._legs(spans)
        records_by_contact: dict[str, list[Row]] = defaultdict(list)
        for record_id, record in self.records.items():
            records_by_contact[self._contact_of(record_id)].append(record)

        center = Center(
            self.as_of,
            zones={queue["timezone"] for queue in self.queues.values()},
            staged=self.staged,
            hours=self.hours,
            legs=self.legs_by_contact,
            contact_ids={record_id: self._contact_of(record_id) for record_id in self.records},
        )
        for contact_id, records in records_by_contact.items():
            center.contacts[contact_id] = self._contact(contact_id, records, spans_by_contact[contact_id])
        self._mark_redials(center)
        self._fill_intervals(center)
        self._count_customers(center)
        return center

    # B.1: all records of one session are one contact, named after its first record. A monitoring supervisor is no part of it.
    def _contact_of(self, record_id: str) -> str:
        record = self.records.get(record_id)
        if record is None or record["initiation_method"] == "monitor" or not record["initial_contact_id"]:
            return record_id
        first: str = record["initial_contact_id"]
        # a platform that names the record before instead of the first is followed one step further
        named = self.records.get(first)
        if named is not None and named["initial_contact_id"] and named["initiation_method"] != "monitor":
            return str(named["initial_contact_id"])
        return first

    def _is_callback_attempt(self, record_id: str) -> bool:
        record = self.records.get(record_id)
        return (
            record is not None
            and record["initiation_method"] == "callback"
            and self._contact_of(record_id) != record_id
        )

    # B.7: wrap-up that never closed ends at the limit
    def _span(self, row: Row) -> Span:
        is_capped = row["kind"] == "wrap" and row["ended_at"] is None
        limit = timedelta(seconds=self.variables["auto_wrap_limit_seconds"])
        return Span(
            record_id=row["contact_id"],
            number=row["segment_number"],
            kind=row["kind"],
            agent_id=row["agent_id"],
            queue_id=row["queue_id"],
            start=row["started_at"],
            end=row["started_at"] + limit if is_capped else row["ended_at"],
            transfer_kind=row["transfer_kind"],
            is_callback=self._is_callback_attempt(row["contact_id"]),
            is_capped=is_capped,
        )

    @staticmethod
    def _legs(spans: Iterable[Span]) -> list[Leg]:
        by_agent: dict[tuple[str, str | None], list[Span]] = defaultdict(list)
        for span in spans:
            if span.kind in AGENT_WORK:
                by_agent[span.leg].append(span)
        return sorted((Leg(group) for group in by_agent.values()), key=lambda leg: leg.order)

    def _contact(self, contact_id: str, records: list[Row], spans: list[Span]) -> Contact:
        records = sorted(
            records, key=lambda row: (row["contact_id"] != contact_id, row["started_at"], row["contact_id"])
        )

        def first_known(name: str) -> Any:
            return next((row[name] for row in records if row[name] is not None), None)

        def last_known(name: str) -> Any:
            return next((row[name] for row in reversed(records) if row[name] is not None), None)

        def any_true(name: str) -> bool | None:
            known = [row[name] for row in records if row[name] is not None]
            return any(known) if known else None

        spans = sorted(spans, key=lambda span: span.order)
        legs = self.legs_by_contact[contact_id]
        started_at = min(row["started_at"] for row in records)
        ends = [row["ended_at"] for row in records]
        ended_at = None if None in ends else max(ends)
        channel, direction = first_known("channel"), first_known("direction")
        is_live = self.decisions.is_live(channel)

        # the queue, its zone and its clock
        entries = [span for span in spans if span.kind in WAITING and not span.is_callback]
        queue_id = (
            first_known("queue_id")
            or next((span.queue_id for span in spans if span.kind == "queue" and span.queue_id), None)
            or next((leg.queue_id for leg in legs if leg.queue_id), None)
        )
        queue = self.queues.get(queue_id or "", {})
        zone = queue.get("timezone") or self.variables["reporting_timezone"]
        business_date = business_day(started_at, zone, self.decisions)
        queued_at = min((span.start for span in entries), default=started_at)
        hours = self.hours.get(queue_id or "")
        is_open = hours is None or hours.is_open(queued_at)
        target = self.decisions.target(channel, queue_id, business_date)
        answer_within = int(target["answer_within_seconds"]) if target else None
        short_abandon = int(target["short_abandon_seconds"]) if target else None

        # agents
        talks = [span for leg in legs for span in leg.spans if span.kind in CONVERSATION]
        answered_at = min((span.start for span in talks), default=None)
        handles = [leg for leg in legs if leg.has_conversation]
        work_problems = {problem for leg in legs for problem in leg.problems}
        hand_overs = sum(1 for leg in legs for span in leg.spans if span.transfer_kind is not None)
        escalations = sum(1 for leg in legs for span in leg.spans if span.transfer_kind == "escalation")

        # waits
        waits = [span for span in spans if span.kind in WAITING]
        queue_seconds = customer_wait_seconds = None
        if spans and not any(span.problem for span in waits):
            early = [span for span in waits if self._is_before_answer(span, talks)]
            late = [span for span in waits if span not in early]
            queue_seconds = self._waited(span for span in early if not span.is_callback)
            customer_wait_seconds = self._waited(early) + self._waited(late)

        def total(kind: str) -> int:
            return sum(span.seconds or 0 for span in spans if span.kind == kind)

        # what became of it
        attempts = sum(1 for row in records if self._is_callback_attempt(row["contact_id"]))
        accepted = any_true("callback_accepted") is True
        outcome = self._outcome(
            first_known("source_outcome"),
            is_inbound=direction == "inbound",
            is_live=is_live,
            is_self_service=channel == "self_service",
            is_ended=ended_at is not None,
            accepted_callback=accepted,
            was_called_back=attempts > 0,
            was_answered=bool(handles),
            kinds={span.kind for span in spans if not (span.is_callback and span.kind in WAITING)},
        )
        is_answered = None if outcome is None else outcome == "answered"
        is_abandoned = None if outcome is None else outcome == "abandoned"
        is_handled = (
            None if outcome is None else outcome == "answered" or (outcome == "callback" and bool(handles))
        )
        abandoned_in = None
        if is_abandoned:
            kinds = {span.kind for span in spans}
            abandoned_in = "queue" if entries else "ivr" if kinds & {"ivr", "bot"} else None
        excluded = self._exclusion(
            records,
            business_date=business_date,
            is_outbound=direction == "outbound",
            direction=direction,
            purpose=first_known("purpose"),
            method=first_known("initiation_method"),
            source_exclusion=first_known("source_exclusion"),
            customer_id=first_known("customer_id"),
            is_machine_only=not handles,
            is_empty=outcome == "self_served" and self._nothing_happened(spans),
        )
        is_offered: bool | None = None
        if outcome is not None:
            is_offered = direction == "inbound" and excluded is None
            if is_live:
                is_offered = is_offered and is_open and (bool(entries) or outcome == "answered")
            else:
                is_offered = is_offered and channel != "self_service"

        # thresholds; a wait that is not known is neither in time nor short
        is_service_level = (
            None if is_offered is None else is_offered and is_live and outcome in ("answered", "abandoned")
        )

        def is_within(limit: int | None) -> bool | None:
            if queue_seconds is None:
                return False
            return None if limit is None else queue_seconds <= limit

        is_out_in_time = is_short = None
        if outcome is not None:
            is_out_in_time = all_of(
                is_offered,
                is_live,
                outcome in ("answered", "abandoned", "callback"),
                is_within(answer_within),
            )
            in_queue = None if abandoned_in is None else abandoned_in == "queue"
            is_short = all_of(is_abandoned, in_queue, is_within(short_abandon))

        # durations
        dials = [span for span in spans if span.kind == "ring"] if direction == "outbound" else []
        dial_problems = {span.problem for span in dials if span.problem}
        work = 0
        if not work_problems:
            work = sum(leg.talk_seconds + leg.hold_seconds + leg.wrap_seconds for leg in legs)
        reason = None
        if is_handled:
            if ended_at is None:
                reason = "open"
            elif work_problems or dial_problems:
                # the agents' work goes before the dialling; alphabetical: negative before never closed
                reason = min(work_problems or dial_problems)
            elif not handles:
                reason = "no agent segment"
            elif work == 0:
                reason = "zero"
        is_timed = bool(is_handled) and reason is None

        # callbacks and replies
        first_attempt_at = min(
            (span.start for span in spans if span.is_callback and span.kind in ("ring", *AGENT_WORK)),
            default=None,
        )
        is_response_expected = not is_live and channel != "self_service" and direction == "inbound"
        first_response_at = answered_at if is_response_expected else None
        response_wait = calendar_wait = None
        waited_until = first_response_at or ended_at or self.as_of
        if is_response_expected and waited_until is not None:
            response_wait = calendar_wait = elapsed(started_at, waited_until)
            if (
                response_wait is not None
                and target is not None
                and target["clock"] == "business"
                and hours is not None
            ):
                response_wait = hours.open_seconds(started_at, waited_until)

        def is_in_time(wait: int | None) -> bool | None:
            if wait is None or answer_within is None:
                return None
            if first_response_at is not None:
                return wait <= answer_within
            # no reply: late once the threshold has passed, until then pending; a contact that ended without one is neither
            return False if ended_at is None and wait > answer_within else None

        def exposure(until: datetime | None) -> Fraction | None:
            until = until or self.as_of
            exposed = elapsed(started_at, until) if is_response_expected and until is not None else None
            return None if exposed is None else six_decimals(Fraction(exposed, 3600))

        first_ended_at = first_known("ended_at")
        customer_id = first_known("customer_id")
        limit = self.decisions.in_force("duration_limits", business_date, channel=channel)
        return Contact(
            contact_id=contact_id,
            contact_record_count=len(records),
            customer_id=customer_id,
            is_identified=customer_id is not None
            and not self.decisions.is_denied(customer_id, business_date),
            channel=channel,
            is_live=is_live,
            direction=direction,
            initiation_method=first_known("initiation_method"),
            purpose=first_known("purpose"),
            queue_id=queue_id,
            program_id=queue.get("program_id"),
            vendor_id=queue.get("vendor_id"),
            reason_code=first_known("reason_code"),
            product_line_id=first_known("product_line_id"),
            campaign_id=first_known("campaign_id"),
            business_date=business_date,
            business_timezone=zone,
            started_at=started_at,
            ended_at=ended_at,
            queued_at=queued_at,
            interval_started_at=half_hour_of(queued_at, zone),
            answered_at=answered_at,
            disconnect_reason=last_known("disconnect_reason"),
            exclusion_reason=excluded,
            is_in_opening_hours=is_open,
            contact_outcome=outcome,
            has_contradicting_segments=(
                (first_known("source_outcome") == "answered" and not handles)
                or (
                    first_known("source_outcome") in ("abandoned", "self_served", "voicemail")
                    and bool(handles)
                )
            ),
            is_offered=is_offered,
            is_answered=is_answered,
            is_handled=is_handled,
            is_abandoned=is_abandoned,
            abandoned_in=abandoned_in,
            is_short_abandon=is_short,
            answer_within_seconds=answer_within,
            short_abandon_seconds=short_abandon,
            is_service_level_contact=is_service_level,
            is_out_of_queue_in_time=is_out_in_time,
            queue_seconds=queue_seconds,
            customer_wait_seconds=customer_wait_seconds,
            ring_seconds=total("ring"),
            ivr_seconds=total("ivr"),
            bot_seconds=total("bot"),
            consult_seconds=total("consult"),
            talk_seconds=sum(leg.talk_seconds for leg in legs) if is_timed else None,
            hold_seconds=sum(leg.hold_seconds for leg in legs) if is_timed else None,
            wrap_seconds=sum(leg.wrap_seconds for leg in legs) if is_timed else None,
            dial_seconds=sum(span.seconds or 0 for span in dials) if is_timed else None,
            handle_seconds=work + sum(span.seconds or 0 for span in dials) if is_timed else None,
            longest_handle_seconds=int(limit["longest_handle_seconds"]) if limit else None,
            has_invalid_duration=(
                None if is_handled is None else is_handled and ended_at is not None and reason is not None
            ),
            duration_null_reason=reason,
            has_capped_wrap=any(span.is_capped for span in spans),
            agent_segment_count=len(handles),
            transfer_count=max(hand_overs, len(handles) - 1, 0),
            escalation_count=escalations,
            is_failure_demand=self.reasons.get(first_known("reason_code") or "", {}).get("is_failure_demand"),
            first_agent_id=handles[0].agent_id if handles else None,
            last_agent_id=handles[-1].agent_id if handles else None,
            agent_logged_resolved=last_known("agent_logged_resolved"),
            stated_cancel_intent=any_true("stated_cancel_intent"),
            is_complaint=any_true("is_complaint"),
            applications_used=max(
                (row["applications_used"] for row in records if row["applications_used"] is not None),
                default=None,
            ),
            is_callback_offered=accepted or any_true("callback_offered") is True,
            is_callback_accepted=accepted,
            callback_attempt_count=attempts,
            is_callback_reached=any(span.is_callback for span in talks),
            callback_wait_seconds=None if first_attempt_at is None else elapsed(started_at, first_attempt_at),
            is_response_expected=is_response_expected,
            first_response_at=first_response_at,
            response_wait_seconds=response_wait,
            response_calendar_seconds=calendar_wait,
            is_responded_in_time=is_in_time(response_wait),
            is_responded_in_calendar_time=is_in_time(calendar_wait),
            resolution_exposure_hours=exposure(ended_at),
            is_closed=(ended_at is not None) if is_response_expected else None,
            first_resolution_exposure_hours=exposure(first_ended_at),
            is_first_resolved=(first_ended_at is not None) if is_response_expected else None,
        )

    @staticmethod
    def _is_before_answer(span: Span, talks: Sequence[Span]) -> bool:
        """Say whether a wait came before the first answer: by the record's own order, since clocks differ, else by time."""
        if not talks:
            return True
        answer = min(talks, key=lambda talk: talk.order)
        if span.record_id == answer.record_id:
            return span.number < min(talk.number for talk in talks if talk.leg == answer.leg)
        return span.start < answer.start

    @staticmethod
    def _waited(spans: Iterable[Span]) -> int:
        """Return the seconds that waits cover; a queue and a telephone that rings meanwhile are one wait."""
        by_record: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for span in spans:
            by_record[span.record_id].append(span.stretch)
        return sum(length(stretches) for stretches in by_record.values())

    @staticmethod
    def _outcome(
        source_outcome: str | None,
        *,
        is_inbound: bool,
        is_live: bool,
        is_self_service: bool,
        is_ended: bool,
        accepted_callback: bool,
        was_called_back: bool,
        was_answered: bool,
        kinds: set[str],
    ) -> str | None:
        """Say what became of a contact: the platform's word, else what its segments show; None where neither tells."""
        if source_outcome is not None:
            return source_outcome
        if accepted_callback and was_called_back:
            return "callback"
        if was_answered:
            return "answered"
        if not is_ended:
            return "open"
        if not is_inbound:
            return "not_reached"
        if accepted_callback:
            return "callback"
        if is_live and kinds & set(WAITING):
            return "abandoned"
        if (is_self_service or "bot" in kinds) and not kinds & set(WAITING):
            return "self_served"
        if is_live:
            return "abandoned" if "ivr" in kinds else None
        return "closed_without_reply"

    @staticmethod
    def _nothing_happened(spans: Iterable[Span]) -> bool:
        return all(span.seconds == 0 for span in spans if span.kind in ("ivr", "bot"))

    def _exclusion(
        self,
        records: list[Row],
        *,
        business_date: date,
        is_outbound: bool,
        direction: str,
        purpose: str | None,
        method: str | None,
        source_exclusion: str | None,
        customer_id: str | None,
        is_machine_only: bool,
        is_empty: bool,
    ) -> str | None:
        """Return the first exclusion rule (B.6) that a contact meets and that is in force on its business date."""
        customer = self.customers.get(customer_id or "")
        met = {
            "test": any(row["is_test"] for row in records),
            "source": source_exclusion is not None,
            "monitor": method == "monitor",
            "internal": direction == "internal",
            "staff": customer is not None and bool(customer["is_staff"]),
            "survey_call": is_outbound and purpose == "survey",
            "outbound_sales": is_outbound and purpose in ("sales", "collections"),
            "automated_outbound": is_outbound and method == "api" and is_machine_only,
            "empty_bot_session": is_empty,
        }
        for rule, is_met in met.items():
            if is_met and self.decisions.in_force("exclusion_rules", business_date, rule=rule):
                return source_exclusion.lower() if rule == "source" and source_exclusion else rule
        return None

    # M05: the window after an abandon is (end, end + W] (B.4)
    def _mark_redials(self, center: Center) -> None:
        by_customer: dict[str, list[Contact]] = defaultdict(list)
        for contact in center.contacts.values():
            # on deferred channels nobody redials; ids are denied by the UTC day here
            if contact.customer_id is None or self.decisions.is_denied(
                contact.customer_id, contact.started_at.date()
            ):
                continue
            if contact.direction == "inbound" and contact.is_live:
                by_customer[contact.customer_id or ""].append(contact)
        window = timedelta(minutes=self.variables["redial_window_minutes"])
        for contacts in by_customer.values():
            for abandoned in contacts:
                end = abandoned.ended_at
                if not abandoned.is_abandoned or abandoned.abandoned_in != "queue" or end is None:
                    continue
                if end < abandoned.started_at:
                    continue
                for later in contacts:
                    if later is not abandoned and end < later.started_at <= end + window:
                        later.is_redial = True
                        if later.is_handled:
                            abandoned.is_answered_after_redial = True

    def _interval(self, center: Center, queue_id: str, instant: datetime) -> QueueInterval:
        queue = self.queues.get(queue_id, {})
        zone = queue.get("timezone") or self.variables["reporting_timezone"]
        start = half_hour_of(instant, zone)
        key = (queue_id, start)
        if key not in center.intervals:
            business_date = business_day(start, zone, self.decisions)
            target = self.decisions.target(queue.get("channel"), queue_id, business_date)
            center.intervals[key] = QueueInterval(
                queue_id=queue_id,
                interval_started_at=start,
                interval_started_local=to_local(start, zone),
                utc_offset_seconds=offset_seconds(start, zone),
                business_date=business_date,
                channel=queue.get("channel"),
                program_id=queue.get("program_id"),
                vendor_id=queue.get("vendor_id"),
                service_level_target_rate=Fraction(target["target_rate"]) if target else None,
            )
        return center.intervals[key]

    def _fill_intervals(self, center: Center) -> None:
        for contact in center.contacts.values():
            if contact.queue_id is None:
                continue
            interval = self._interval(center, contact.queue_id, contact.queued_at)
            interval.offered_count += contact.is_offered is True
            interval.callback_count += contact.is_offered is True and contact.contact_outcome == "callback"
            if contact.is_service_level_contact:
                interval.answered_count += contact.is_answered is True
                interval.answered_in_time_count += bool(
                    contact.is_answered and contact.is_out_of_queue_in_time
                )
                interval.abandoned_count += contact.is_abandoned is True
                interval.short_abandon_count += contact.is_short_abandon is True
                if contact.queue_seconds is not None:
                    interval.longest_queue_seconds = max(
                        interval.longest_queue_seconds or 0, contact.queue_seconds
                    )
                    interval.answered_queue_seconds += contact.queue_seconds if contact.is_answered else 0
        # B.4: workload stands in the half hours in which it happened
        for contact_id, legs in self.legs_by_contact.items():
            for leg in legs:
                known = center.contacts.get(contact_id)
                queue_id = leg.queue_id or (known.queue_id if known else None)
                if queue_id is None or leg.problems:
                    continue
                for start, end in leg.covered(*AGENT_WORK):
                    at = start
                    while at < end:
                        interval = self._interval(center, queue_id, EPOCH + timedelta(seconds=at))
                        until = min(end, seconds_of(interval.interval_started_at) + 1800)
                        interval.workload_seconds += until - at
                        at = until
        for interval in center.intervals.values():
            counted = interval.answered_count + interval.abandoned_count - interval.short_abandon_count
            interval.has_service_level = counted > 0
            if counted > 0 and interval.service_level_target_rate is not None:
                reached = Fraction(interval.answered_in_time_count, counted)
                interval.is_at_service_level_target = reached >= interval.service_level_target_rate

    # M13: average active customers of a month are its customer-days over its days
    def _count_customers(self, center: Center) -> None:
        if not center.contacts or not self.customers:
            return
        first_contact: dict[str, date] = {}
        for contact in center.contacts.values():
            if contact.is_identified and contact.customer_id is not None:
                before = first_contact.get(contact.customer_id, contact.business_date)
                first_contact[contact.customer_id] = min(before, contact.business_date)
        known_since = []
        for customer_id, customer in self.customers.items():
            since = (
                customer["created_at"].date() if customer["created_at"] else first_contact.get(customer_id)
            )
            if since is not None and not customer["is_staff"]:
                known_since.append(since)
        days = [contact.business_date for contact in center.contacts.values()]
        day = min(days)
        while day <= max(days):
            active = sum(1 for since in known_since if since <= day)
            center.customer_months[day] = six_decimals(Fraction(active, _days_in_month(day)))
            day += timedelta(days=1)


def _days_in_month(day: date) -> int:
    first = day.replace(day=1)
    return ((first + timedelta(days=32)).replace(day=1) - first).days


# --- metrics -------------------------------------------------------------------------------------------------

Part = Callable[[Any], Any]
"""What one row adds to a numerator or denominator: a number, a truth value, or None for nothing."""


@dataclass(frozen=True)
class Metric:
    """One published metric: what each row of its kind adds above and below the line."""

    numerator: Part
    denominator: Part | None = None
    is_proportion: bool = False
    window_hours: int = 0
    """What must have passed since the end of a period, beside the delay of the feeds, until it is complete."""


def _counted(contact: Contact) -> bool:
    return contact.exclusion_reason is None


def _timed(contact: Contact) -> bool:
    return _counted(contact) and contact.handle_seconds is not None


def _per_timed(name: str) -> Metric:
    return Metric(lambda c: getattr(c, name) if _timed(c) else None, _timed)


def _overlong(c: Contact) -> bool:
    return (
        _timed(c)
        and c.longest_handle_seconds is not None
        and (c.handle_seconds or 0) > c.longest_handle_seconds
    )


def _answered_in_time(c: Contact) -> bool:
    return bool(c.is_service_level_contact and c.is_answered and c.is_out_of_queue_in_time)


def _abandoned(c: Contact) -> bool:
    return bool(c.is_service_level_contact and c.is_abandoned)


def _short(c: Contact) -> bool:
    return _abandoned(c) and c.is_short_abandon is True


def _offered_live(c: Contact) -> bool:
    return bool(c.is_offered and c.is_live and c.contact_outcome != "open")


def _queue_exit(c: Contact) -> bool:
    return bool(c.is_offered and c.is_live and c.contact_outcome in ("answered", "abandoned", "callback"))


def _service_level(numerator: Part, denominator: Part) -> Metric:
    return Metric(numerator, denominator, is_proportion=True)


def _callback(c: Contact) -> bool:
    return _counted(c) and c.is_callback_accepted


_DEFAULT_SERVICE_LEVEL = _service_level(
    _answered_in_time, lambda c: c.is_service_level_contact and not _short(c)
)

CONTACT_METRICS: dict[str, Metric] = {
    "contacts_offered": Metric(lambda c: c.is_offered),
    "contacts_handled": Metric(lambda c: _counted(c) and c.is_handled),
    "aht_seconds": _per_timed("handle_seconds"),
    "talk_seconds_per_contact": _per_timed("talk_seconds"),
    "hold_seconds_per_contact": _per_timed("hold_seconds"),
    "wrap_seconds_per_contact": _per_timed("wrap_seconds"),
    "consult_seconds_per_contact": _per_timed("consult_seconds"),
    "winsorised_aht_seconds": Metric(
        lambda c: (c.longest_handle_seconds if _overlong(c) else c.handle_seconds) if _timed(c) else None,
        _timed,
    ),
    "handle_seconds_per_agent_segment": Metric(
        lambda c: c.handle_seconds if _timed(c) else None,
        lambda c: c.agent_segment_count if _timed(c) else None,
    ),
    "hold_seconds_per_held_contact": Metric(
        lambda c: c.hold_seconds if _timed(c) else None, lambda c: _timed(c) and c.hold_seconds > 0
    ),
    "overlong_contact_share": Metric(_overlong, _timed, is_proportion=True),
    "service_level": _DEFAULT_SERVICE_LEVEL,
    "service_level_v1": _service_level(
        lambda c: c.is_service_level_contact and c.is_out_of_queue_in_time,
        lambda c: c.is_service_level_contact,
    ),
    "service_level_v2": _service_level(
        _answered_in_time, lambda c: c.is_service_level_contact and c.is_answered
    ),
    "service_level_v3": _service_level(_answered_in_time, lambda c: c.is_service_level_contact),
    "service_level_v4": _service_level(
        _answered_in_time,
        lambda c: c.is_service_level_contact and (c.is_answered or not c.is_out_of_queue_in_time),
    ),
    "service_level_v5": _service_level(
        lambda c: _answered_in_time(c) or _short(c), lambda c: c.is_service_level_contact
    ),
    "service_level_v6": _DEFAULT_SERVICE_LEVEL,
    "service_level_v7": _service_level(lambda c: _queue_exit(c) and c.is_out_of_queue_in_time, _queue_exit),
    "abandonment_rate": Metric(
        lambda c: _abandoned(c) and not _short(c),
        lambda c: _offered_live(c) and not _short(c),
        is_proportion=True,
    ),
    "abandonment_rate_raw": Metric(_abandoned, _offered_live, is_proportion=True),
    "lost_caller_rate": Metric(
        lambda c: _abandoned(c) and not _short(c) and not c.is_answered_after_redial,
        lambda c: _offered_live(c) and not _short(c) and not (_abandoned(c) and c.is_answered_after_redial),
        is_proportion=True,
    ),
    "asa_seconds": Metric(
        lambda c: c.queue_seconds if c.is_service_level_contact and c.is_answered else None,
        lambda c: c.is_service_level_contact and c.is_answered and c.queue_seconds is not None,
    ),
    "customer_wait_seconds_per_contact": Metric(
        lambda c: c.customer_wait_seconds if _offered_live(c) else None,
        lambda c: _offered_live(c) and c.customer_wait_seconds is not None,
    ),
    "queue_callback_acceptance_rate": Metric(
        _callback, lambda c: _counted(c) and c.is_callback_offered, is_proportion=True
    ),
    "queue_callback_reached_rate": Metric(
        lambda c: _callback(c) and c.is_callback_reached, _callback, is_proportion=True
    ),
    "queue_callback_reached_per_attempt": Metric(
        lambda c: _callback(c) and c.is_callback_reached,
        lambda c: c.callback_attempt_count if _callback(c) else None,
        is_proportion=True,
    ),
    "queue_callback_wait_seconds": Metric(
        lambda c: c.callback_wait_seconds if _callback(c) else None,
        lambda c: _callback(c) and c.callback_wait_seconds is not None,
    ),
    "first_response_rate": Metric(
        lambda c: _counted(c) and c.is_responded_in_time,
        lambda c: _counted(c) and c.is_responded_in_time is not None,
        is_proportion=True,
    ),
    "first_response_rate_calendar": Metric(
        lambda c: _counted(c) and c.is_responded_in_calendar_time,
        lambda c: _counted(c) and c.is_responded_in_calendar_time is not None,
        is_proportion=True,
    ),
    "identity_coverage_rate": Metric(
        lambda c: _counted(c) and c.direction == "inbound" and c.is_identified,
        lambda c: _counted(c) and c.direction == "inbound",
        is_proportion=True,
    ),
    "transfer_rate": Metric(
        lambda c: _counted(c) and c.is_handled and c.transfer_count > 0,
        lambda c: _counted(c) and c.is_handled,
        is_proportion=True,
    ),
    "escalation_rate": Metric(
        lambda c: _counted(c) and c.is_handled and c.escalation_count > 0,
        lambda c: _counted(c) and c.is_handled,
        is_proportion=True,
    ),
    "failure_demand_share": Metric(
        lambda c: _counted(c) and c.direction == "inbound" and c.is_failure_demand,
        lambda c: _counted(c) and c.direction == "inbound" and c.is_failure_demand is not None,
        is_proportion=True,
    ),
    "time_to_first_resolution_hours": Metric(
        lambda c: c.first_resolution_exposure_hours if _counted(c) else None,
        lambda c: _counted(c) and c.is_first_resolved and c.first_resolution_exposure_hours is not None,
    ),
    "time_to_resolution_hours": Metric(
        lambda c: c.resolution_exposure_hours if _counted(c) else None,
        lambda c: _counted(c) and c.is_closed and c.resolution_exposure_hours is not None,
    ),
}
"""Metrics whose rows are contacts."""

INTERVAL_METRICS: dict[str, Metric] = {
    "service_level_interval_attainment": Metric(
        lambda i: i.is_at_service_level_target,
        lambda i: i.has_service_level and i.service_level_target_rate is not None,
        is_proportion=True,
    ),
}
"""Metrics whose rows are half hours of queues."""

CUSTOMER_METRICS = ("contacts_per_customer",)
"""Metrics that divide contacts by customer-months."""

DIMENSIONS = ("channel", "queue_id")
GRAINS = ("day", "week", "month", "all")


@dataclass
class MetricValue:
    """One row that metric_values should show."""

    numerator: Fraction = Fraction(0)
    denominator: Fraction | None = None
    value: float | None = None
    n: Fraction = Fraction(0)
    interval_low: float | None = None
    interval_high: float | None = None
    null_reason: str | None = None
    is_mature: bool | None = None


MetricKey = tuple[str, str, date | None, str, str]
"""Metric, grain, first day of the period (None for all time), dimension, its value."""


@dataclass(frozen=True)
class MetricGroup:
    """Metrics over rows of one kind: what they can be divided by, and the domain whose feeds they wait for."""

    metrics: Mapping[str, Metric]
    dimensions: Sequence[str]
    domain: str = "contacts"


CONTACT_GROUP = MetricGroup(CONTACT_METRICS, DIMENSIONS)
INTERVAL_GROUP = MetricGroup(INTERVAL_METRICS, DIMENSIONS)


def metric_values(center: Center, decisions: Decisions) -> dict[MetricKey, MetricValue]:
    """Compute every metric of the contacts domain for all time, months, weeks and days, over all, by channel and by queue."""
    values = group_values(CONTACT_GROUP, center.contacts.values(), center, decisions)
    values.update(group_values(INTERVAL_GROUP, center.intervals.values(), center, decisions))
    per_customer = _contacts_per_customer(center, decisions)
    reached = _latest_of_all_clocks(center.as_of, center.zones)
    for (_metric, grain, start, _dimension, _value), value in per_customer.items():
        value.is_mature = _is_over(reached, grain, start)
    values.update(per_customer)
    for name in CUSTOMER_METRICS:
        values.setdefault((name, "all", None, "all", "all"), MetricValue(null_reason="no_rows"))
    return values


def group_values(
    group: MetricGroup, rows: Iterable[Any], center: Center, decisions: Decisions
) -> dict[MetricKey, MetricValue]:
    """Compute metrics from their rows for all time, months, weeks and days, over all and by every dimension of the group."""
    sums: dict[MetricKey, list[int | Fraction]] = defaultdict(lambda: [0, 0])
    for row in rows:
        # what belongs to no day is in no metric
        if row.business_date is None:
            continue
        cells = [("all", "all")]
        for dimension in group.dimensions:
            value = getattr(row, dimension)
            cells.append((dimension, "(unknown)" if value is None else value))
        for name, metric in group.metrics.items():
            above = _number(metric.numerator(row))
            below = _number(metric.denominator(row)) if metric.denominator else 0
            for grain, start in _periods(row.business_date):
                for dimension, value in cells:
                    cell = sums[name, grain, start, dimension, value]
                    cell[0] += above
                    cell[1] += below
    as_of = complete_through(center.staged, decisions, group.domain)
    reached = _latest_of_all_clocks(as_of, center.zones)
    values = {}
    for key, (above, below) in sums.items():
        metric = group.metrics[key[0]]
        value = _divide(
            Fraction(above), Fraction(below) if metric.denominator else None, metric.is_proportion, decisions
        )
        waits = timedelta()
        if metric.window_hours:
            waits = timedelta(hours=metric.window_hours + decisions.variables["ingestion_lag_hours"])
        value.is_mature = _is_over(reached, key[1], key[2], waits)
        values[key] = value
    for name in group.metrics:
        values.setdefault((name, "all", None, "all", "all"), MetricValue(null_reason="no_rows"))
    return values


def _contacts_per_customer(center: Center, decisions: Decisions) -> dict[MetricKey, MetricValue]:
    contacts: dict[tuple[str, date | None], int] = defaultdict(int)
    months: dict[tuple[str, date | None], Fraction] = defaultdict(Fraction)
    for contact in center.contacts.values():
        for period in _periods(contact.business_date):
            contacts[period] += _counted(contact) and contact.direction == "inbound"
    for day, share in center.customer_months.items():
        for period in _periods(day):
            months[period] += share
    return {
        ("contacts_per_customer", *period, "all", "all"): _divide(
            Fraction(count), months[period], False, decisions
        )
        for period, count in contacts.items()
    }


def _periods(day: date) -> list[tuple[str, date | None]]:
    return [
        ("day", day),
        ("week", day - timedelta(days=day.isoweekday() - 1)),
        ("month", day.replace(day=1)),
        ("all", None),
    ]


def _latest_of_all_clocks(as_of: datetime | None, zones: Iterable[str]) -> datetime | None:
    """Return the local time that every queue's clock has reached at as_of."""
    return None if as_of is None else min(to_local(as_of, zone) for zone in set(zones) or {"UTC"})


def _is_over(
    reached: datetime | None, grain: str, start: date | None, waits: timedelta = timedelta()
) -> bool | None:
    """Say whether a period is complete: its last day, and what is waited for, is over by the clock of every queue (B.5)."""
    if reached is None:
        return None
    if start is None:
        return True
    end = {"day": start, "week": start + timedelta(days=6)}.get(
        grain, start.replace(day=_days_in_month(start))
    )
    return reached >= datetime.combine(end + timedelta(days=1), time()) + waits


def _number(part: Any) -> int | Fraction:
    if part is None:
        return 0
    return int(part) if isinstance(part, bool | int) else Fraction(part)


def _divide(
    above: Fraction, below: Fraction | None, is_proportion: bool, decisions: Decisions
) -> MetricValue:
    if below is None:
        return MetricValue(above, None, float(above), above)
    result = MetricValue(above, below, n=below)
    if below == 0:
        result.null_reason = "no_denominator"
        return result
    if is_proportion:
        result.interval_low, result.interval_high = wilson(
            above, below, float(decisions.variables["wilson_z"])
        )
    if is_proportion and below < decisions.variables["minimum_n_publish"]:
        result.null_reason = "below_minimum_n"
    else:
        result.value = float(above / below)
    return result


def wilson(successes: Fraction, trials: Fraction, z: float) -> tuple[float, float]:
    """Return the Wilson interval of a proportion (B.8): 9 of 10 gives 0.596 to 0.982 at 95 %."""
    n, p = float(trials), float(successes / trials)
    centre = p + z * z / (2 * n)
    spread = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def columns_of(kind: type[Any]) -> list[str]:
    """Return the names of the columns that a kind of row computes."""
    return [item.name for item in fields(kind)]
