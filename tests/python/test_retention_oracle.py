"""Two paths agree on who was saved, who was kept and what sales followed contacts (M24 to M27, M30), on hypothesis-made data.

The models are run on tables that stand in for what they read; beside them stand plain computations that replay every customer's life.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

import builds
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from model_inputs import (
    AMOUNT,
    AS_OF,
    BOOL,
    CANCELLATIONS,
    CONTACTS,
    CUSTOMER_SPANS,
    CUSTOMERS,
    DATE,
    EPISODE_OFFERS,
    EPISODE_STATES,
    EPISODES,
    EXCLUSION_RULES,
    HANDLING,
    HORIZONS,
    INCREMENTS,
    INFLUENCING_CONTACTS,
    INT,
    MARGINS,
    MONEY,
    MONTHS,
    REQUESTS,
    RESULTS,
    SALES,
    SUBSCRIPTION_MONTHS,
    TEXT,
    TIME,
    Columns,
    table,
)
from statsmodels.duration.survfunc import SurvfuncRight

Row = dict[str, Any]
Tables = dict[str, pa.Table]

DAWN = datetime(2025, 1, 1)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
GAP, GRACE, LAG = 30 * DAY, 30 * DAY, 2 * DAY
NOW = DAWN + 200 * DAY
EVER = datetime(1900, 1, 1)
INSTANTS = st.builds(
    lambda days, seconds: DAWN + days * DAY + seconds * SECOND,
    st.integers(0, 24).map(lambda number: 5 * number) | st.sampled_from([0, 29, 30, 31, 59, 60, 61, 90]),
    st.sampled_from([0, 0, 0, 1, -1]),
)
"""Few distinct instants, so that gaps of exactly 30 days and horizons of exactly 60 happen, and seconds on both sides of them."""
KINDS = (
    "start",
    "end",
    "reactivation",
    "cancel_notice",
    "cancel_notice",
    "cancel_withdrawn",
    "pause",
    "resume",
    "contraction",
)
REASONS = (None, "voluntary", "payment", "moved")
OFFERS = ("fix", "information", "discount", "credit", "pause")
DOORS = {"stated_cancel_intent": 1, "cancel_notice": 2, "complaint": 3}


def ruled(**columns: Any) -> Row:
    """Return a row of a seed that is always in force."""
    return {"effective_from": date(1970, 1, 1), "effective_to": date(2999, 12, 31)} | columns


class World(NamedTuple):
    """Customers with subscriptions, what happened to these, contacts and offers."""

    subscriptions: list[Row]
    events: list[Row]
    contacts: list[Row]
    offers: list[Row]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Return a small world that tries the edges of gaps, horizons and ties."""
    world = World([], [], [], [])
    for customer in range(draw(st.integers(1, 8))):
        owner = f"c{customer}"
        for number in range(draw(st.integers(0, 2))):
            name = f"s{customer}{number}"
            world.subscriptions.append(
                {"subscription_id": name, "customer_id": owner, "product_line_id": "tv", "started_on": None}
            )
            if draw(st.integers(0, 9)):
                world.events.append(
                    {
                        "event_id": f"e{len(world.events):02}",
                        "subscription_id": name,
                        "kind": "start",
                        "occurred_at": DAWN - 50 * DAY,
                        "recurring_amount_after": draw(st.sampled_from([None, Decimal("10"), Decimal("10")])),
                        "end_reason": None,
                    }
                )
            for _ in range(draw(st.sampled_from([0, 1, 1, 2, 5]))):
                kind = draw(st.sampled_from(KINDS))
                world.events.append(
                    {
                        "event_id": f"e{len(world.events):02}",
                        "subscription_id": name,
                        "kind": kind,
                        "occurred_at": draw(INSTANTS),
                        "recurring_amount_after": draw(
                            st.sampled_from([None, Decimal("10"), Decimal("8"), Decimal("7.9")])
                        )
                        if kind in ("start", "contraction", "reactivation")
                        else None,
                        "end_reason": draw(st.sampled_from(REASONS))
                        if kind in ("end", "cancel_notice")
                        else None,
                    }
                )
        for _ in range(draw(st.integers(0, 3))):
            at = draw(INSTANTS)
            wish = draw(st.booleans())
            world.contacts.append(
                {
                    "contact_id": f"k{len(world.contacts):02}",
                    "customer_id": owner,
                    "started_at": at,
                    "ended_at": at + timedelta(minutes=10),
                    "business_date": at.date(),
                    "is_identified": True,
                    "is_abandoned": draw(st.booleans()),
                    "stated_cancel_intent": wish,
                    "is_complaint": not wish,
                    "product_line_id": None,
                }
            )
            for _ in range(draw(st.integers(0, 3))):
                of_customer = [
                    row["subscription_id"] for row in world.subscriptions if row["customer_id"] == owner
                ]
                world.offers.append(
                    {
                        "offer_id": f"o{len(world.offers):02}",
                        "contact_id": world.contacts[-1]["contact_id"],
                        "subscription_id": draw(st.sampled_from([None, *of_customer])),
                        "kind": draw(st.sampled_from(OFFERS)),
                        "amount": Decimal("2.5"),
                        "currency": None,
                        "was_accepted": draw(st.booleans()),
                    }
                )
    return world


SPANS: Columns = {"customer_id": TEXT, "subscription_id": TEXT, "held_from": TIME, "held_until": TIME}
STATES: Columns = {
    "customer_id": TEXT,
    "subscription_id": TEXT,
    "product_line_id": TEXT,
    "valid_from": TIME,
    "valid_until": TIME,
    "is_held": BOOL,
    "is_paying": BOOL,
    "is_under_notice": BOOL,
    "is_paused": BOOL,
    "price": MONEY,
    "currency": TEXT,
}
OFFERS_DELIVERED: Columns = {
    "offer_id": TEXT,
    "contact_id": TEXT,
    "subscription_id": TEXT,
    "kind": TEXT,
    "amount": MONEY,
    "currency": TEXT,
    "was_accepted": BOOL,
}
OFFERS_MADE: Columns = {
    **OFFERS_DELIVERED,
    "customer_id": TEXT,
    "offered_at": TIME,
    "is_on_cancel_page": BOOL,
}
ANSWERS: Columns = {
    "survey_answer_id": TEXT,
    "instrument": TEXT,
    "is_negative": BOOL,
    "customer_id": TEXT,
    "contact_id": TEXT,
    "product_line_id": TEXT,
    "answered_at": TIME,
    "answer_date": DATE,
}
SUBSCRIPTIONS: Columns = {
    "subscription_id": TEXT,
    "customer_id": TEXT,
    "product_line_id": TEXT,
    "started_on": DATE,
}
EVENTS: Columns = {
    "event_id": TEXT,
    "subscription_id": TEXT,
    "kind": TEXT,
    "occurred_at": TIME,
    "effective_on": DATE,
    "recurring_amount_after": MONEY,
    "currency": TEXT,
    "end_reason": TEXT,
}
RATES: Columns = {"currency": TEXT, "date_day": DATE, "rate_to_reporting": AMOUNT}
DENIED: Columns = {"customer_id": TEXT, "effective_from": DATE, "effective_to": DATE}
REASONS_TO_CANCEL: Columns = {"reason_code": TEXT, "effective_from": DATE, "effective_to": DATE}


def raw(world: World) -> Tables:
    """Return the tables that the models read straight."""
    days = [DAWN.date() + number * DAY for number in range(-5, 220)]
    return {
        "stg_subscriptions": table(world.subscriptions, SUBSCRIPTIONS),
        "stg_subscription_events": table(world.events, EVENTS),
        "fct_contacts": table(world.contacts, CONTACTS),
        "stg_save_offers": table(world.offers, OFFERS_DELIVERED),
        "int_contact_links": table([], {"contact_record_id": TEXT, "contact_id": TEXT}),
        "int_calendar": table([{"date_day": day} for day in days], {"date_day": DATE}),
        "int_exchange_rates": table(
            [{"currency": "GBP", "date_day": day, "rate_to_reporting": Decimal(1)} for day in days], RATES
        ),
        "denied_customer_ids": table([], DENIED),
        "int_as_of": table([{"domain": name, "as_of": NOW} for name in ("resolution", "value")], AS_OF),
    }


def run(name: str, given: Tables, columns: Columns | None = None) -> list[Row]:
    """Run a model on what it reads, and add its rows to what is given where the columns are named."""
    rows = builds.run_model(name, **given)
    if columns is not None:
        given[name] = table(rows, columns)
    return rows


def built_episodes(world: World) -> list[Row]:
    """Run the models from the subscriptions to the save episodes."""
    given = raw(world)
    run("int_subscription_spans", given, SPANS)
    run("int_subscription_states", given, STATES)
    run("int_save_offers", given, OFFERS_MADE)
    given["cancel_intent_reasons"] = table([], REASONS_TO_CANCEL)
    given["fct_survey_answers"] = table([], ANSWERS)
    run("int_save_requests", given, REQUESTS)
    run("int_save_episodes", given, EPISODES)
    run("int_save_offer_episodes", given, {"offer_id": TEXT, "episode_id": TEXT})
    run("int_save_episode_offers", given, EPISODE_OFFERS)
    run("int_save_episode_states", given, EPISODE_STATES)
    given["int_save_episode_contacts"] = table([], HANDLING)
    given["fct_contact_results"] = table([], RESULTS)
    given["stg_customers"] = table([], CUSTOMERS)
    given["int_product_margins"] = table([{"is_all_products": True, "margin_share": Decimal("0.5")}], MARGINS)
    rules = ("not_active", "duplicate", "moved", "payment", "no_contact")
    given["save_exclusion_rules"] = table([ruled(rule=rule) for rule in rules], EXCLUSION_RULES)
    given["save_increments"] = table(
        [ruled(entry_door="any", incremental_probability=Decimal("0.5"))], INCREMENTS
    )
    return run("fct_save_episodes", given)


class State(NamedTuple):
    """How a subscription stands at an instant."""

    is_held: bool
    is_under_notice: bool
    is_paused: bool
    price: Decimal | None


class Life:
    """The life of one subscription, replayed event by event."""

    def __init__(self, events: list[Row]) -> None:
        """Put the events in order; without a start the subscription was always there."""
        self.events = sorted(events, key=lambda row: (row["occurred_at"], row["event_id"]))
        self.instants = sorted({row["occurred_at"] for row in self.events})
        self.was_always_there = all(row["kind"] != "start" for row in self.events)

    def at(self, instant: datetime) -> State:
        """Return the state that everything up to and at the instant has made."""
        held, notice, paused, price = self.was_always_there, False, False, None
        for moment in self.instants:
            if moment > instant:
                break
            now = [row for row in self.events if row["occurred_at"] == moment]
            turns = {row["kind"] != "end" for row in now if row["kind"] in ("start", "reactivation", "end")}
            # what ended and began at one instant stays as it was
            if len(turns) == 1 and turns != {held}:
                held, notice, paused = turns.pop(), False, False
            for row in now:
                notice = {"cancel_notice": True, "cancel_withdrawn": False}.get(row["kind"], notice)
                paused = {"pause": True, "resume": False}.get(row["kind"], paused)
                if row["recurring_amount_after"] is not None:
                    price = row["recurring_amount_after"]
        return State(held, held and notice, held and paused, price)

    def left_at(self, since: datetime, until: datetime) -> datetime | None:
        """Return when it was first not held after an instant at which it was."""
        return next(
            (moment for moment in self.instants if since < moment <= until and not self.at(moment).is_held),
            None,
        )


class Request(NamedTuple):
    """A sign that a customer may leave."""

    at: datetime
    door: str
    source_id: str

    @property
    def name(self) -> str:
        """Return the name of the request, which an episode that it opens takes over."""
        return f"{self.door}:{self.source_id}"


def signs(world: World, lives: dict[str, Life]) -> dict[tuple[str, str], list[Request]]:
    """Return the requests of every customer and subscription; an empty name stands for all of the customer's."""
    owners = {row["subscription_id"]: row["customer_id"] for row in world.subscriptions}
    notices = [row for row in world.events if row["kind"] == "cancel_notice"]
    found: dict[tuple[str, str], list[Request]] = defaultdict(list)
    for contact in world.contacts:
        owner, at = contact["customer_id"], contact["started_at"]
        door = "stated_cancel_intent" if contact["stated_cancel_intent"] else "complaint"
        names: set[str] = set()
        if door == "stated_cancel_intent":
            names |= {
                row["subscription_id"]
                for row in world.offers
                if row["contact_id"] == contact["contact_id"] and row["subscription_id"]
            }
            names |= {
                row["subscription_id"]
                for row in notices
                if owners[row["subscription_id"]] == owner and at <= row["occurred_at"] <= at + DAY
            }
        if not names:
            held = [name for name, of in owners.items() if of == owner and lives[name].at(at).is_held]
            names = set(held) if len(held) == 1 else {""}
        for name in names:
            found[owner, name].append(Request(at, door, contact["contact_id"]))
    for row in notices:
        key = owners[row["subscription_id"]], row["subscription_id"]
        found[key].append(Request(row["occurred_at"], "cancel_notice", row["event_id"]))
    return found


def grouped(requests: list[Request]) -> list[list[Request]]:
    """Return requests by episode: each within the gap after the one before."""
    groups: list[list[Request]] = []
    for request in sorted(requests, key=lambda one: (one.at, DOORS[one.door], one.name)):
        if groups and request.at <= groups[-1][-1].at + GAP:
            groups[-1].append(request)
        else:
            groups.append([request])
    return groups


def expected_episodes(world: World) -> dict[str, Row]:
    """Return what every save episode must say."""
    lives = {
        row["subscription_id"]: Life(
            [event for event in world.events if event["subscription_id"] == row["subscription_id"]]
        )
        for row in world.subscriptions
    }
    owners = {row["subscription_id"]: row["customer_id"] for row in world.subscriptions}
    expected: dict[str, Row] = {}
    groups = {key: grouped(requests) for key, requests in signs(world, lives).items()}
    openings: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for (owner, name), of_key in groups.items():
        openings[owner].extend((group[0].at, name) for group in of_key)
    for (owner, name), of_key in groups.items():
        for group in of_key:
            opened, closes = group[0].at, group[-1].at + GAP
            stakes = [
                life
                for key, life in lives.items()
                if owners[key] == owner and name in ("", key) and life.at(opened).is_held
            ]
            offers = [
                row
                for row in world.offers
                for contact in world.contacts
                if contact["contact_id"] == row["contact_id"]
                and contact["customer_id"] == owner
                and opened <= contact["ended_at"] <= closes
                and (not name or row["subscription_id"] in (None, name))
            ]
            taken = {row["kind"] for row in offers if row["was_accepted"]}
            kind = next(
                (
                    label
                    for label, kinds in (
                        ("concession", {"discount", "credit"}),
                        ("pause", {"pause"}),
                        ("fix", {"fix"}),
                        ("information", {"information"}),
                    )
                    if kinds & taken
                ),
                None,
            )
            is_wish = any(request.door != "complaint" for request in group)
            reasons = sorted(
                (event["occurred_at"], event["event_id"], event["end_reason"])
                for life in stakes
                for event in life.events
                if event["end_reason"] and opened <= event["occurred_at"] <= opened + 60 * DAY
            )
            # the other form of the same wish, opened before this one in the order of the customer's episodes
            twins = [
                at
                for at, other in openings[owner]
                if bool(other) != bool(name) and (at, other) < (opened, name)
            ]
            is_duplicate = bool(twins) and opened <= max(twins) + GAP
            rule = (
                "not_active"
                if not stakes
                else "duplicate"
                if is_duplicate
                else reasons[0][2]
                if reasons and reasons[0][2] in ("moved", "payment")
                else "no_contact"
                if all(request.door == "cancel_notice" for request in group)
                else None
            )
            row: Row = {
                "entry_door": group[0].door,
                "opened_at": opened,
                "request_count": len(group),
                "subscription_count": len(stakes),
                "exclusion_rule": rule,
                "was_attempted": bool(offers) if world.offers else None,
                "is_wish_to_cancel": is_wish,
            }
            for days in HORIZONS:
                horizon = opened + days * DAY
                states = [
                    (life.at(opened), life.at(horizon), life.left_at(opened, horizon)) for life in stakes
                ]
                is_kept = all(
                    then.is_held and not then.is_under_notice and left is None for _, then, left in states
                )
                is_less = any(
                    before.price is not None
                    and then.price is not None
                    and then.price < before.price * Decimal("0.8")
                    for before, then, _ in states
                )
                is_known = horizon + LAG <= NOW
                row[f"is_active_{days}d"] = is_kept if stakes and is_known else None
                is_saved = (
                    is_kept
                    and not any(then.is_paused for _, then, _ in states)
                    and not is_less
                    and kind in ("concession", "fix", "information")
                )
                row[f"is_saved_{days}d"] = is_saved if stakes and is_known and world.offers else None
            row["is_eligible"] = False if rule else True if opened + 60 * DAY + LAG <= NOW else None
            expected[f"{group[0].name}:{name or 'any'}"] = row
    return expected


@given(worlds())
@settings(max_examples=15, deadline=None)
def test_saves_by_hand(world: World) -> None:
    found = {row["episode_id"]: row for row in built_episodes(world)}
    expected = expected_episodes(world)
    assert found.keys() == expected.keys()
    for name, row in expected.items():
        got = {key: found[name][key] for key in row}
        assert got == row, name


def month_starts() -> list[datetime]:
    """Return the starts of the months that are compared, and the end of the last."""
    return [datetime(2025, month, 1) for month in range(1, 8)]


def paid_spans(lives: list[Life]) -> list[tuple[datetime, datetime | None]]:
    """Return when a customer held anything at a price, gaps after failed payments closed where they were made up for in time."""
    moments = sorted({EVER, *(moment for life in lives for moment in life.instants)})

    def is_active(moment: datetime) -> bool:
        return any(
            state.is_held and (state.price is None or state.price != 0)
            for state in (life.at(moment) for life in lives)
        )

    spans: list[tuple[datetime, datetime | None]] = []
    for moment in moments:
        is_open = bool(spans) and spans[-1][1] is None
        if is_active(moment) and not is_open:
            spans.append((moment, None))
        elif not is_active(moment) and is_open:
            spans[-1] = (spans[-1][0], moment)
    joined: list[tuple[datetime, datetime | None]] = []
    for begins, ends in spans:
        last = joined[-1][1] if joined else None
        reasons = [
            event["end_reason"]
            for life in lives
            for event in life.events
            if event["kind"] == "end"
            and event["occurred_at"] == last
            and life.at(event["occurred_at"] - SECOND / 2).is_held
        ]
        if last is not None and reasons == ["payment"] and begins <= last + GRACE:
            joined[-1] = (joined[-1][0], ends)
        else:
            joined.append((begins, ends))
    return joined


@st.composite
def kept_worlds(draw: st.DrawFn) -> World:
    """Return worlds in which a customer changes once per instant, so that an end has one reason."""
    world = draw(worlds())
    seen: set[tuple[str, datetime]] = set()
    events = []
    for row in world.events:
        key = (row["subscription_id"][:2], row["occurred_at"])
        if key not in seen:
            events.append(row)
            seen.add(key)
    return world._replace(events=events)


@given(kept_worlds())
@settings(max_examples=15, deadline=None)
def test_months_by_hand(world: World) -> None:
    given_tables = raw(world)
    run("int_subscription_spans", given_tables, SPANS)
    run("int_subscription_states", given_tables, STATES)
    given_tables["stg_transactions"] = table([], SALES)
    run("int_customer_spans", given_tables, CUSTOMER_SPANS)
    starts = month_starts()
    given_tables["int_retention_months"] = table(
        [
            {"month_start_date": begins.date(), "starts_at": begins, "ends_at": ends, "is_mature": True}
            for begins, ends in pairwise(starts)
        ],
        MONTHS,
    )
    given_tables["stg_customers"] = table([], CUSTOMERS)
    run("fct_subscription_months", given_tables, SUBSCRIPTION_MONTHS)
    given_tables["dim_customer"] = table([], CUSTOMERS)
    given_tables["int_cancellations"] = table([], CANCELLATIONS)
    given_tables["int_save_requests"] = table([], REQUESTS)
    found = {
        (row["customer_id"], row["month_start_date"]): row for row in run("fct_customer_months", given_tables)
    }

    lives: dict[str, list[Life]] = defaultdict(list)
    for row in world.subscriptions:
        lives[row["customer_id"]].append(
            Life([event for event in world.events if event["subscription_id"] == row["subscription_id"]])
        )
    expected: dict[tuple[str, date], tuple[bool, bool | None]] = {}
    amounts: dict[tuple[str, date], tuple[Decimal, Decimal] | None] = {}
    for owner, subscriptions in lives.items():
        held = paid_spans(subscriptions)
        for begins, ends in pairwise(starts):
            was_there = any(since <= begins and (until is None or until > begins) for since, until in held)
            is_there = any(since <= ends and (until is None or until > ends) for since, until in held)
            came = any(begins < since <= ends for since, _ in held)
            if not was_there and not came:
                continue
            expected[owner, begins.date()] = (was_there, is_there if was_there else None)
            values: list[list[Decimal | None]] = [[], []]
            for life in subscriptions:
                for side, moment in zip(values, (begins, ends), strict=True):
                    state = life.at(moment)
                    is_active = state.is_held and state.price != 0
                    side.append(Decimal(0) if not is_active or state.is_paused else state.price)
            if was_there:
                known = [[value for value in side if value is not None] for side in values]
                amounts[owner, begins.date()] = (
                    (sum(known[0], Decimal(0)), sum(known[1], Decimal(0))) if known == values else None
                )
    assert {key: (row["is_active_at_start"], row["is_retained"]) for key, row in found.items()} == expected
    for key, both in amounts.items():
        row = found[key]
        if both is None:
            assert row["amount_null_reason"] == "price or exchange rate unknown", key
            continue
        start, end = both
        lost = not expected[key][1]
        assert row["start_amount"] == start
        assert row["churned_amount"] == (start if lost else 0)
        assert row["contraction_amount"] == (0 if lost else max(start - end, Decimal(0)))
        assert row["expansion_amount"] == (0 if lost else max(end - start, Decimal(0)))


@st.composite
def selling_worlds(draw: st.DrawFn) -> tuple[list[Row], list[Row]]:
    """Return contacts and sales of two customers on a grid of whole days, with seconds on both sides of a window."""
    contacts = [
        {
            "contact_id": f"k{number:02}",
            "customer_id": draw(st.sampled_from(["a", "b"])),
            "ended_at": draw(INSTANTS),
        }
        for number in range(draw(st.integers(0, 6)))
    ]
    sales = [
        {
            "transaction_id": f"t{number:02}",
            "customer_id": draw(st.sampled_from(["a", "b", None])),
            "occurred_at": draw(INSTANTS) + draw(st.sampled_from([0, 7, 14, 30, 90])) * DAY,
            "net_amount": Decimal(draw(st.integers(0, 9_999_999))) / 100,
            "cause_contact_id": draw(st.sampled_from([None, None, None, "k00", "k01", "gone"])),
        }
        for number in range(draw(st.integers(0, 6)))
    ]
    return contacts, sales


@given(selling_worlds())
@settings(max_examples=15, deadline=None)
def test_influence_by_hand(world: tuple[list[Row], list[Row]]) -> None:
    contacts, sales = world
    whole = [
        row
        | {
            "started_at": row["ended_at"] - timedelta(minutes=10),
            "direction": "inbound",
            "contact_type": "service",
        }
        for row in contacts
    ]
    found = builds.run_model(
        "fct_revenue_influence",
        int_transaction_amounts=table(sales, SALES),
        int_influencing_contacts=table(whole, INFLUENCING_CONTACTS),
        fct_contacts=table(whole, CONTACTS),
        int_as_of=table([{"domain": "value", "as_of": NOW}], AS_OF),
    )
    expected: dict[tuple[int, str, str], tuple[Decimal, Decimal, Decimal, bool]] = {}
    for window in (7, 14, 30, 90):
        for sale in sales:
            at = sale["occurred_at"]
            cause = [
                row
                for row in whole
                if row["contact_id"] == sale["cause_contact_id"] and row["started_at"] <= at
            ]
            before = cause or [
                row for row in whole if row["customer_id"] == sale["customer_id"] and row["ended_at"] < at
            ]
            credited = sorted(
                (row for row in before if at <= row["ended_at"] + window * DAY),
                key=lambda row: (row["ended_at"], row["contact_id"]),
            )
            for number, row in enumerate(credited):
                parts = [
                    (Fraction(sale["net_amount"]) * end / len(credited) * 1_000_000) // 1
                    for end in (number, number + 1)
                ]
                expected[window, sale["transaction_id"], row["contact_id"]] = (
                    sale["net_amount"] if row is credited[-1] else Decimal(0),
                    Decimal(parts[1] - parts[0]) / 1_000_000,
                    sale["net_amount"] if row is credited[0] else Decimal(0),
                    row["ended_at"] + window * DAY + LAG <= NOW,
                )
    assert {
        (row["window_days"], row["transaction_id"], row["contact_id"]): (
            row["last_amount"],
            row["linear_amount"],
            row["first_amount"],
            row["is_mature"],
        )
        for row in found
    } == expected


@given(
    st.lists(
        st.tuples(st.integers(0, 20), st.integers(0, 20), st.booleans()).map(
            lambda drawn: (drawn[0], drawn[0] + drawn[1], drawn[2])
        ),
        min_size=1,
        max_size=25,
    )
)
@settings(max_examples=25, deadline=None)
def test_survival_is_that_of_statsmodels(tenures: list[tuple[int, int, bool]]) -> None:
    found = builds.run_model(
        "fct_tenure_survival",
        int_customer_tenures=table(
            [
                {"segment": "consumer", "entered_days": entered, "left_days": left, "is_ended": ended}
                for entered, left, ended in tenures
            ],
            {"segment": TEXT, "entered_days": INT, "left_days": INT, "is_ended": BOOL},
        ),
    )
    if not any(ended for _, _, ended in tenures):
        assert not found
        return
    # whoever leaves on a day is in view on it: for statsmodels, who enters at a time is at risk only after it
    survival = SurvfuncRight(
        [2 * left + 1 for _, left, _ in tenures],
        [int(ended) for _, _, ended in tenures],
        entry=[2 * entered for entered, _, _ in tenures],
    )
    whole = {
        (int(time) - 1) // 2: (float(share), float(at_risk), float(lost))
        for time, share, at_risk, lost in zip(
            survival.surv_times, survival.surv_prob, survival.n_risk, survival.n_events, strict=True
        )
        if lost
    }
    for segment in ("all", "consumer"):
        mine = {row["tenure_days"]: row for row in found if row["segment"] == segment}
        assert mine.keys() == whole.keys()
        for day, (share, at_risk, lost) in whole.items():
            assert (mine[day]["at_risk_count"], mine[day]["lost_count"]) == (at_risk, lost)
            assert abs(float(mine[day]["survival_share"]) - max(share, 0.0)) < 1.5e-6
