"""Two paths agree on agents' time and on who came and left: second by second and day by day, on hypothesis-made data (M04b, M15)."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import builds
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

MONTH = date(2025, 3, 1)
# over two midnights in the project's own zone of the books, UTC; days of 23 and 25 hours are in the unit tests
NIGHT = datetime(2025, 3, 29, 20, 0)
DAYS = [date(2025, 3, 27) + timedelta(days=number) for number in range(7)]
PARTS = ("occupied", "other_channel", "available", "other_productive", "break", "unowned_contact")
KINDS = {
    "available": "available",
    "meeting": "other_productive",
    "training": "other_productive",
    "coaching": "other_productive",
    "project": "other_productive",
    "break": "break",
    "offline": "break",
    "contact": "unowned_contact",
}
QUEUES = {"mail": "email", "chat": "chat", "mixed": None}
MINUTES = st.integers(0, 40 * 60)


@st.composite
def spans(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return spans on contacts, which may overlap, and a time sheet, whose states follow each other with gaps."""
    contacts = []
    for number in range(draw(st.integers(0, 8))):
        begins = NIGHT + timedelta(minutes=draw(MINUTES))
        ends = begins + timedelta(minutes=draw(st.integers(1, 600)))
        contacts.append(
            {
                "period_month": MONTH,
                "agent_id": draw(st.sampled_from("ab")),
                "contact_id": f"c{number}",
                "queue_id": draw(st.sampled_from([*QUEUES, None])),
                "activity": draw(st.sampled_from(["talk", "message", "wrap", "consult", "ring"])),
                "is_inside_talk": draw(st.sampled_from([False, False, False, True])),
                "span_seconds": int((ends - begins).total_seconds()),
                "started_at": begins,
                "ended_at": ends,
            }
        )
    states = []
    for agent in "ab":
        ticks = sorted(draw(st.sets(MINUTES, max_size=8)))
        for begin, end in pairwise(ticks):
            if draw(st.integers(0, 3)):
                states.append(
                    {
                        "period_month": MONTH,
                        "agent_id": agent,
                        "state": draw(st.sampled_from(sorted(KINDS))),
                        "is_paid": draw(st.booleans()),
                        "started_at": NIGHT + timedelta(minutes=begin),
                        "ended_at": NIGHT + timedelta(minutes=end),
                    }
                )
    return contacts, states


def by_the_minute(contacts: list[dict[str, Any]], states: list[dict[str, Any]]) -> dict[Any, Counter[str]]:
    """Return seconds of each agent and day by what they went to; everything begins and ends on a minute."""
    found: dict[Any, Counter[str]] = defaultdict(Counter)
    for agent in "ab":
        on_contact, on_other_channel, sheet = set(), set(), {}
        for row in contacts:
            if row["agent_id"] == agent and row["activity"] != "ring" and not row["is_inside_talk"]:
                minute = row["started_at"]
                while minute < row["ended_at"]:
                    on_contact.add(minute)
                    if row["queue_id"] == "chat":
                        on_other_channel.add(minute)
                    minute += timedelta(minutes=1)
        for row in states:
            if row["agent_id"] == agent:
                minute = row["started_at"]
                while minute < row["ended_at"]:
                    sheet[minute] = (KINDS[row["state"]], row["is_paid"])
                    minute += timedelta(minutes=1)
        for minute in on_contact | sheet.keys():
            seconds = found[agent, minute.date()]
            kind, is_paid = sheet.get(minute, ("", False))
            part = "occupied" if minute in on_contact else kind
            seconds[part] += 60
            seconds["other_channel"] += 60 * (minute in on_other_channel)
            if is_paid:
                seconds["paid"] += 60
                seconds["paid_away"] += 60 * (part in ("other_productive", "break"))
    return found


CONTACT_SPANS = pa.schema(
    [
        ("period_month", pa.date32()),
        *((name, pa.string()) for name in ("agent_id", "contact_id", "queue_id", "activity")),
        ("is_inside_talk", pa.bool_()),
        ("span_seconds", pa.int64()),
        ("started_at", pa.timestamp("us")),
        ("ended_at", pa.timestamp("us")),
    ]
)
STATE_SPANS = pa.schema(
    [
        ("period_month", pa.date32()),
        *((name, pa.string()) for name in ("agent_id", "state")),
        ("is_paid", pa.bool_()),
        ("started_at", pa.timestamp("us")),
        ("ended_at", pa.timestamp("us")),
    ]
)
OFFSETS = pa.table(
    {
        "timezone": ["UTC"],
        "valid_from": pa.array([datetime(2025, 1, 1)], pa.timestamp("us")),
        "valid_to": pa.array([datetime(2026, 1, 1)], pa.timestamp("us")),
        "utc_offset_seconds": [0],
    }
)


@given(spans())
@settings(max_examples=20, deadline=None)
def test_every_second_goes_to_one_thing(
    given_spans: tuple[list[dict[str, Any]], list[dict[str, Any]]],
) -> None:
    contacts, states = given_spans
    rows = builds.run_model(
        "int_agent_day_seconds",
        int_agent_contact_spans=pa.Table.from_pylist(contacts, CONTACT_SPANS),
        int_agent_state_spans=pa.Table.from_pylist(states, STATE_SPANS),
        stg_queues=pa.table({"queue_id": list(QUEUES), "channel": list(QUEUES.values())}),
        int_cost_days=pa.table({"date_day": pa.array(DAYS, pa.date32())}),
        int_timezone_offsets=OFFSETS,
    )
    got = {(row["agent_id"], row["work_date"]): row for row in rows}
    expected = by_the_minute(contacts, states)
    for key in got.keys() | expected.keys():
        for part in PARTS:
            found = got[key][f"{part}_seconds"] if key in got else 0
            assert found == expected[key][part], (key, part)
        if key in got:
            row = got[key]
            assert row["paid_state_seconds"] == expected[key]["paid"]
            away = row["paid_state_seconds"] - row["paid_occupied_seconds"] - row["paid_ready_seconds"]
            assert away == expected[key]["paid_away"]


# --- who came and left ----------------------------------------------------------------------------------------

BOOKS = [date(2025, 1, 1) + timedelta(days=number) for number in range(120)]
KINDS_OF_LEAVING = ("voluntary", "involuntary", "internal_move", "season_end", None)


@st.composite
def employments(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Return employments of some agents, a second one for some of them."""
    rows = []
    for number in range(draw(st.integers(1, 14))):
        day = draw(st.integers(-40, 100))
        for employment in range(1, draw(st.sampled_from([1, 1, 1, 2])) + 1):
            hired = BOOKS[0] + timedelta(days=day)
            stays = draw(st.one_of(st.none(), st.integers(0, 90)))
            left = None if stays is None else hired + timedelta(days=stays)
            rows.append(
                {
                    "agent_id": f"a{number}",
                    "employment_number": employment,
                    "hired_on": hired,
                    "began_on": hired,
                    "left_on": left,
                    "leave_kind": None if left is None else draw(st.sampled_from(KINDS_OF_LEAVING)),
                    "role": "agent",
                }
            )
            if stays is None:
                break
            day += stays + draw(st.integers(1, 20))
    return rows


EMPLOYMENTS = pa.schema(
    [
        ("agent_id", pa.string()),
        ("employment_number", pa.int64()),
        *((name, pa.date32()) for name in ("hired_on", "began_on", "left_on")),
        ("leave_kind", pa.string()),
        ("role", pa.string()),
    ]
)
NOTHING = {
    "dim_agent": [
        ("effective_from", pa.date32()),
        *((n, pa.string()) for n in ("agent_id", "team", "site", "vendor_id")),
    ],
    "stg_coaching_sessions": [("agent_id", pa.string()), ("held_at", pa.timestamp("us"))],
    "stg_agent_feedback": [
        ("agent_id", pa.string()),
        ("asked_at", pa.timestamp("us")),
        ("engagement_score", pa.decimal128(18, 6)),
    ],
    "int_agent_reason_months": [
        ("agent_id", pa.string()),
        ("month_start_date", pa.date32()),
        *(
            (name, pa.int64())
            for name in (
                *("handled_count", "handle_seconds", "first_contact_count"),
                *("resolved_count", "answer_count", "satisfied_count"),
            )
        ),
    ],
}


def with_text(rows: list[dict[str, Any]]) -> pa.Table:
    """Return rows as a table in which a column without any value is one of texts."""
    table = pa.Table.from_pylist(rows)
    fields = [
        pa.field(field.name, pa.string()) if pa.types.is_null(field.type) else field for field in table.schema
    ]
    return table.cast(pa.schema(fields))


def month_of(day: date) -> date:
    return day.replace(day=1)


@given(employments())
@settings(max_examples=20, deadline=None)
def test_attrition_by_the_day(rows: list[dict[str, Any]]) -> None:
    ends = {month_of(day): day for day in BOOKS}
    days = pa.table(
        {
            "date_day": pa.array(BOOKS, pa.date32()),
            "month_start_date": pa.array([month_of(day) for day in BOOKS], pa.date32()),
            "month_end_date": pa.array([ends[month_of(day)] for day in BOOKS], pa.date32()),
        }
    )
    agent_months = builds.run_model(
        "fct_agent_months",
        int_employments=pa.Table.from_pylist(rows, EMPLOYMENTS),
        int_cost_days=days,
        **{name: pa.schema(columns).empty_table() for name, columns in NOTHING.items()},
    )
    attrition = {
        row["month_start_date"]: row
        for row in (
            builds.run_model("fct_attrition", fct_agent_months=with_text(agent_months))
            if agent_months
            else []
        )
        if row["dimension"] == "all"
    }
    for month, last in ends.items():
        in_month = [day for day in BOOKS if month_of(day) == month]

        def there(day: date) -> int:
            return sum(row["began_on"] <= day and (row["left_on"] or day) >= day for row in rows)

        headcount = Fraction(sum(there(day) for day in in_month), len(in_month))
        leavers = [row for row in rows if row["left_on"] and month <= row["left_on"] <= last]
        counted = [row for row in leavers if row["leave_kind"] != "season_end"]
        if not headcount:
            assert month not in attrition
            continue
        found = attrition[month]
        assert abs(Fraction(found["mean_headcount"]) - headcount) < Fraction(len(rows), 10**6)
        assert found["opening_count"] == there_before(rows, month)
        assert found["closing_count"] == there_before(rows, last + timedelta(days=1))
        assert found["hire_count"] == sum(month <= row["began_on"] <= last for row in rows)
        assert (found["end_count"], found["leaver_count"]) == (len(leavers), len(counted))
        if found["employed_count"] < 10:
            assert found["rate_null_reason"] == "too few agents"
            assert found["annualised_rate"] is None
        else:
            expected = 12 * Fraction(len(counted)) / Fraction(found["mean_headcount"])
            assert abs(found["annualised_rate"] - Decimal(float(expected))) < Decimal("0.000002")


def there_before(rows: list[dict[str, Any]], day: date) -> int:
    """Return employments that reach over the midnight before a day."""
    return sum(row["began_on"] < day and (row["left_on"] or day) >= day for row in rows)
