"""Two paths agree on how customers sounded and what they said in public (M20, M52), on hypothesis-made data."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from statistics import fmean, stdev
from typing import Any

import builds
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

MINIMUM_N = 10
DIGIT = 1.5e-6
MONDAY = datetime(2025, 3, 3)
CHANNELS = ("voice", "chat", None)

Row = dict[str, Any]

SENTIMENT = pa.schema(
    [
        *((name, pa.string()) for name in ("contact_id", "engine", "engine_version")),
        *(
            (name, pa.decimal128(18, 6))
            for name in ("mean_score", "first_quarter_score", "last_quarter_score")
        ),
        *((name, pa.bool_()) for name in ("has_confusion", "has_frustration", "has_low_confidence")),
        ("scored_at", pa.timestamp("us")),
    ]
)
CONTACTS = pa.schema(
    [
        *(
            (name, pa.string())
            for name in (
                *("contact_id", "customer_id", "exclusion_reason", "channel", "queue_id", "program_id"),
                *("vendor_id", "reason_code", "product_line_id", "last_agent_id"),
            )
        ),
        ("business_date", pa.date32()),
    ]
)
LINKS = pa.schema([("contact_record_id", pa.string()), ("contact_id", pa.string())])
MENTIONS = pa.schema(
    [
        *((name, pa.string()) for name in ("mention_id", "network", "author_id", "query_version", "stance")),
        ("posted_at", pa.timestamp("us")),
        ("is_repost", pa.bool_()),
        ("is_bot", pa.bool_()),
    ]
)
OFFSETS = pa.table(
    {
        "timezone": ["UTC"],
        "valid_from": pa.array([datetime(2025, 1, 1)], pa.timestamp("us")),
        "valid_to": pa.array([datetime(2025, 4, 1)], pa.timestamp("us")),
        "utc_offset_seconds": [0],
    }
)
SCORES = st.one_of(st.none(), st.integers(-4, 4).map(lambda quarter: Decimal(quarter) / 4))
FLAGS = st.sampled_from([True, False, False, None])


@st.composite
def scored_contacts(draw: st.DrawFn) -> tuple[list[Row], list[Row], dict[str, str]]:
    """Return scores of records, contacts, and which records are a part of another contact."""
    records: list[Row] = []
    contacts: list[Row] = []
    links: dict[str, str] = {}
    for number in range(draw(st.integers(1, 40))):
        name = f"c{number:02}"
        contacts.append({"contact_id": name, "channel": draw(st.sampled_from(CHANNELS[: 1 + number % 3]))})
        pieces = [name, f"{name}b"] if draw(st.integers(0, 4)) == 0 else [name]
        links |= dict.fromkeys(pieces[1:], name)
        for engine in draw(st.sampled_from([["lens"], ["lens"], ["lens", "ear"]])):
            version = draw(st.sampled_from(["1", "1", "2"]))
            for position, piece in enumerate(pieces):
                records.append(
                    {
                        "contact_id": piece,
                        "engine": engine,
                        "engine_version": version,
                        "mean_score": draw(SCORES),
                        "first_quarter_score": draw(SCORES),
                        "last_quarter_score": draw(SCORES),
                        "has_confusion": draw(FLAGS),
                        "has_frustration": draw(FLAGS),
                        "has_low_confidence": draw(FLAGS),
                        "scored_at": MONDAY + timedelta(hours=number, minutes=position),
                    }
                )
    return records, contacts, links


@given(scored_contacts())
@settings(max_examples=25, deadline=None)
def test_sentiment_by_hand(world: tuple[list[Row], list[Row], dict[str, str]]) -> None:
    records, contacts, links = world
    rows = builds.run_model(
        "fct_contact_sentiment",
        stg_contact_sentiment=pa.Table.from_pylist(records, SENTIMENT),
        int_contact_links=pa.Table.from_pylist(
            [{"contact_record_id": piece, "contact_id": whole} for piece, whole in links.items()], LINKS
        ),
        fct_contacts=pa.Table.from_pylist(contacts, CONTACTS),
    )
    grouped: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for record in records:
        piece: str = record["contact_id"]
        whole = links.get(piece, piece)
        grouped[whole, record["engine"], record["engine_version"]].append(record)
    assert {(row["contact_id"], row["engine"], row["engine_version"]) for row in rows} == grouped.keys()
    assert len(rows) == len(grouped)
    channel_of = {contact["contact_id"]: contact["channel"] for contact in contacts}

    def mean_of(group: list[Row]) -> float | None:
        known = [float(record["mean_score"]) for record in group if record["mean_score"] is not None]
        return fmean(known) if known else None

    series: dict[tuple[str, str, str | None], list[float]] = defaultdict(list)
    for (contact, engine, version), group in grouped.items():
        if (mean := mean_of(group)) is not None:
            series[engine, version, channel_of[contact]].append(mean)
    for row in rows:
        group = grouped[row["contact_id"], row["engine"], row["engine_version"]]
        mean = mean_of(group)
        # a record without a score is none at which the contact began or ended
        first = next((one for record in group if (one := record["first_quarter_score"]) is not None), None)
        last = next(
            (one for record in reversed(group) if (one := record["last_quarter_score"]) is not None), None
        )
        same(row["mean_score"], mean)
        shift = None if first is None or last is None else float(last - first)
        same(row["sentiment_shift"], shift)
        signs = [
            one_of(record[flag] for record in group)
            for flag in ("has_confusion", "has_frustration", "has_low_confidence")
        ]
        assert row["has_friction"] is one_of(signs)
        others = series[row["engine"], row["engine_version"], channel_of[row["contact_id"]]]
        if mean is None or len(others) < MINIMUM_N or stdev(others) < 1e-6:
            assert row["standardised_score"] is None
            assert row["standardised_null_reason"] is not None
        else:
            # the mean of a contact is cut after the sixth digit, and a small spread enlarges that
            spread = stdev(others)
            assert math.isclose(row["standardised_score"], (mean - fmean(others)) / spread, abs_tol=1e-4)
            if shift is not None:
                assert math.isclose(row["standardised_shift"], shift / spread, abs_tol=1e-4)
    for contact in channel_of:
        assert sum(row["is_preferred"] for row in rows if row["contact_id"] == contact) == 1


def one_of(signs: Any) -> bool | None:
    """Return whether any sign is there; where none is, false only where all were looked for."""
    listed = list(signs)
    return True if True in listed else None if None in listed else False


def same(found: Any, expected: float | None) -> None:
    """Compare a value of six digits with one that is not cut."""
    if expected is None:
        assert found is None
    else:
        assert math.isclose(found, expected, abs_tol=DIGIT)


@st.composite
def mentions(draw: st.DrawFn) -> list[Row]:
    """Return mentions of few authors in few weeks, so that many meet."""
    return [
        {
            "mention_id": f"m{number:02}",
            "network": draw(st.sampled_from(["square", "forum"])),
            "author_id": draw(st.sampled_from(["ann", "bob", None])),
            "query_version": draw(st.sampled_from(["1", "2"])),
            "stance": draw(st.sampled_from(["promoting", "neutral", "negative", None])),
            "posted_at": draw(
                st.one_of(
                    st.none(),
                    st.integers(0, 24 * 40).map(lambda hours: MONDAY + timedelta(hours=hours)),
                )
            ),
            "is_repost": draw(st.sampled_from([True, False, False, None])),
            "is_bot": draw(st.sampled_from([True, False, False, None])),
        }
        for number in range(draw(st.integers(0, 40)))
    ]


@given(mentions())
@settings(max_examples=25, deadline=None)
def test_mentions_by_hand(given_mentions: list[Row]) -> None:
    rows = builds.run_model(
        "fct_social_mentions",
        stg_social_mentions=pa.Table.from_pylist(given_mentions, MENTIONS),
        int_timezone_offsets=OFFSETS,
    )
    last: dict[tuple[Any, ...], Row] = {}
    for mention in given_mentions:
        at = mention["posted_at"]
        # the zones' calendar ends with March
        if at is None or at >= datetime(2025, 4, 1) or mention["stance"] is None:
            continue
        if mention["is_bot"] or mention["is_repost"]:
            continue
        author = mention["author_id"] or mention["mention_id"]
        key = (mention["network"], author, mention["query_version"], week_of(at))
        before = last.get(key)
        if before is None or (at, mention["mention_id"]) > (before["posted_at"], before["mention_id"]):
            last[key] = mention
    counted = {mention["mention_id"] for mention in last.values()}
    assert {row["mention_id"] for row in rows if row["is_counted"]} == counted
    assert all(row["is_counted"] is (row["not_counted_reason"] is None) for row in rows)
    assert len(rows) == len(given_mentions)


def week_of(at: datetime) -> date:
    return at.date() - timedelta(days=at.weekday())
