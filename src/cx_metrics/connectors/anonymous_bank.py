"""Connector `anonymous_bank`: the call log of an Israeli bank, 1999, as the Technion published it.

One file per month, tab-separated, one line per call: `vru+line, call_id, customer_id, priority, type, date,
vru_entry, vru_exit, vru_time, q_start, q_exit, q_time, outcome, ser_start, ser_exit, ser_time, server`. Times
are local (Asia/Jerusalem) and have no date of their own. What the log leaves open is read as follows.

- The key is (`vru+line`, `call_id`); `0:00:00` to `0:00:00` with 0 seconds is a phase that did not happen.
- `date` is the day of vru_entry. An exit that is more than 12 hours earlier than its entry is on the next
  day; a phase begins on the day that is nearest to the end of the phase before. Anything else that runs
  backwards is a clock error and is delivered as it stands.
- `outcome` decides what became of the call; a service time that contradicts it is delivered as a talk
  segment.
- An hour that occurred twice is the first one, unless the call's own times say otherwise. An hour that was
  skipped is read with the offset in force before.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, cast
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from cx_metrics.connectors import ConnectorResult, ConvertedFile, LineNote
from cx_metrics.console import Advance
from cx_metrics.errors import CxMetricsError

NAME = "anonymous_bank"
DESCRIPTION = "Call log of an Israeli bank, 1999 (Technion): tab-separated months, .txt or .txt.gz"

ZONE = ZoneInfo("Asia/Jerusalem")
FIELDS = (
    "vru+line", "call_id", "customer_id", "priority", "type", "date", "vru_entry", "vru_exit", "vru_time",
    "q_start", "q_exit", "q_time", "outcome", "ser_start", "ser_exit", "ser_time", "server",
)  # fmt: skip

TYPES = {
    "PS": "regular service",
    "PE": "regular service in English",
    "IN": "internet support",
    "NE": "stock exchange",
    "NW": "prospective customer",
    "TT": "callback",
}
"""Meaning of each documented call type."""

OUTCOMES = {"AGENT": "answered", "HANG": "abandoned", "PHANTOM": None}
"""What the contract calls each outcome; a phantom call is excluded with that reason and has none."""

_DAY = 86_400
_HALF_DAY = 43_200
_CLOCK_ERROR = 300
_TIME = re.compile(r"(\d{1,2}):([0-5]\d):([0-5]\d)")
_DAMAGED_ID = re.compile(r"\d(\.\d+)?E\+\d+")
_JOINED = re.compile(r"(\d+) +([A-Z]{2})")


class _RejectError(Exception):
    """A line that cannot be mapped; the message is the rule that it broke."""


def convert(files: Sequence[Path], out: Path, progress: Advance) -> ConnectorResult:
    """Convert the months, each on its own; raise CxMetricsError for files that are no such log."""
    converted: list[ConvertedFile] = []
    problems: list[str] = []
    for number, path in enumerate(files):
        try:
            converted.append(_convert_file(path, out / f"{number:04d}"))
        except CxMetricsError as problem:
            problems.extend(problem.problems)
        progress(path.stat().st_size)
    if problems:
        raise CxMetricsError(*problems)
    return ConnectorResult(tuple(converted))


def _convert_file(path: Path, out: Path) -> ConvertedFile:
    month = _Month()
    try:
        with _open(path) as stream:
            _check_header(path, stream.readline(4096))
            for number, raw in enumerate(stream, start=2):
                if raw.strip():
                    month.read(number, raw)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise CxMetricsError(
            f"{path.name}: its gzip is cut off or damaged ({error}): copy it again"
        ) from error
    except OSError as error:
        raise CxMetricsError(
            f"{path.name}: cannot be read ({error.strerror}): mend its permissions"
        ) from error
    out.mkdir()
    return ConvertedFile(path, month.write(out), tuple(month.rejects), tuple(month.repairs))


def _open(path: Path) -> BinaryIO:
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
    return cast(BinaryIO, gzip.open(path, "rb")) if packed else path.open("rb")


def _check_header(path: Path, line: bytes) -> None:
    names = tuple(
        name.strip() for name in line.decode("utf-8", errors="replace").removeprefix("\ufeff").split("\t")
    )
    if names == FIELDS:
        return
    missing = [name for name in FIELDS if name not in names]
    if len(missing) < len(FIELDS) // 2:
        wrong = f"column {missing[0]} is missing" if missing else "its columns are in another order"
        raise CxMetricsError(
            f"{path.name}: {wrong}: the first line has to be {', '.join(FIELDS)}, separated by tabs"
        )
    raise CxMetricsError(
        f"{path.name}: wrong kind of file, no call log of the anonymous bank: its first line has to be "
        f"{', '.join(FIELDS)}, separated by tabs"
    )


@dataclass(slots=True)
class _Call:
    """One line, parsed: seconds are since midnight of `day`, 0 to 86,399, as written."""

    contact_id: str
    customer_id: str | None
    kind: str
    day: date
    vru: tuple[int, int, int]
    queue: tuple[int, int, int]
    service: tuple[int, int, int]
    outcome: str
    server: str | None


@dataclass(slots=True)
class _Month:
    """Everything that one file gives."""

    contacts: list[tuple[object, ...]] = field(default_factory=list)
    segments: list[tuple[object, ...]] = field(default_factory=list)
    rejects: list[LineNote] = field(default_factory=list)
    repairs: list[LineNote] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)
    customers: dict[str, int] = field(default_factory=dict)
    agents: dict[str, date] = field(default_factory=dict)
    last_day: date | None = None

    def read(self, number: int, raw: bytes) -> None:
        """Map one line, or reject it."""
        repairs: list[str] = []
        try:
            call = _parse(raw, repairs)
            self._add(call, repairs)
        except _RejectError as rule:
            self.rejects.append(LineNote("contacts", number, str(rule), _text(raw)))
            return
        self.repairs.extend(LineNote("contacts", number, rule, _text(raw)) for rule in repairs)

    def _add(self, call: _Call, repairs: list[str]) -> None:
        queued, served = any(call.queue), any(call.service)
        instants = _instants(call, queued, served, repairs)
        started, vru_exit = instants[0], instants[1]
        queue = instants[2:4] if queued else []
        service = instants[-2:] if served else []
        ended = instants[-1]
        updated = max(started, ended)
        queue_id = call.kind.lower()
        self.contacts.append(
            (
                call.contact_id,
                call.customer_id,
                "authenticated" if call.customer_id else "none",
                "voice",
                "inbound",
                "callback" if call.kind == "TT" else "inbound",
                queue_id,
                call.kind,
                started,
                ended,
                "customer" if call.outcome == "HANG" else None,
                False,
                OUTCOMES[call.outcome],
                "phantom" if call.outcome == "PHANTOM" else None,
                updated,
            )
        )
        spans: list[tuple[str, str | None, str | None, int, int | None]] = [
            ("ivr", None, None, started, vru_exit)
        ]
        if queue:
            spans.append(("queue", None, queue_id, queue[0], queue[1]))
        if service and (call.outcome == "AGENT" or call.service[2] > 0):
            spans.append(("talk", call.server, queue_id, service[0], service[1]))
        elif call.outcome == "AGENT" and not service:
            spans.append(("talk", call.server, queue_id, queue[1] if queue else vru_exit, None))
        for ordinal, (kind, agent_id, segment_queue, begin, end) in enumerate(spans, start=1):
            self.segments.append(
                (call.contact_id, ordinal, kind, agent_id, segment_queue, begin, end, updated)
            )
            if agent_id:
                self.agents[agent_id] = min(call.day, self.agents.get(agent_id, call.day))
        self.kinds.add(call.kind)
        if call.customer_id:
            self.customers[call.customer_id] = max(updated, self.customers.get(call.customer_id, updated))
        self.last_day = max(call.day, self.last_day or call.day)

    def write(self, out: Path) -> dict[str, Path]:
        """Write the Parquet files of the month and return them by table."""
        kinds = sorted(self.kinds)
        complete = [] if self.last_day is None else [("contacts", _midnight_after(self.last_day))]
        queues = [(k.lower(), _meaning(k), NAME, "in_house", "voice", ZONE.key, 1) for k in kinds]
        rows: dict[str, list[tuple[object, ...]]] = {
            "contacts": self.contacts,
            "contact_segments": self.segments,
            "queues": [*queues],
            "programs": [(NAME, "Anonymous bank call centre", "retail banking")],
            "vendors": [("in_house", "In house", "in_house")],
            "reasons": [(kind, "bank service", _meaning(kind), None) for kind in kinds],
            "agents": [
                (agent, _first_of_year(day), "in_house", "agent")
                for agent, day in sorted(self.agents.items())
            ],
            "customers": [*sorted(self.customers.items())],
            "feed_watermarks": [*complete],
        }
        written = {}
        for table, schema in _SCHEMAS.items():
            written[table] = out / f"{table}.parquet"
            values = zip(*rows[table], strict=True) if rows[table] else ([] for _ in schema)
            arrays = [
                pa.array(list(column), type=each.type) for column, each in zip(values, schema, strict=True)
            ]
            pq.write_table(pa.table(arrays, schema=schema), written[table])
        return written


_INSTANT, _WORD = pa.timestamp("us"), pa.string()
_SCHEMAS = {
    "contacts": pa.schema(
        [
            ("contact_id", _WORD),
            ("customer_id", _WORD),
            ("identity_confidence", _WORD),
            ("channel", _WORD),
            ("direction", _WORD),
            ("initiation_method", _WORD),
            ("queue_id", _WORD),
            ("reason_code", _WORD),
            ("started_at", _INSTANT),
            ("ended_at", _INSTANT),
            ("disconnect_reason", _WORD),
            ("is_test", pa.bool_()),
            ("source_outcome", _WORD),
            ("source_exclusion", _WORD),
            ("updated_at", _INSTANT),
        ]
    ),
    "contact_segments": pa.schema(
        [
            ("contact_id", _WORD),
            ("segment_number", pa.int32()),
            ("kind", _WORD),
            ("agent_id", _WORD),
            ("queue_id", _WORD),
            ("started_at", _INSTANT),
            ("ended_at", _INSTANT),
            ("updated_at", _INSTANT),
        ]
    ),
    "queues": pa.schema(
        [
            ("queue_id", _WORD),
            ("name", _WORD),
            ("program_id", _WORD),
            ("vendor_id", _WORD),
            ("channel", _WORD),
            ("timezone", _WORD),
            ("concurrency_capacity", pa.int32()),
        ]
    ),
    "programs": pa.schema([("program_id", _WORD), ("name", _WORD), ("line_of_business", _WORD)]),
    "vendors": pa.schema([("vendor_id", _WORD), ("name", _WORD), ("kind", _WORD)]),
    "reasons": pa.schema(
        [
            ("reason_code", _WORD),
            ("reason_l1", _WORD),
            ("reason_l2", _WORD),
            ("is_failure_demand", pa.bool_()),
        ]
    ),
    "agents": pa.schema(
        [("agent_id", _WORD), ("effective_from", pa.date32()), ("vendor_id", _WORD), ("role", _WORD)]
    ),
    "customers": pa.schema([("customer_id", _WORD), ("updated_at", _INSTANT)]),
    "feed_watermarks": pa.schema([("feed", _WORD), ("complete_through", _INSTANT)]),
}


def _meaning(kind: str) -> str:
    return TYPES.get(kind, f"undocumented type {kind}")


def _first_of_year(day: date) -> date:
    """Return the day from which an agent counts: the log knows no hiring, and months may be loaded in any
    order."""
    return day.replace(month=1, day=1)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", errors="backslashreplace").rstrip("\r\n")


def _parse(raw: bytes, repairs: list[str]) -> _Call:
    """Read the fields of a line; raise `_RejectError` with the rule where one cannot be read."""
    try:
        line = raw.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise _RejectError("invalid_encoding") from None
    written = line.split("\t")
    fields = [value.strip() for value in written]
    if len(fields) == len(FIELDS) - 1 and (joined := _JOINED.fullmatch(fields[3])):
        fields[3:4] = joined.groups()
        repairs.append("priority_and_type_split")
    elif len(fields) != len(FIELDS):
        raise _RejectError("wrong_number_of_fields")
    elif fields != written:
        trimmed = [name for name, text, value in zip(FIELDS, written, fields, strict=True) if text != value]
        repairs.extend(
            dict.fromkeys("type_trimmed" if name == "type" else "field_trimmed" for name in trimmed)
        )
    line_id, call_id, customer, priority, kind, day, *times, server = fields
    if not line_id or not call_id.isdecimal():
        raise _RejectError("bad_call_key")
    if _DAMAGED_ID.fullmatch(customer):
        repairs.append("customer_id_damaged_set_unknown")
        customer = "0"
    elif not customer.isdecimal():
        raise _RejectError("bad_customer_id")
    if not priority.isdecimal():
        raise _RejectError("bad_priority")
    if not re.fullmatch("[A-Z]{2}", kind):
        raise _RejectError("bad_type")
    outcome = times[6]
    if outcome not in OUTCOMES:
        raise _RejectError("unknown_outcome")
    return _Call(
        contact_id=f"{line_id}-{call_id}",
        customer_id=customer if int(customer) else None,
        kind=kind,
        day=_day(day),
        vru=_phase(times[0:3]),
        queue=_phase(times[3:6]),
        service=_phase(times[7:10]),
        outcome=outcome,
        server=None if server in ("", "NO_SERVER") else server,
    )


def _day(text: str) -> date:
    if not re.fullmatch(r"\d{6}", text):
        raise _RejectError("bad_date")
    try:
        return date(1900 + int(text[:2]), int(text[2:4]), int(text[4:]))
    except ValueError:
        raise _RejectError("bad_date") from None


_SECONDS: dict[str, int] = {}


def _phase(texts: list[str]) -> tuple[int, int, int]:
    """Return begin and end in seconds of the day, and the duration as the log gives it (it may be
    negative)."""
    begin, end, duration = texts
    try:
        return _seconds(begin), _seconds(end), int(duration)
    except ValueError:
        raise _RejectError("bad_duration") from None


def _seconds(text: str) -> int:
    known = _SECONDS.get(text)
    if known is not None:
        return known
    found = _TIME.fullmatch(text)
    if not found or int(found[1]) > 23:
        raise _RejectError("bad_time")
    _SECONDS[text] = seconds = int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3])
    return seconds


def _instants(call: _Call, queued: bool, served: bool, repairs: list[str]) -> list[int]:
    """Return the call's times in order as microseconds UTC: begin and end of the phases that happened."""
    phases = [call.vru, *([call.queue] if queued else []), *([call.service] if served else [])]
    walls: list[int] = []
    durations: list[int] = []
    for begin, end, duration in phases:
        if walls:
            begin += round((walls[-1] - begin) / _DAY) * _DAY
        days = (begin // _DAY) * _DAY
        end += days
        if begin - end > _HALF_DAY:
            end += _DAY
        elif end - begin > _HALF_DAY and duration == end - begin - _DAY:
            end -= _DAY
        walls += [begin, end]
        durations.append(duration)
    midnight = _Midnight.of(call.day)
    if midnight.offset is not None and min(walls) >= -_DAY and max(walls) < 2 * _DAY:
        return [(midnight.epoch + wall - midnight.offset) * 1_000_000 for wall in walls]
    return [instant * 1_000_000 for instant in _around_a_clock_change(call.day, walls, durations, repairs)]


@dataclass(frozen=True, slots=True)
class _Midnight:
    """A local day: its midnight as if it were UTC, and the offset of that day and the next if it is one
    only."""

    epoch: int
    offset: int | None

    @staticmethod
    def of(day: date) -> _Midnight:
        known = _MIDNIGHTS.get(day)
        if known is None:
            midnight = datetime(day.year, day.month, day.day)
            hours = [(midnight + timedelta(hours=h)).replace(tzinfo=ZONE).utcoffset() for h in range(-24, 49)]
            offset = hours[0] if len(set(hours)) == 1 else None
            epoch = int(midnight.replace(tzinfo=UTC).timestamp())
            known = _Midnight(epoch, None if offset is None else int(offset.total_seconds()))
            _MIDNIGHTS[day] = known
        return known


_MIDNIGHTS: dict[date, _Midnight] = {}


def _around_a_clock_change(
    day: date, walls: list[int], durations: list[int], repairs: list[str]
) -> list[int]:
    """Turn wall times into seconds UTC where the offset changes nearby.

    Of the readings in which the clock is set back at one point of the call or at none, the one is taken that
    fits most of the durations which the log gives, then the one with fewest steps back in time, then with the
    least time between its phases, then the one that stays longest in the first of the two hours.
    """
    midnight = datetime(day.year, day.month, day.day)
    locals_ = [midnight + timedelta(seconds=wall) for wall in walls]
    first = [_utc(local, fold=0) for local in locals_]
    second = [_utc(local, fold=1) for local in locals_]
    skipped = [a > b for a, b in zip(first, second, strict=True)]
    if any(skipped):
        repairs.append("nonexistent_local_time")
    readings = [
        [
            *first[:change],
            *(
                a if gap else b
                for a, b, gap in zip(first[change:], second[change:], skipped[change:], strict=True)
            ),
        ]
        for change in range(len(walls), -1, -1)
    ]

    def badness(reading: list[int]) -> tuple[int, int, int]:
        lengths = [end - begin for begin, end in zip(reading[::2], reading[1::2], strict=True)]
        unlike = sum(
            length != wanted for length, wanted in zip(lengths, durations, strict=True) if wanted >= 0
        )
        back = sum(later < earlier - _CLOCK_ERROR for earlier, later in pairwise(reading))
        between = sum(abs(begin - end) for end, begin in zip(reading[1::2], reading[2::2], strict=False))
        return unlike, back, between

    return min(readings, key=badness)


def _utc(local: datetime, fold: int) -> int:
    return int(local.replace(tzinfo=ZONE, fold=fold).timestamp())


def _midnight_after(day: date) -> int:
    midnight = datetime(day.year, day.month, day.day) + timedelta(days=1)
    return _utc(midnight, fold=0) * 1_000_000
