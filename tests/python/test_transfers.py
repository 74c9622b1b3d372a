"""Two paths agree on hand-overs: fct_transfers equals a walk through the segments of random contacts, one after another.

Written from M14, the raw contract and the column descriptions: whoever talks next took a contact over, what a platform
delivered is kept, and an agent who comes later without a delivered transfer was handed it all the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import builds
import oracle
import strategies
from oracle import Decisions, RawTables, Row

CENTERS = 150
SEED = 20251125
WAITS = ("queue", "ivr", "bot")
KINDS = ("blind", "escalation", "consult", "queue", "external")


@dataclass
class Span:
    """A segment of a contact that says who had it, or where it went."""

    record_id: str
    kind: str
    agent_id: str | None
    queue_id: str | None
    tier: int | None
    start: datetime
    end: datetime | None
    transfer_kind: str | None
    is_callback: bool

    @property
    def is_talk(self) -> bool:
        """Whether an agent talks or writes."""
        return self.kind in ("talk", "message")

    @property
    def leg(self) -> tuple[str, str | None]:
        """One agent on one record."""
        return self.record_id, self.agent_id


HandOver = tuple[Any, ...]
"""Delivered kind, agent and queue and tier before, agent and queue and tier after, and whether it came back to a menu."""


def test_hand_overs_equal_an_independent_computation(tmp_path: Path) -> None:
    centers = strategies.drawn(strategies.centers(), CENTERS, SEED)
    raw = dict(strategies.merged({f"x{number:04}-": center for number, center in enumerate(centers)}))
    # tiers and the rarer kinds, by turns
    raw["contact_segments"] = [
        {
            **row,
            "tier": (None, "1", "2")[number % 3],
            "transfer_kind": KINDS[number % len(KINDS)] if row["transfer_kind"] else None,
        }
        for number, row in enumerate(raw["contact_segments"])
    ]
    raw["queues"] = [
        {**row, "tier": (None, "1", "2")[number % 3]} for number, row in enumerate(raw["queues"])
    ]
    database = builds.build(tmp_path / "transfers", raw, select="+fct_transfers")
    found: dict[str, list[HandOver]] = defaultdict(list)
    columns = (
        "delivered_kind, from_agent_id, from_queue_id, from_tier, to_agent_id, to_queue_id, to_tier, "
        "transferred_at, taken_over_at, is_callback_attempt, is_by_menu, has_menu_before_answer"
    )
    rows = builds.rows_of(
        database,
        f"select contact_id, {columns} from intermediate.int_contact_transfers order by contact_id, transfer_number",
    )
    for row in rows:
        found[row["contact_id"]].append(tuple(row[name] for name in columns.split(", ")))
    expected = hand_overs(raw)
    different = [key for key in sorted({*found, *expected}) if found.get(key) != expected.get(key)]
    shown = [f"{key}: expected {expected.get(key)}, got {found.get(key)}" for key in different[:3]]
    assert not different, "\n".join([f"{len(different)} of {len(expected)} contacts differ", *shown])
    # the data try what they should
    assert len(expected) > 100
    every = [hand_over for those in expected.values() for hand_over in those]
    assert {hand_over[0] for hand_over in every} == {None, *KINDS}
    assert any(hand_over[8] is None for hand_over in every), "nobody is lost"
    assert any(hand_over[9] for hand_over in every), "no callback"


def hand_overs(raw: RawTables) -> dict[str, list[HandOver]]:
    """Return the hand-overs by agents, in order, of every contact that has any."""
    staged = oracle.stage(raw, Decisions.read())
    records = {row["contact_id"]: row for row in staged["contacts"]}
    queues = {row["queue_id"]: row for row in staged["queues"]}
    spans: dict[str, list[tuple[Any, Span]]] = defaultdict(list)
    for row in staged["contact_segments"]:
        is_work = row["kind"] in ("talk", "hold", "wrap") or (row["kind"] == "message" and row["agent_id"])
        if not is_work and row["kind"] not in WAITS:
            continue
        contact_id, is_callback = _contact_of(row["contact_id"], records)
        queue_id = row["queue_id"] or records.get(row["contact_id"], {}).get("queue_id")
        tier = row["tier"] if row["tier"] is not None else queues.get(queue_id, {}).get("tier")
        ends_well = row["ended_at"] is not None and row["ended_at"] >= row["started_at"]
        span = Span(
            record_id=row["contact_id"],
            kind=row["kind"],
            agent_id=row["agent_id"],
            queue_id=queue_id,
            tier=tier,
            start=row["started_at"],
            end=row["ended_at"] if ends_well else None,
            transfer_kind=row["transfer_kind"] if is_work else None,
            is_callback=is_callback,
        )
        spans[contact_id].append(((row["started_at"], row["contact_id"], row["segment_number"]), span))
    result = {}
    for contact_id, of_contact in spans.items():
        in_order = [span for _, span in sorted(of_contact, key=lambda pair: pair[0])]
        if found := _walk(in_order):
            result[contact_id] = found
    return result


def _contact_of(record_id: str, records: dict[str, Row]) -> tuple[str, bool]:
    """Return the contact of a record and whether the record called the customer back (B.1, M07)."""

    def named(row: Row | None) -> str | None:
        if row is None or row["initiation_method"] == "monitor":
            return None
        first = row["initial_contact_id"]
        return first if first and first != row["contact_id"] else None

    first = named(records.get(record_id))
    if first is None:
        return record_id, False
    contact_id = named(records.get(first)) or first
    return contact_id, contact_id != record_id and records[record_id]["initiation_method"] == "callback"


def _walk(spans: Sequence[Span]) -> list[HandOver]:
    talks = [place for place, span in enumerate(spans) if span.is_talk]
    found: list[tuple[tuple[int, int], HandOver]] = []
    taken: set[int] = set()
    for place, span in enumerate(spans):
        if span.transfer_kind is None:
            continue
        # noted on hold or wrap-up, it happened where the agent last talked
        own = [talk for talk in talks if talk <= place and spans[talk].leg == span.leg]
        left = own[-1] if own else place
        to = _next_who_talks(spans, left)
        if to is not None:
            taken.add(to)
        found.append(((left, place), _hand_over(spans, span.transfer_kind, left, to)))
    seen: set[tuple[str, str | None]] = set()
    for number, talk in enumerate(talks):
        is_new = spans[talk].leg not in seen
        seen.add(spans[talk].leg)
        if number and is_new and talk not in taken:
            left = talks[number - 1]
            found.append(((left, talk), _hand_over(spans, None, left, talk)))
    return [hand_over for _, hand_over in sorted(found, key=lambda pair: pair[0])]


def _next_who_talks(spans: Sequence[Span], left: int) -> int | None:
    """Return where the contact is taken over after `left`: by another leg, or by the same one after a wait."""
    before = [place for place in range(left + 1) if spans[place].is_talk]
    talker = spans[before[-1]].leg if before else None
    has_waited = bool(before) and any(span.kind in WAITS for span in spans[before[-1] + 1 : left + 1])
    for place in range(left + 1, len(spans)):
        span = spans[place]
        if span.kind in WAITS:
            has_waited = True
        elif span.is_talk:
            if talker is not None and (span.leg != talker or has_waited):
                return place
            talker, has_waited = span.leg, False
    return None


def _hand_over(spans: Sequence[Span], kind: str | None, left: int, to: int | None) -> HandOver:
    before, after = spans[left], None if to is None else spans[to]
    between = spans[left + 1 : to]
    queue = next((span for span in between if span.kind == "queue"), None)
    answered = next((place for place, span in enumerate(spans) if span.is_talk), None)
    to_queue_id = (queue and queue.queue_id) or (after and after.queue_id) or None
    to_tier = after.tier if after is not None and after.tier is not None else queue and queue.tier
    return (
        kind,
        before.agent_id,
        before.queue_id,
        before.tier,
        after and after.agent_id,
        to_queue_id,
        to_tier,
        before.end or (after and after.start),
        after and after.start,
        after is not None and after.is_callback,
        any(span.kind in ("ivr", "bot") for span in between),
        answered is not None and any(span.kind == "ivr" for span in spans[:answered]),
    )
