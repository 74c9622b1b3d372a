"""Random raw data that tries the edges: whole small contact centers, drawn by hypothesis.

A center is a set of raw rows as landing writes them from CSV (text, or None). Its clock times cluster around instants
where something happens: clocks that change, midnights, half hours, the leap day, thresholds. `merged` puts many
centers into one set of raw tables, each with a prefix before its ids, so that one build tries all of them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis.errors import HypothesisWarning
from oracle import RawRow, RawTables, Row, contract, to_local

Draw = Callable[[st.SearchStrategy[Any]], Any]
T = TypeVar("T")

TABLES = (
    "contacts",
    "contact_segments",
    "queues",
    "queue_hours",
    "queue_holidays",
    "customers",
    "feed_watermarks",
)
"""The raw tables that the contacts domain computes with."""

Center = dict[str, list[Row]]
"""Rows of one center by raw table."""

_IDS = (
    "contact_id",
    "initial_contact_id",
    "customer_id",
    "queue_id",
    "agent_id",
    "program_id",
    "vendor_id",
    "reason_code",
    "product_line_id",
    "session_id",
    "technology_id",
    "handed_off_contact_id",
    "subscription_id",
    "event_id",
    "question_id",
    "response_id",
    "invitation_id",
    "overtime_queue_id",
    "usage_id",
    "evaluation_id",
    "entry_id",
    "account_id",
)
_SHARED_IDS = ("0", "anonymous", "unknown", "+266696687")

# what happens at an instant (UTC) of a zone: its clocks change, or a local day, half hour, month or opening begins
MOMENTS: dict[str, tuple[datetime, ...]] = {
    "Europe/London": (
        datetime(2024, 3, 31, 1),
        datetime(2024, 10, 27, 1),
        datetime(2024, 10, 27, 0),
        datetime(2024, 2, 29),
        datetime(2024, 4, 30, 23),
    ),
    "America/New_York": (
        datetime(2024, 3, 10, 7),
        datetime(2024, 11, 3, 6),
        datetime(2024, 11, 3, 5),
        datetime(2024, 2, 29, 5),
        datetime(2024, 1, 1, 5),
    ),
    "Australia/Lord_Howe": (
        datetime(2024, 4, 6, 15),
        datetime(2024, 10, 5, 15, 30),
        datetime(2024, 4, 6, 13),
    ),
    "Asia/Kathmandu": (datetime(2024, 2, 28, 18, 15), datetime(2024, 6, 3, 3, 15)),
    # the hour that occurs twice begins at midnight
    "Atlantic/Azores": (datetime(2024, 3, 31, 1), datetime(2024, 10, 27, 1), datetime(2024, 10, 27, 0)),
    "America/Havana": (datetime(2024, 11, 3, 5), datetime(2024, 3, 10, 5)),
    # midnight never comes
    "Asia/Beirut": (datetime(2024, 3, 30, 22),),
    "UTC": (datetime(2024, 2, 29), datetime(2024, 1, 1), datetime(2024, 6, 3, 9)),
}
_NEAR = (
    0,
    0,
    0,
    0,
    -1,
    1,
    -1800,
    1800,
    -1799,
    -60,
    30,
    -3600,
    3600,
    -7200,
    7200,
    -32400,
    28800,
    -86400,
    86400,
)

# seconds around the thresholds of the seeds
_WAITS = (0, 1, 4, 5, 6, 19, 20, 21, 44, 45, 46, 59, 60, 61, 300, 301)
_LENGTHS = (0, 1, 5, 20, 45, 60, 61, 120, 121, 122, 600, 899, 900, 1800, 3600, 3601)
_GAPS = (0, 0, 0, 0, 0, 1, 5, -1, -5, -20, 600, 1800)
_REPLIES = {
    "email": (0, 3599, 3600, 3601, 86399, 86400, 86401, 259200),
    "other": (0, 60, 14399, 14400, 14401, 14400, 72000),
}
WRITTEN = ("email", "messaging", "social", "sms")
_REDIALS = (0, 0, 1, -60, 300, 899, 900, 900, 900, 901, 1799, 1800, 1800, 1800, 1801)

# what a contact record goes through; an agent's piece carries its number
Flows = Sequence[Sequence[str]]

FLOWS: Flows = (
    ("queue", "talk1", "wrap1"),
    ("queue", "ring1", "talk1", "hold1", "talk1", "wrap1"),
    ("ivr", "queue"),
    ("queue",),
    ("queue", "ring1"),
    ("ivr", "bot", "queue", "talk1", "wrap1", "queue", "ring2", "talk2", "wrap2"),
    ("queue", "talk1", "consult2", "talk1", "wrap1"),
    ("queue", "talk1", "talk2", "talk1", "wrap1", "wrap2"),
    ("talk1", "hold1", "wrap1"),
    ("talk1",),
    ("ring1", "talk1", "wrap1"),
    ("ring1",),
    ("ivr",),
    ("bot",),
    ("bot", "queue"),
    (),
    ("wrap1",),
    ("hold1",),
)
WRITTEN_FLOWS: Flows = (
    ("message1",),
    ("queue", "message1"),
    ("message1", "wrap1", "message2"),
    ("queue", "message1", "message1"),
    (),
    ("queue",),
    ("bot",),
    ("message1", "hold1"),
)

_REDIAL_FLOWS: Flows = (
    *([("queue",)] * 4),
    ("ivr", "queue"),
    ("ring1",),
    ("queue", "talk1", "wrap1"),
    ("queue", "talk1"),
    ("talk1",),
    ("ivr",),
)

_EVERY_DAY = tuple(range(1, 8))
_OPENINGS: tuple[tuple[tuple[int, str, str | None], ...], ...] = (
    tuple((day, "09:00", "17:00") for day in range(1, 6)),
    tuple((day, "00:00", "24:00") for day in _EVERY_DAY),
    tuple((day, "00:00", None) for day in _EVERY_DAY),
    tuple(opening for day in _EVERY_DAY for opening in ((day, "22:00", "24:00"), (day, "00:00", "06:00"))),
    tuple(opening for day in _EVERY_DAY for opening in ((day, "08:00", "12:00"), (day, "12:30", None))),
    tuple(opening for day in _EVERY_DAY for opening in ((day, "08:00", "12:00"), (day, "11:00", "18:30"))),
    tuple((day, "01:30", "05:00") for day in _EVERY_DAY),
    tuple((day, "00:30", "01:30") for day in _EVERY_DAY),
    ((2, "09:00", "17:00"),),
)


def often(usual: T, *rare: T, weight: int = 8) -> st.SearchStrategy[T]:
    """Draw the usual value most of the time."""
    return st.sampled_from([usual] * weight + list(rare))


@st.composite
def centers(draw: Draw) -> Center:
    """Draw one small contact center: a few queues, customers and contacts around one moment of one zone."""
    zone = draw(st.sampled_from(sorted(MOMENTS)))
    moment = draw(st.sampled_from(MOMENTS[zone]))
    center: Center = {table: [] for table in TABLES}
    draw_queues(draw, center, zone, moment)
    draw_customers(draw, center, moment)
    previous_end = None
    # one caller who gives up and calls again, or anything
    is_redial = draw(often(False, True, weight=3))
    for number in range(draw(st.integers(3, 6) if is_redial else st.integers(1, 6))):
        previous_end = _draw_contact(draw, center, f"k{number}", moment, previous_end, is_redial)
    if draw(often(False, True)):
        _draw_broken_rows(draw, center, moment)
    return center


def draw_queues(draw: Draw, center: Center, zone: str, moment: datetime) -> None:
    for number in range(1, draw(st.integers(1, 3)) + 1):
        queue_id = f"q{number}"
        center["queues"].append(
            {
                "queue_id": queue_id,
                "name": queue_id,
                "program_id": draw(st.sampled_from(["p1", "p2", None])),
                "vendor_id": draw(st.sampled_from(["in_house", "bpo1", None])),
                "channel": draw(often("voice", "chat", "email", None, weight=3)),
                "timezone": draw(often(zone, "UTC", weight=4)),
            }
        )
        if draw(st.booleans()):
            edges = _openings_at(moment, center["queues"][-1]["timezone"])
            openings = edges if draw(st.booleans()) else list(_OPENINGS)
            for weekday, opens_at, closes_at in draw(st.sampled_from(openings)):
                center["queue_hours"].append(
                    {
                        "queue_id": queue_id,
                        "weekday": str(weekday),
                        "opens_at": opens_at,
                        "closes_at": closes_at,
                    }
                )
            if draw(often(False, True, weight=3)):
                day = moment.date() + timedelta(days=draw(st.integers(-1, 1)))
                center["queue_holidays"].append({"queue_id": queue_id, "holiday_on": day.isoformat()})


def _openings_at(moment: datetime, zone: str) -> list[tuple[tuple[int, str, str | None], ...]]:
    """Return hours that begin, or end, with what the wall clock shows at a moment."""
    clock = to_local(moment, zone).strftime("%H:%M")
    return [
        tuple((day, clock, "24:00") for day in _EVERY_DAY),
        tuple((day, "00:00", clock if clock != "00:00" else "24:00") for day in _EVERY_DAY),
    ]


def draw_customers(draw: Draw, center: Center, moment: datetime) -> None:
    for number in range(1, 4):
        created = draw(
            st.sampled_from([None, moment - timedelta(days=400), moment - timedelta(hours=30), moment])
        )
        center["customers"].append(
            {
                "customer_id": f"c{number}",
                "created_at": text_of(draw, created),
                "is_staff": draw(often(None, "false", "true", weight=6)),
                "updated_at": text_of(draw, moment),
            }
        )


def _draw_contact(
    draw: Draw,
    center: Center,
    contact_id: str,
    moment: datetime,
    previous_end: datetime | None,
    is_redial: bool,
) -> datetime:
    if is_redial:
        channel, direction = draw(often("voice", "chat", "email", weight=3)), "inbound"
        customer_id = draw(often("c1", "c2", None))
    else:
        others = ("chat", "video", "email", "email", "messaging", "social", "sms", "self_service")
        channel = draw(st.sampled_from([*(["voice"] * 6), *others]))
        direction = draw(often("inbound", "outbound", "internal", weight=6))
        customer_id = draw(st.sampled_from(["c1", "c1", "c1", "c2", "c3", "c9", None, "0", "anonymous"]))
    start = moment + timedelta(seconds=draw(st.sampled_from(_NEAR)) + draw(often(0, -1, 1, 31, -77)))
    if previous_end is not None and (is_redial or draw(st.booleans())):
        start = previous_end + timedelta(seconds=draw(st.sampled_from(_REDIALS)))
    # at the very moment, in a queue's hours or out of them
    is_sharp = not is_redial and draw(often(False, True, weight=5))
    if is_sharp:
        start = moment
    start += timedelta(microseconds=draw(often(0, 500000, 999999, weight=10)))
    # written rather than self-service, which is neither
    is_written = channel in WRITTEN
    flows = WRITTEN_FLOWS if is_written and draw(often(True, False, weight=4)) else FLOWS
    callback_accepted = draw(often(None, "true", "false", weight=6))
    record = {
        "contact_id": contact_id,
        "initial_contact_id": draw(often(None, contact_id, weight=6)),
        "customer_id": customer_id,
        "channel": channel,
        "direction": direction,
        "initiation_method": draw(
            often(None, direction if direction != "internal" else "inbound", "api", "monitor", "callback")
        ),
        "purpose": draw(st.sampled_from([None, "callback", "survey", "sales", "collections", "courtesy"]))
        if direction == "outbound"
        else None,
        "queue_id": "q1" if is_sharp else draw(st.sampled_from(["q1", "q1", "q1", "q2", "q9", None])),
        "reason_code": draw(st.sampled_from(["r1", "r2", None])),
        "product_line_id": draw(st.sampled_from(["l1", None])),
        "disconnect_reason": draw(st.sampled_from([None, "customer", "agent"])),
        "agent_logged_resolved": draw(st.sampled_from([None, "true", "false"])),
        "is_complaint": draw(often(None, "true", "false")),
        "callback_offered": draw(often(None, "true", "false", weight=6)),
        "callback_accepted": callback_accepted,
        "applications_used": draw(often(None, "0", "3")),
        "is_test": draw(often(None, "false", "true", weight=20)),
        "source_outcome": draw(
            often(
                None, "answered", "abandoned", "callback", "voicemail", "flow_out", "self_served", weight=24
            )
        ),
        "source_exclusion": draw(often(None, "Spam", weight=20)),
    }
    if is_redial and draw(often(True, False)):
        marks = ("initiation_method", "callback_accepted", "is_test", "source_outcome", "source_exclusion")
        record.update(dict.fromkeys(marks))
    return draw_records(draw, center, record, start, _REDIAL_FLOWS if is_redial else flows)


def draw_records(
    draw: Draw, center: Center, record: Row, start: datetime, flows: Flows, *, is_quiet: bool = False
) -> datetime:
    """Add a contact: its first record, and often records that continue it; return when it ended, or would have."""
    contact_id = record["contact_id"]
    end = draw_record(draw, center, record, start, flows, is_quiet=is_quiet)
    later_number = draw(st.integers(0, 2)) if draw(often(False, True, weight=3)) else 0
    if record["callback_accepted"] == "true":
        later_number = max(later_number, draw(st.integers(0, 2)))
    for number in range(1, later_number + 1):
        later = {
            **record,
            "contact_id": f"{contact_id}t{number}",
            # the record before, where a platform gets it wrong
            "initial_contact_id": contact_id
            if number == 1 or draw(often(True, False))
            else f"{contact_id}t1",
            "customer_id": draw(st.sampled_from([record["customer_id"], None, "c2"])),
            "initiation_method": draw(
                st.sampled_from(["callback"] * 6 + ["transfer"])
                if record["callback_accepted"] == "true"
                else st.sampled_from(["transfer", "transfer", "transfer", "callback", "monitor", None])
            ),
            "queue_id": draw(st.sampled_from([record["queue_id"], "q2", None])),
            "callback_accepted": None,
            "source_outcome": None,
            "source_exclusion": None,
            "is_test": None,
        }
        begins = end + timedelta(seconds=draw(st.sampled_from([0, 1, 60, 900, -5])))
        end = draw_record(draw, center, later, begins, flows, is_quiet=is_quiet)
    # a continuation whose first record never came
    if later_number and draw(often(False, True, weight=10)):
        center["contacts"] = [row for row in center["contacts"] if row["contact_id"] != contact_id]
    return end


def draw_record(
    draw: Draw, center: Center, record: Row, start: datetime, flows: Flows, *, is_quiet: bool = False
) -> datetime:
    """Add a record with its segments, and redeliveries of both; return when it ended, or would have.

    In a quiet one little goes wrong, and few are handed over.
    """
    calm = 8 if is_quiet else 1
    flow = draw(st.sampled_from(flows))
    at = start
    segments = []
    for number, piece in enumerate(flow, start=1):
        kind = piece.rstrip("0123456789")
        replies = _REPLIES.get(record["channel"], _REPLIES["other"])
        delay = draw(st.sampled_from(replies if kind == "message" else _GAPS))
        begins = at + timedelta(seconds=delay)
        length = draw(st.sampled_from(_WAITS if kind in ("queue", "ring") else _LENGTHS))
        ends: datetime | None = begins + timedelta(seconds=length)
        damage = draw(often("none", "open", "negative", "fraction", weight=25 * calm))
        at = begins + timedelta(seconds=length)
        if damage == "open":
            ends = None
        elif damage == "negative":
            ends = begins - timedelta(seconds=7)
        elif damage == "fraction":
            begins += timedelta(milliseconds=250)
            ends = begins + timedelta(seconds=length, milliseconds=500)
        agent = f"a{piece[-1]}" if piece[-1].isdigit() else None
        segments.append(
            {
                "contact_id": record["contact_id"],
                "segment_number": str(number),
                "kind": kind,
                "agent_id": draw(often(agent, None, weight=12)),
                "queue_id": draw(st.sampled_from([record["queue_id"], None, "q2"])),
                "started_at": text_of(draw, begins),
                "ended_at": text_of(draw, ends),
                "transfer_kind": draw(often(None, "blind", "escalation", weight=8 * calm)),
                "updated_at": text_of(draw, at),
            }
        )
    ended: datetime | None = at
    opens = ["open"] * (4 if record["channel"] in WRITTEN else 1)
    shape = draw(often("last", *opens, "earlier", "negative", weight=12 + 2 * calm))
    if shape == "open":
        ended = None
    elif shape == "earlier":
        ended = max(start, at - timedelta(seconds=30))
    elif shape == "negative":
        ended = start - timedelta(seconds=10)
    updated = at + timedelta(seconds=60)
    delivered = {
        **record,
        "started_at": text_of(draw, start),
        "ended_at": text_of(draw, ended),
        "updated_at": text_of(draw, updated),
    }
    center["contacts"].append(delivered)
    center["contact_segments"].extend(segments)
    if draw(often(False, True, weight=6)):
        again = {
            **delivered,
            "ended_at": draw(st.sampled_from([delivered["ended_at"], None])),
            "reason_code": draw(st.sampled_from(["r1", "r2", None])),
            "updated_at": text_of(draw, updated + timedelta(seconds=draw(st.sampled_from([0, 1, -1])))),
        }
        center["contacts"].append(again)
    if segments and draw(often(False, True, weight=8)):
        center["contact_segments"].append(
            {**segments[-1], "updated_at": draw(st.sampled_from([None, segments[-1]["updated_at"]]))}
        )
    return at


def _draw_broken_rows(draw: Draw, center: Center, moment: datetime) -> None:
    """Add rows that cannot be used: a broken delivery never hides or changes a good one."""
    good = center["contacts"][0] if center["contacts"] else {"contact_id": "k0"}
    broken = draw(
        st.sampled_from(
            [
                {"channel": "fax"},
                {"direction": None},
                {"started_at": "31/03/2024"},
                {"started_at": None},
                {"ended_at": "1969-12-31 23:59:59"},
                {"is_test": "perhaps"},
                {"contact_id": "  "},
                {"applications_used": "2.5"},
            ]
        )
    )
    later = text_of(draw, moment + timedelta(days=2))
    center["contacts"].append({**good, "updated_at": later, **broken})
    if center["contact_segments"]:
        center["contact_segments"].append(
            {**center["contact_segments"][0], "updated_at": later, "kind": "nap"}
        )
    if center["queue_hours"]:
        center["queue_hours"].append({**center["queue_hours"][0], "opens_at": "9am"})
    center["queues"].append({**center["queues"][0], "queue_id": "q9", "timezone": "Mars/Olympus"})


def text_of(draw: Draw, instant: datetime | None) -> str | None:
    """Write an instant in one of the ways that exports do."""
    if instant is None:
        return None
    way = draw(often("plain", "iso", "offset", weight=10))
    if way == "iso":
        return instant.isoformat() + "Z"
    if way == "offset":
        there = instant.replace(tzinfo=UTC).astimezone(timezone(timedelta(hours=5, minutes=30)))
        return there.isoformat()
    return instant.isoformat(sep=" ")


# --- many centers at once ------------------------------------------------------------------------------------


def drawn(strategy: st.SearchStrategy[T], count: int, with_seed: int) -> list[T]:
    """Return `count` values of a strategy: the same ones for the same seed, and none a variation of another."""
    return [_one_drawn(strategy, with_seed * 1_000_003 + number) for number in range(count)]


def _one_drawn(strategy: st.SearchStrategy[T], with_seed: int) -> T:
    values: list[T] = []

    # the first example is the simplest one, always the same; the second is the first random one
    @seed(with_seed)
    @settings(
        max_examples=2,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )
    @given(strategy)
    def collect(value: T) -> None:
        values.append(value)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", HypothesisWarning)
        collect()
    return values[-1]


def merged(prefixed: Mapping[str, RawTables]) -> dict[str, list[Row]]:
    """Put centers into one set of raw tables, the prefix of each before its ids."""
    tables: Center = {table: [] for table in TABLES}
    for prefix, center in prefixed.items():
        for table, rows in center.items():
            tables.setdefault(table, []).extend(with_prefix(row, prefix) for row in rows)
    return tables


def with_prefix(row: Mapping[str, Any], prefix: str) -> Row:
    """Return a raw row with the prefix before its ids; ids that stand for nobody stay as they are."""
    return {
        name: prefix + value
        if name in _IDS and value is not None and value.strip() and value not in _SHARED_IDS
        else value
        for name, value in row.items()
    }


def shifted(center: RawTables, days: int = 0, seconds: int = 0) -> Center:
    """Return a center as it would be so much later; texts that are no instants or days stay as they are.

    Days move by whole days only.
    """
    tables = contract()
    kinds = {
        (table.name, column.name): column.data_type for table in tables.values() for column in table.columns
    }
    return {
        table: [
            {
                name: _later(value, kinds[table, name], timedelta(days=days, seconds=seconds))
                for name, value in row.items()
            }
            for row in rows
        ]
        for table, rows in center.items()
    }


def _later(text: Any, data_type: str, by: timedelta) -> Any:
    if not isinstance(text, str) or data_type not in ("timestamp", "date"):
        return text
    try:
        if data_type == "date":
            return (date.fromisoformat(text) + by).isoformat()
        return (datetime.fromisoformat(text) + by).isoformat(sep=" ")
    except ValueError:
        return text


def typed(raw: RawTables) -> dict[str, list[Row]]:
    """Return raw rows with the contract's types instead of text, as a warehouse would hold them.

    What is no such value becomes None.
    """
    tables = contract()
    return {
        table: [
            {name: _value(value, tables[table].column(name).data_type) for name, value in row.items()}  # type: ignore[union-attr]
            for row in rows
        ]
        for table, rows in raw.items()
    }


def _value(text: str | None, data_type: str) -> Any:
    if text is None or data_type == "text":
        return text
    try:
        if data_type == "timestamp":
            instant = datetime.fromisoformat(text)
            return instant.astimezone(UTC).replace(tzinfo=None) if instant.tzinfo else instant
        if data_type == "date":
            return date.fromisoformat(text)
        if data_type == "integer":
            return int(text)
        if data_type.startswith("decimal"):
            return Decimal(text)
    except (ValueError, InvalidOperation):
        return None
    return {"true": True, "false": False}.get(text)


@dataclass(frozen=True)
class Smaller:
    """A center with one thing less, and what that thing was."""

    center: dict[str, list[RawRow]]
    without: str


def smaller_centers(whole: RawTables) -> Iterable[Smaller]:
    """Yield the center without one table, contact, row, or value that may be null: what shrinking tries next."""
    required = {
        (table.name, column.name)
        for table in contract().values()
        for column in table.columns
        if column.required
    }
    center = {table: list(rows) for table, rows in whole.items()}
    for table, rows in center.items():
        if len(rows) > 1:
            yield Smaller({**center, table: []}, table)
    for contact_id in sorted({row["contact_id"] for row in center["contacts"]}):
        others = {
            table: [row for row in center[table] if row["contact_id"] != contact_id]
            for table in ("contacts", "contact_segments")
        }
        yield Smaller({**center, **others}, f"contact {contact_id}")
    for table, rows in center.items():
        for index, row in enumerate(rows):
            without = {name: list(others) for name, others in center.items()}
            del without[table][index]
            if table == "contacts":
                left = {other["contact_id"] for other in without["contacts"]}
                without["contact_segments"] = [
                    segment
                    for segment in without["contact_segments"]
                    if segment["contact_id"] in left or segment["contact_id"] != row["contact_id"]
                ]
            yield Smaller(without, f"{table}[{index}]")
    for table, rows in center.items():
        for index, row in enumerate(rows):
            for name, value in row.items():
                if value is not None and (table, name) not in required:
                    changed = {other: list(others) for other, others in center.items()}
                    changed[table][index] = {**row, name: None}
                    yield Smaller(changed, f"{table}[{index}].{name}")
