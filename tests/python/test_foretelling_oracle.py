"""Two paths agree on what answers foretell: who asked to cancel when, and which flags came before (M21), on hypothesis-made data."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from fractions import Fraction
from statistics import median
from typing import Any, NamedTuple

import builds
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import wilson

DAWN = datetime(2024, 1, 1)
AS_OF = DAWN + timedelta(days=260)
HALF_DAYS = st.integers(0, 2 * 220).map(lambda number: DAWN + timedelta(hours=12 * number))
"""Instants on a grid, so that a lead of exactly a day and a horizon of exactly 90 days happen."""
HORIZON = timedelta(days=90)
MINIMUM_N, Z = 10, 1.959964
DIGIT = 1.5e-6
EVER, NEVER = datetime(1900, 1, 1), datetime(2299, 12, 31)
KINDS = (
    *(
        "start",
        "cancel_notice",
        "cancel_notice",
        "cancel_withdrawn",
        "end",
        "end",
        "reactivation",
        "expansion",
    ),
)
REASONS = ("voluntary", "voluntary", "payment", "moved", None)

Row = dict[str, Any]


class Span(NamedTuple):
    """A time in which a subscription was held."""

    subscription: str
    begins: datetime
    ends: datetime | None


class Request(NamedTuple):
    """A cancellation that was asked for."""

    event: str
    subscription: str
    at: datetime
    ended: datetime | None
    reason: str | None


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Row], list[Row], list[Row]]:
    """Return subscriptions, their events, and answers of the customers."""
    subscriptions: list[Row] = []
    events: list[Row] = []
    answers: list[Row] = []
    for customer in range(draw(st.integers(1, 6))):
        for number in range(draw(st.integers(0, 2))):
            name = f"s{customer}{number}"
            subscriptions.append(
                {
                    "subscription_id": name,
                    "customer_id": f"c{customer}",
                    "started_on": draw(st.sampled_from([None, date(2023, 5, 1), date(2024, 2, 1)])),
                }
            )
            for _ in range(draw(st.integers(0, 6))):
                events.append(
                    {
                        "event_id": f"e{len(events):02}",
                        "subscription_id": name,
                        "kind": draw(st.sampled_from(KINDS)),
                        "occurred_at": draw(HALF_DAYS),
                        "end_reason": draw(st.sampled_from(REASONS)),
                    }
                )
        for _ in range(draw(st.integers(0, 8))):
            answers.append(
                {
                    "survey_answer_id": f"a{len(answers):02}",
                    "customer_id": f"c{customer}",
                    "instrument": "csat",
                    "is_valid": True,
                    "is_negative": draw(st.booleans()),
                    "answered_at": draw(HALF_DAYS),
                }
            )
    return subscriptions, events, answers


def held(subscription: Row, events: list[Row]) -> list[Span]:
    """Return the spans of a subscription, one instant after the other."""
    name = subscription["subscription_id"]
    changes: dict[datetime, set[bool]] = defaultdict(set)
    for event in events:
        if event["kind"] in ("start", "reactivation", "end"):
            changes[event["occurred_at"]].add(event["kind"] != "end")
    if not any(event["kind"] == "start" for event in events):
        began = subscription["started_on"]
        changes[datetime.combine(began, datetime.min.time()) if began else EVER].add(True)
    spans: list[Span] = []
    since: datetime | None = None
    for instant in sorted(changes):
        if len(changes[instant]) == 2:
            continue
        if changes[instant] == {True}:
            since = since or instant
        elif since:
            spans.append(Span(name, since, instant))
            since = None
    return [*spans, Span(name, since, None)] if since else spans


def asked_for(name: str, events: list[Row]) -> list[Request]:
    """Return the cancellations of a subscription, one event after the other."""
    requests: list[Request] = []
    notice: Row | None = None
    before = ""
    for event in sorted(events, key=lambda event: (event["occurred_at"], event["event_id"])):
        kind = event["kind"]
        if kind == "expansion":
            continue
        if kind == "cancel_notice":
            notice = notice or event
        elif kind == "end" and notice:
            reason = event["end_reason"] or notice["end_reason"]
            requests.append(
                Request(notice["event_id"], name, notice["occurred_at"], event["occurred_at"], reason)
            )
            notice = None
        elif kind == "end" and before != "end":
            at = event["occurred_at"]
            requests.append(Request(event["event_id"], name, at, at, event["end_reason"]))
        elif kind != "end":
            notice = None
        before = kind
    if notice:
        requests.append(Request(notice["event_id"], name, notice["occurred_at"], None, notice["end_reason"]))
    return requests


SUBSCRIPTIONS = pa.schema(
    [("subscription_id", pa.string()), ("customer_id", pa.string()), ("started_on", pa.date32())]
)
EVENTS = pa.schema(
    [
        *((name, pa.string()) for name in ("event_id", "subscription_id", "kind", "end_reason")),
        ("occurred_at", pa.timestamp("us")),
    ]
)
ANSWERS = pa.schema(
    [
        *((name, pa.string()) for name in ("survey_answer_id", "customer_id", "instrument")),
        ("is_valid", pa.bool_()),
        ("is_negative", pa.bool_()),
        ("answered_at", pa.timestamp("us")),
    ]
)
SIGNALS = pa.table(
    {
        "signal": ["csat_negative"],
        "instrument": ["csat"],
        "sentiment_at_most": pa.array([None], pa.decimal128(9, 4)),
        "effort_at_least": pa.array([None], pa.decimal128(9, 4)),
    }
)
NOTHING = {
    "fct_contact_sentiment": [
        *((name, pa.string()) for name in ("contact_sentiment_id", "contact_id", "customer_id")),
        ("is_preferred", pa.bool_()),
        ("exclusion_reason", pa.string()),
        ("mean_score", pa.decimal128(18, 6)),
    ],
    "fct_contact_effort": [
        *((name, pa.string()) for name in ("contact_id", "customer_id")),
        ("effort_points", pa.decimal128(18, 4)),
    ],
    "fct_contacts": [
        ("contact_id", pa.string()),
        ("started_at", pa.timestamp("us")),
        ("ended_at", pa.timestamp("us")),
    ],
}
SPANS = pa.schema(
    [
        *((name, pa.string()) for name in ("customer_id", "subscription_id")),
        ("held_from", pa.timestamp("us")),
        ("held_until", pa.timestamp("us")),
    ]
)
CANCELLATIONS = pa.schema(
    [
        *(
            (name, pa.string())
            for name in ("cancellation_id", "subscription_id", "customer_id", "end_reason")
        ),
        *((name, pa.timestamp("us")) for name in ("requested_at", "ended_at")),
        ("has_notice", pa.bool_()),
        ("is_voluntary", pa.bool_()),
    ]
)
OBSERVATIONS = pa.schema(
    [
        *((name, pa.string()) for name in ("signal", "customer_id", "observation_id")),
        ("observed_at", pa.timestamp("us")),
        ("is_flag", pa.bool_()),
        ("next_requested_at", pa.timestamp("us")),
    ]
)


@given(worlds())
@settings(max_examples=25, deadline=None)
def test_warnings_by_hand(world: tuple[list[Row], list[Row], list[Row]]) -> None:
    subscriptions, events, answers = world
    delivered = {
        "stg_subscriptions": pa.Table.from_pylist(subscriptions, SUBSCRIPTIONS),
        "stg_subscription_events": pa.Table.from_pylist(events, EVENTS),
    }
    customer_of = {row["subscription_id"]: row["customer_id"] for row in subscriptions}
    events_of = {
        name: [event for event in events if event["subscription_id"] == name] for name in customer_of
    }

    span_rows = builds.run_model("int_subscription_spans", **delivered)
    spans = [span for row in subscriptions for span in held(row, events_of[row["subscription_id"]])]
    assert {Span(row["subscription_id"], row["held_from"], row["held_until"]) for row in span_rows} == set(
        spans
    )
    assert len(span_rows) == len(spans)

    request_rows = builds.run_model("int_cancellations", **delivered)
    requests = [request for name in customer_of for request in asked_for(name, events_of[name])]
    assert {
        Request(
            *(
                row[name]
                for name in ("cancellation_id", "subscription_id", "requested_at", "ended_at", "end_reason")
            )
        )
        for row in request_rows
    } == set(requests)
    assert all(row["is_voluntary"] is (row["end_reason"] in (None, "voluntary")) for row in request_rows)

    observation_rows = builds.run_model(
        "int_warning_observations",
        early_warning_signals=SIGNALS,
        fct_survey_answers=pa.Table.from_pylist(answers, ANSWERS),
        int_subscription_spans=pa.Table.from_pylist(span_rows, SPANS),
        int_cancellations=pa.Table.from_pylist(request_rows, CANCELLATIONS),
        **{name: pa.schema(columns).empty_table() for name, columns in NOTHING.items()},
    )
    own = [request for request in requests if request.reason in (None, "voluntary")]
    observed = {}
    for answer in answers:
        customer, at = answer["customer_id"], answer["answered_at"]
        is_held = any(
            customer_of[span.subscription] == customer
            and span.begins <= at
            and (span.ends is None or at < span.ends)
            for span in spans
        )
        of_customer = [request for request in own if customer_of[request.subscription] == customer]
        is_leaving = any(request.at <= at <= (request.ended or NEVER) for request in of_customer)
        if is_held and not is_leaving:
            later = [request.at for request in of_customer if request.at > at]
            observed[answer["survey_answer_id"]] = (
                customer,
                at,
                answer["is_negative"],
                min(later, default=None),
            )
    assert {
        row["observation_id"]: (
            row["customer_id"],
            row["observed_at"],
            row["is_flag"],
            row["next_requested_at"],
        )
        for row in observation_rows
    } == observed

    (row,) = builds.run_model(
        "fct_early_warnings",
        early_warning_signals=SIGNALS,
        int_warning_observations=pa.Table.from_pylist(observation_rows, OBSERVATIONS),
        int_cancellations=pa.Table.from_pylist(request_rows, CANCELLATIONS),
        int_as_of=pa.table(
            {"domain": ["resolution"], "as_of": pa.array([AS_OF], pa.timestamp("us"))},
        ),
    )
    check_warnings(row, observed.values(), {(customer_of[one.subscription], one.at) for one in own})


def check_warnings(
    row: Row,
    observed: Iterable[tuple[str, datetime, bool, datetime | None]],
    requests: set[tuple[str, datetime]],
) -> None:
    """Compare the mart's row with counts by hand."""
    one_day = timedelta(days=1)
    followed: list[tuple[str, datetime, bool, timedelta]] = []
    counts = dict.fromkeys(("all", "followed", "flags", "true", "with_request", "pending"), 0)
    for customer, at, is_flag, request in observed:
        lead = request - at if request else None
        if lead is not None and lead <= one_day:
            counts["with_request"] += is_flag
            continue
        is_followed = lead is not None and lead <= HORIZON
        if lead is not None and is_followed and request:
            followed.append((customer, request, is_flag, lead))
        if at + HORIZON > AS_OF:
            counts["pending"] += is_flag
            continue
        counts["all"] += 1
        counts["followed"] += is_followed
        counts["flags"] += is_flag
        counts["true"] += is_flag and is_followed
    assert (row["observation_count"], row["followed_count"]) == (counts["all"], counts["followed"])
    assert (row["flag_count"], row["true_flag_count"]) == (counts["flags"], counts["true"])
    assert row["false_flag_count"] == counts["flags"] - counts["true"]
    assert (row["flag_with_request_count"], row["pending_flag_count"]) == (
        counts["with_request"],
        counts["pending"],
    )
    seen = {(customer, request) for customer, request, _, _ in followed}
    leads: dict[tuple[str, datetime], timedelta] = {}
    for customer, request, is_flag, lead in followed:
        if is_flag:
            leads[customer, request] = max(lead, leads.get((customer, request), lead))
    assert row["request_count"] == len(requests)
    assert (row["observed_request_count"], row["warned_request_count"]) == (len(seen), len(leads))
    for name, counted, part, whole in (
        ("precision", "flags", counts["true"], counts["flags"]),
        ("recall", "requests", len(leads), len(seen)),
    ):
        if whole < MINIMUM_N:
            assert row[f"{name}_share"] is None
            assert row[f"{name}_null_reason"] == f"too few {counted}"
        else:
            low, high = wilson(Fraction(part), Fraction(whole), Z)
            assert math.isclose(row[f"{name}_share"], part / whole, abs_tol=DIGIT)
            assert math.isclose(row[f"{name}_interval_low"], low, abs_tol=DIGIT)
            assert math.isclose(row[f"{name}_interval_high"], high, abs_tol=DIGIT)
    if leads:
        days = median(lead / one_day for lead in leads.values())
        assert math.isclose(row["median_lead_days"], days, abs_tol=DIGIT)
    else:
        assert row["median_lead_days"] is None
