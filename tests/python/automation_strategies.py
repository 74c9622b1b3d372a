"""Random customers who try a bot: sessions around each other and around contacts, at the ends of gaps and windows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import hypothesis.strategies as st
from oracle import RawRow, contract
from resolution_strategies import Edges, customers_who_return, moved_to_maturity
from strategies import Center, Draw, often, text_of, typed


@st.composite
def customers_who_try_a_bot(draw: Draw, edges: Edges) -> Center:
    """Draw a center of customers who return, and put sessions with a bot before, between and into their contacts."""
    center = draw(customers_who_return(edges))
    contacts = typed(center)["contacts"]
    spans = [
        (row["started_at"], row["ended_at"] or row["started_at"])
        for row in contacts
        if row["started_at"] is not None
    ]
    records = [row["contact_id"] for row in contacts]
    ends: list[datetime] = []
    for number in range(draw(st.integers(2, 6))):
        start, end = _place(draw, edges, spans, ends)
        ends.append(end)
        center["bot_sessions"].append(_session(draw, f"b{number}", start, end, records))
    if draw(often(False, True, weight=2)):
        _draw_sentiment(draw, center, records)
    return moved_to_maturity(draw, center, edges, ends)


def _place(
    draw: Draw, edges: Edges, spans: Sequence[tuple[datetime, datetime]], ends: Sequence[datetime]
) -> tuple[datetime, datetime]:
    """Draw start and end of a session: after another one, a window before a contact, or in one."""
    length = timedelta(seconds=draw(st.sampled_from((0, 60, 60, 240, edges.gap_seconds))))
    nudge = timedelta(seconds=draw(often(0, -1, 1, weight=2)))
    starts, stops = spans[draw(st.integers(0, len(spans) - 1))]
    place = draw(st.sampled_from(("gap", "gap", "window", "window", "in", "beside")))
    if place == "gap" and ends:
        start = draw(st.sampled_from(ends)) + timedelta(seconds=edges.gap_seconds) + nudge
    elif place in ("gap", "window"):
        window = timedelta(hours=draw(st.sampled_from((24, 72, 168, *edges.windows_hours))))
        start = starts - window - length + nudge
    elif place == "in":
        start = starts + nudge
    else:
        start = draw(st.sampled_from((starts, stops))) - length + nudge
    return start, start + length


def _session(
    draw: Draw, session_id: str, start: datetime, end: datetime, records: Sequence[str]
) -> dict[str, str | None]:
    ends: datetime | None = draw(often(end, start - timedelta(seconds=5), weight=20))
    if draw(often(False, True, weight=15)):
        ends = None
    # most are the kind that reaches the upper rungs
    is_clean = draw(often(True, False, weight=1))
    return {
        "session_id": session_id,
        "contact_id": None if is_clean else draw(st.sampled_from([None, "k99", *records])),
        "customer_id": draw(often("c1", "c2", None, "0", "c4", weight=20)),
        "technology_id": draw(st.sampled_from(["t1", "t2", None])),
        "channel": draw(st.sampled_from(["chat", "voice", None])),
        "reason_code": draw(st.sampled_from(["r1", "r1", "r1", "r2", "r3", "r4", "r5", "r6", None])),
        "started_at": text_of(draw, start),
        "ended_at": text_of(draw, ends),
        "turns": draw(often("3", "0", None, weight=24)),
        "is_in_scope": draw(often("true", "false", None, weight=16)),
        "handoff_requested": "false" if is_clean else draw(st.sampled_from(["false", "true", None])),
        "handed_off_contact_id": None
        if is_clean
        else draw(st.sampled_from([None, None, None, "k99", *records])),
        "vendor_outcome": draw(
            st.sampled_from(
                ["resolved", "assumed_resolved", "abandoned", "unresolved", None]
                + ([] if is_clean else ["handed_off"])
            )
        ),
        "evidence": draw(st.sampled_from(["task_completed", "customer_confirmed", "reviewed", None, None])),
        "intent_signal": draw(st.sampled_from(["explicit", "implicit", "none", None])),
        "model_version": draw(st.sampled_from(["v1", "v2", None])),
        "is_test": draw(often(None, "false", "true", weight=24)),
        "updated_at": text_of(draw, end + timedelta(seconds=60)),
    }


def _draw_sentiment(draw: Draw, center: Center, records: Sequence[str]) -> None:
    """Score a few records, some by two engines or versions; one key once."""
    columns = contract()["contact_sentiment"].key
    seen: set[tuple[str, ...]] = set()
    for _ in range(draw(st.integers(1, 4))):
        row: RawRow = {
            "contact_id": draw(st.sampled_from(records)),
            "engine": draw(st.sampled_from(["contact_lens", "genesys", "genesys"])),
            "engine_version": draw(st.sampled_from(["v1", "v2"])),
            "first_quarter_score": draw(st.sampled_from(["-1.5", "0", "2", None])),
            "last_quarter_score": draw(st.sampled_from(["-0.25", "0", "3", None])),
        }
        key = tuple(row[column] for column in columns)
        if key not in seen:
            seen.add(key)
            center["contact_sentiment"].append(dict(row))
