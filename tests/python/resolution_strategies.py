"""Random customers who come back: chains of contacts around the ends of windows, with what else resolution reads.

A center is drawn as in `strategies.py`, around one moment of one zone. Every later contact begins a window, a grace or a day after
another one, give or take a second; subscriptions end and surveys are answered there as well. A part of the centers is moved so that
a window and the delay of the feeds are over at as_of, a second before or a second after it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

import hypothesis.strategies as st
from oracle import Row, offset_seconds, to_local
from strategies import (
    FLOWS,
    MOMENTS,
    TABLES,
    WRITTEN,
    WRITTEN_FLOWS,
    Center,
    Draw,
    Flows,
    draw_customers,
    draw_queues,
    draw_record,
    draw_records,
    often,
    shifted,
    text_of,
)

ALL_TABLES = (
    *TABLES,
    "reasons",
    "subscriptions",
    "subscription_events",
    "survey_questions",
    "survey_invitations",
    "survey_answers",
    "bot_sessions",
    "contact_sentiment",
)
"""The raw tables that resolution, automation, experience and handle time compute with."""

DAY = 86400


@dataclass(frozen=True)
class Edges:
    """Where the decisions of a world have edges, so that what is drawn meets them."""

    as_of: datetime
    """Up to when the feeds of the world are complete."""
    lag_hours: int = 48
    windows_hours: tuple[int, ...] = (24, 49, 72, 168, 168, 336, 720)
    grace_seconds: int = 300
    gap_seconds: int = 1800
    survey_close_days: int = 14
    band_contacts: int = 10
    """How many contacts make a healthy band of handle time."""
    ends_with_day: bool = False
    """Whether windows end with a local day, and so where its clocks change."""
    day_start_hour: int = 0
    """When business days begin."""
    zones: tuple[str, ...] = tuple(sorted(MOMENTS))
    """Zones of the queues, one per center."""


_REASONS = ("r1", "r2", "r3", "r4", "r5", "r6", "confirmation", None)
_MATTERS = (("r1",), ("r1",), ("r1", "r1", "r2"), ("r1", "r3"), ("r4", "r1"), ("r5", "r2"), ("r6",), _REASONS)
_CUT_OFF = ("telecom_problem", "other", "telecom_problem", "other", "customer", "agent", None)
_HANDLED_FLOWS: Flows = (
    *(("queue", "talk1", "wrap1"), ("queue", "talk1", "wrap1"), ("talk1",), ("queue", "ring1", "talk2")),
    *(("queue", "talk1", "talk2", "wrap2"), ("bot", "queue", "talk1"), ("talk1", "hold1", "wrap1")),
)
_WRITTEN_HANDLED_FLOWS: Flows = (("message1",), ("message1", "message1"), ("queue", "message2", "wrap2"))


@st.composite
def customers_who_return(draw: Draw, edges: Edges) -> Center:
    """Draw a center in which one customer, or a few, contact again and again."""
    zone = draw(st.sampled_from(edges.zones))
    moment = draw(st.sampled_from(MOMENTS[zone]))
    center: Center = {table: [] for table in ALL_TABLES}
    draw_queues(draw, center, zone, moment)
    draw_customers(draw, center, moment)
    draw_reasons(draw, center)
    spans: list[tuple[datetime, datetime]] = []
    # most centers are about one matter or two
    matters = draw(st.sampled_from(_MATTERS))
    for number in range(draw(st.integers(2, 6))):
        start = _next_start(draw, edges, zone, moment, spans)
        record = _record(draw, f"k{number}", draw(often("c1", "c2", None, "0", "c4", weight=12)))
        record["reason_code"] = draw(st.sampled_from([*(matters * 6), *_REASONS]))
        if spans and _was_cut_off(center) and draw(st.booleans()):
            start = spans[-1][1] + timedelta(seconds=edges.grace_seconds + draw(often(0, -1, 1, -30)))
            record["customer_id"] = "c1"
        written = record["channel"] in WRITTEN
        is_handled = draw(often(True, False, weight=2))
        if is_handled:
            flows = _WRITTEN_HANDLED_FLOWS if written else _HANDLED_FLOWS
        else:
            flows = WRITTEN_FLOWS if written else FLOWS
        draw_all = draw_records if draw(often(False, True, weight=3)) else draw_record
        spans.append((start, draw_all(draw, center, record, start, flows, is_quiet=True)))
    if draw(often(True, False, weight=2)):
        _draw_subscriptions(draw, center, edges, zone, [end for _, end in spans])
    if draw(often(True, False, weight=2)):
        _draw_surveys(draw, center, edges, spans)
    return moved_to_maturity(draw, center, edges, [end for _, end in spans])


def _was_cut_off(center: Center) -> bool:
    """Say whether the last record is one of a live contact that broke off."""
    last = center["contacts"][-1]
    return last["channel"] in ("voice", "chat", "video") and last["disconnect_reason"] in _CUT_OFF[:2]


def moved_to_maturity(draw: Draw, center: Center, edges: Edges, ends: Sequence[datetime]) -> Center:
    """Move a part of the centers so that a window opened by one of their ends is just over at as_of, or just not."""
    if edges.ends_with_day or not draw(often(False, True, weight=2)):
        return center
    window = timedelta(hours=draw(st.sampled_from(edges.windows_hours)) + edges.lag_hours)
    wanted = edges.as_of - window + timedelta(seconds=draw(often(0, -1, 1, -DAY, weight=2)))
    by = wanted - draw(st.sampled_from(ends))
    return shifted(center, by.days, by.seconds)


def offset(draw: Draw, edges: Edges) -> timedelta:
    """Draw how long after something else a thing happens: the end of a window, give or take a second, or soon, or before."""
    window = st.sampled_from(edges.windows_hours).map(lambda hours: 3600 * hours)
    grace = st.sampled_from((0, edges.grace_seconds, edges.grace_seconds))
    soon = st.sampled_from((-600, -30, 30, 900, 1800, 5 * 3600, 30 * 3600))
    seconds: int = draw(st.one_of(window, window, grace, grace, soon))
    return timedelta(seconds=seconds + draw(often(0, -1, 1, weight=2)))


def _next_start(
    draw: Draw, edges: Edges, zone: str, moment: datetime, spans: Sequence[tuple[datetime, datetime]]
) -> datetime:
    if not spans:
        first = moment + timedelta(seconds=draw(often(0, -3600, 3600, -DAY, -1, weight=2)))
        if edges.ends_with_day and draw(often(True, False, weight=2)):
            # a window ends in the night of the moment
            days = math.ceil(draw(st.sampled_from(edges.windows_hours)) / 24)
            first -= timedelta(days=days, hours=draw(st.sampled_from((1, 12))))
        return first
    # mostly after the end of the contact before, or of any
    start, end = draw(st.sampled_from([*spans, *([spans[-1]] * len(spans))]))
    if draw(often(False, True, weight=5)):
        return _end_of_day(end, zone, 1, edges) + timedelta(seconds=draw(st.sampled_from((-1, 0, 1))))
    begins = _later(draw, edges, zone, draw(often(end, start, weight=6)))
    return begins + timedelta(microseconds=draw(often(0, 250000, weight=20)))


def _later(draw: Draw, edges: Edges, zone: str, instant: datetime) -> datetime:
    """Draw when a thing happens after another: around the end of a window, or soon, or before."""
    if edges.ends_with_day and draw(often(True, False, weight=3)):
        days = math.ceil(draw(st.sampled_from(edges.windows_hours)) / 24)
        return _end_of_day(instant, zone, days, edges) + timedelta(seconds=draw(st.sampled_from((-1, 0, 1))))
    return instant + offset(draw, edges)


def _end_of_day(instant: datetime, zone: str, days: int, edges: Edges) -> datetime:
    """Return when the local day ends that is so many days after the one of an instant."""
    day = (to_local(instant, zone) - timedelta(hours=edges.day_start_hour)).date()
    local = datetime.combine(day + timedelta(days=days + 1), time(edges.day_start_hour))
    return local - timedelta(seconds=offset_seconds(local, zone))


def _record(draw: Draw, contact_id: str, customer_id: str | None) -> Row:
    channel = draw(often("voice", "chat", "email", "messaging", "self_service", "video", weight=5))
    direction = draw(often("inbound", "internal", weight=24))
    if draw(often(False, True, weight=5)):
        direction = "outbound"
    return {
        "contact_id": contact_id,
        "initial_contact_id": None,
        "customer_id": customer_id,
        "channel": channel,
        "direction": direction,
        "initiation_method": None,
        "purpose": draw(often("follow_up_answer", "courtesy", None, "sales", weight=4))
        if direction == "outbound"
        else None,
        "queue_id": draw(st.sampled_from(["q1", "q1", "q1", "q2", "q9", None])),
        "reason_code": None,
        "product_line_id": draw(st.sampled_from(["l1", None])),
        "disconnect_reason": draw(st.sampled_from(_CUT_OFF)),
        "agent_logged_resolved": draw(st.sampled_from([None, "true", "false"])),
        "callback_accepted": draw(often(None, "true", weight=12)),
        "is_test": draw(often(None, "true", weight=24)),
        "source_outcome": draw(often(None, "answered", "abandoned", "voicemail", weight=24)),
        "source_exclusion": draw(often(None, "Spam", weight=24)),
    }


def draw_reasons(draw: Draw, center: Center) -> None:
    """List reasons; two share their level 2, one has no levels, r6 and confirmation are not on the list."""
    for code, level_1, level_2 in (
        ("r1", "billing", "wrong charge"),
        ("r2", "billing", "wrong charge"),
        ("r3", "billing", "due date"),
        ("r4", "billing", None),
        ("r5", None, draw(often(None, "wrong charge"))),
    ):
        center["reasons"].append(
            {
                "reason_code": code,
                "reason_l1": level_1,
                "reason_l2": level_2,
                "is_failure_demand": draw(st.sampled_from([None, "true", "false"])),
                "is_first_contact_resolvable": draw(often(None, "true", "false", weight=2)),
                "repeat_window_days": draw(often(None, "1", "3", "7", "30", weight=3)),
            }
        )


def _draw_subscriptions(
    draw: Draw, center: Center, edges: Edges, zone: str, ends: Sequence[datetime]
) -> None:
    """Add subscriptions of a customer or two, most of which end at the edge of a window or as another one starts."""
    instants = [min(ends) - timedelta(days=400)]
    for number in range(draw(st.integers(1, 3))):
        subscription_id = f"s{number}"
        begins = draw(st.sampled_from([None, min(ends) - timedelta(days=500), *ends]))
        center["subscriptions"].append(
            {
                "subscription_id": subscription_id,
                "customer_id": draw(often("c1", "c2", None, weight=6)),
                "started_on": begins.date().isoformat() if begins else None,
                "updated_at": text_of(draw, draw(st.sampled_from([None, *ends]))),
            }
        )
        kinds = ("end", "end", "end", "start", "start", "reactivation", "cancel_notice", "pause")
        for event in range(draw(st.integers(1, 4))):
            at = _later(draw, edges, zone, draw(st.sampled_from([*ends, *instants])))
            if draw(often(False, True, weight=3)):
                at = draw(st.sampled_from(instants))
            instants.append(at)
            center["subscription_events"].append(
                {
                    "event_id": f"e{number}{event}",
                    "subscription_id": draw(often(subscription_id, "s9", None, weight=12)),
                    "kind": draw(st.sampled_from(kinds)),
                    "occurred_at": text_of(draw, at),
                }
            )


_SCORES = ("5", "5", "4", "3", "2", "1", "1", "0", "7", "11", "4.5", None)
_QUESTIONS: tuple[tuple[str, str | None, str | None, str | None], ...] = (
    ("satisfied", "csat", "1", "5"),
    ("turned", "csat", "1", "5"),
    ("faces", "csat", "1", "7"),
    ("settled", "first_contact_resolved", "0", "1"),
    ("recommend", "nps", "0", "10"),
    ("recommend_ten", "nps", "1", "10"),
    ("effort", "ces", "1", "7"),
    ("company", "csat", "1", "5"),
    ("found", None, "1", "5"),
    ("no_scale", "csat", None, "5"),
)


def draw_questions(draw: Draw, center: Center) -> None:
    """List survey questions on usual scales, on others and on none."""
    for question_id, instrument, lowest, highest in _QUESTIONS:
        center["survey_questions"].append(
            {
                "question_id": question_id,
                "instrument": instrument,
                "scale_min": lowest,
                "scale_max": highest,
                "positive_min": draw(often(None, "3", "4", weight=6)),
                "is_reversed": "true" if question_id == "turned" else None,
                "is_relationship": "true" if question_id == "company" else draw(often(None, "false")),
            }
        )


def _draw_surveys(
    draw: Draw, center: Center, edges: Edges, spans: Sequence[tuple[datetime, datetime]]
) -> None:
    draw_questions(draw, center)
    records = [row["contact_id"] for row in center["contacts"]]
    closing = timedelta(days=edges.survey_close_days)
    instants: list[datetime | None] = [None]
    for start, end in spans:
        for near in (start, start, end, end + closing, end + closing, start + closing):
            instants.append(near + timedelta(seconds=draw(st.sampled_from((-1, 0, 0, 1, 3600)))))
    for number in range(2):
        center["survey_invitations"].append(
            {
                "invitation_id": f"i{number}",
                "contact_id": draw(st.sampled_from([*records, None])),
                "customer_id": draw(often("c1", None)),
            }
        )
    questions = [question[0] for question in _QUESTIONS] + ["satisfied"] * 12 + ["settled"] * 4
    for number in range(draw(st.integers(1, 7))):
        answer = {
            "response_id": f"a{number}",
            "question_id": draw(st.sampled_from([*questions, "unheard"])),
            "invitation_id": draw(often(None, "i0", "i1", "i9", weight=3)),
            "customer_id": draw(often("c1", "c2", None, weight=3)),
            "contact_id": draw(st.sampled_from([*records, *records, "k99", None])),
            "answered_at": text_of(draw, draw(st.sampled_from(instants))),
            "score": draw(st.sampled_from(_SCORES)),
            "theme": draw(often(None, "price")),
            "product_line_id": draw(often(None, "l2")),
            "updated_at": text_of(draw, draw(st.sampled_from([None, spans[0][1], spans[-1][1]]))),
        }
        center["survey_answers"].append(answer)
        # the customer thinks again, now or at the very same time
        for again in range(draw(often(0, 1, 2, weight=3))):
            center["survey_answers"].append(
                {
                    **answer,
                    "response_id": f"a{number}{again}",
                    "answered_at": draw(often(answer["answered_at"], text_of(draw, spans[-1][1]), weight=1)),
                    "score": draw(st.sampled_from(_SCORES)),
                    "updated_at": draw(often(answer["updated_at"], None, text_of(draw, spans[-1][0]))),
                }
            )


# --- healthy handle times ------------------------------------------------------------------------------------

_QUARTER = datetime(2024, 10, 1)


@st.composite
def queues_with_a_band(draw: Draw, edges: Edges) -> Center:
    """Draw a queue whose customers said before a quarter what they think of contacts, and whose next ones are judged by that.

    The results of the first contacts become known around the ends of the days that a band comes from.
    """
    center: Center = {table: [] for table in ALL_TABLES}
    draw_queues(draw, center, "UTC", _QUARTER)
    draw_customers(draw, center, _QUARTER)
    draw_reasons(draw, center)
    draw_questions(draw, center)
    known = timedelta(hours=max(24 * edges.survey_close_days, 168) + edges.lag_hours)
    until = _QUARTER - timedelta(days=1) - known
    # about half of them are solved, praised, timed and in time
    before = 2 * edges.band_contacts + draw(st.integers(0, 4))
    for number in range(before):
        at = until - timedelta(days=draw(st.integers(1, 80)))
        if draw(often(False, True, weight=8)):
            # the first or the last second of the days that count
            at = until - draw(st.sampled_from((timedelta(days=90), timedelta())))
            at += timedelta(seconds=draw(st.sampled_from((-1, 0, 1))))
        _draw_call(draw, center, number, at, edges, seconds=20 * draw(st.integers(1, 9)))
    for number in range(before, before + draw(st.integers(3, 7))):
        # the quarter after that is not complete yet
        days = draw(st.integers(0, 40)) + draw(often(0, 92, weight=8))
        at = _QUARTER + timedelta(days=days, seconds=draw(st.integers(0, DAY)))
        seconds = draw(st.sampled_from((5, 5, 20, 60, 100, 180, 400)))
        _draw_call(draw, center, number, at, edges, seconds=seconds, is_judged=True)
    return center


def _draw_call(
    draw: Draw,
    center: Center,
    number: int,
    ended_at: datetime,
    edges: Edges,
    *,
    seconds: int,
    is_judged: bool = False,
) -> None:
    """Add a call of a customer of its own, what they think of it, and sometimes what they do next.

    Calls that are judged more often go wrong than those that bands come from.
    """
    calm = 2 if is_judged else 10
    contact_id, customer_id = f"k{number}", f"c{number + 10}"
    reason_code = draw(often("r1", "r3", None, weight=20))
    _add_call(draw, center, contact_id, customer_id, reason_code, ended_at, seconds)
    next_step = draw(often(None, "call", "leave", weight=calm))
    if next_step == "call":
        again = ended_at + offset(draw, edges) + timedelta(seconds=200)
        _add_call(draw, center, f"{contact_id}b", customer_id, reason_code, again, 100)
    elif next_step == "leave":
        center["subscriptions"].append({"subscription_id": f"s{number}", "customer_id": customer_id})
        center["subscription_events"].append(
            {
                "event_id": f"e{number}",
                "subscription_id": f"s{number}",
                "kind": "end",
                "occurred_at": str(ended_at + offset(draw, edges)),
            }
        )
    for question_id in draw(often(("satisfied",), (), ("satisfied", "turned"), ("faces",), weight=10)):
        center["survey_answers"].append(
            {
                "response_id": f"a{number}",
                "question_id": question_id,
                "customer_id": customer_id,
                "contact_id": contact_id,
                "answered_at": str(ended_at + timedelta(hours=2)),
                "score": draw(often("5", "4", "3", "2", "1", weight=calm)),
                "updated_at": None,
            }
        )


def _add_call(
    draw: Draw,
    center: Center,
    contact_id: str,
    customer_id: str,
    reason_code: str | None,
    ended_at: datetime,
    seconds: int,
) -> None:
    queue_id = draw(often("q1", "q2", None, weight=12))
    answered_at = ended_at - timedelta(seconds=seconds)
    queued_at = answered_at - timedelta(seconds=draw(often(5, 301)))
    center["contacts"].append(
        {
            "contact_id": contact_id,
            "customer_id": customer_id,
            "channel": "voice",
            "direction": "inbound",
            "queue_id": queue_id,
            "reason_code": reason_code,
            "started_at": str(queued_at),
            "ended_at": draw(often(str(ended_at), None, weight=30)),
            "updated_at": str(ended_at),
        }
    )
    for number, (kind, agent_id, start, end) in enumerate(
        (("queue", None, queued_at, answered_at), ("talk", "a1", answered_at, ended_at)), start=1
    ):
        center["contact_segments"].append(
            {
                "contact_id": contact_id,
                "segment_number": str(number),
                "kind": kind,
                "agent_id": agent_id,
                "queue_id": queue_id,
                "started_at": str(start),
                "ended_at": str(end),
                "transfer_kind": draw(often(None, "escalation", weight=30)) if agent_id else None,
                "updated_at": str(end),
            }
        )
