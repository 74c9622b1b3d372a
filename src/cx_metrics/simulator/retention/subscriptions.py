"""Subscriptions: what customers pay for regularly, from when, how much, and the history that an extract shows.

Every customer holds one to four. All of them are drawn with the customers; those that begin later wait for
their day. Their events are numbered per subscription, so an event has the same id however long the
simulation is.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from cx_metrics.simulator import world
from cx_metrics.simulator.buffers import Buffer
from cx_metrics.simulator.columns import (
    DAY,
    FLAG,
    INSTANT,
    MONEY,
    TEXT,
    coded,
    days,
    flags,
    ids,
    instants,
    money,
)
from cx_metrics.simulator.contacts.population import Population
from cx_metrics.simulator.frames import (
    NONE,
    Array,
    Bools,
    Floats,
    Frame,
    Ints,
    blank,
    chance,
    concat,
    normal,
    size,
)
from cx_metrics.simulator.settings import WARM_UP_DAYS, Settings

SCHEMAS: dict[str, pa.Schema] = {
    "subscriptions": pa.schema(
        [
            ("subscription_id", TEXT),
            ("customer_id", TEXT),
            ("product_line_id", TEXT),
            ("started_on", DAY),
            ("billing_period", TEXT),
            ("updated_at", INSTANT),
        ]
    ),
    "subscription_events": pa.schema(
        [
            ("event_id", TEXT),
            ("subscription_id", TEXT),
            ("kind", TEXT),
            ("occurred_at", INSTANT),
            ("effective_on", DAY),
            ("recurring_amount_after", MONEY),
            ("currency", TEXT),
            ("is_contractual_escalator", FLAG),
            ("is_automatic", FLAG),
            ("end_reason", TEXT),
            ("decision_due_on", DAY),
        ]
    ),
}

KINDS = (
    "start",
    "renewal",
    "expansion",
    "contraction",
    "pause",
    "resume",
    "cancel_notice",
    "cancel_withdrawn",
    "end",
    "reactivation",
    "payment_failed",
    "concession",
)
(
    START,
    RENEWAL,
    EXPANSION,
    CONTRACTION,
    PAUSE,
    RESUME,
    NOTICE,
    WITHDRAWN,
    END,
    REACTIVATION,
    PAYMENT_FAILED,
    CONCESSION,
) = range(12)
END_REASONS = ("voluntary", "payment", "deceased", "moved", "fraud", "business_closed", "regulatory")
VOLUNTARY, PAYMENT, DECEASED, MOVED, FRAUD, BUSINESS_CLOSED, REGULATORY = range(7)
BILLING = ("month", "year")

# States. Waiting: not begun, or never to begin.
WAITING, ACTIVE, PAUSED, LEAVING, UNPAID, ENDED = range(6)
LIVE = (ACTIVE, PAUSED, LEAVING, UNPAID)

MOST_PER_CUSTOMER = 4
_HAS_MORE = ((0.26, 0.05, 0.0), (0.45, 0.18, 0.05), (0.75, 0.50, 0.30))
"""Chance of a second, third and fourth subscription by segment."""
_PAYS_YEARLY = (0.28, 0.45, 0.75)
_LATER_DAYS = 500
"""Mean days from joining to each further subscription."""
_LIST_PRICE = (14.0, 18.0, 17.0, 9.0, 8.0)
"""Monthly price by product line of a customer of value 1, in the reporting currency."""
_FURTHER = (1.0, 0.75, 0.6, 0.5)
_PRICE_STEP, _LOWEST_PRICE = 500, 30_000
NO_DAY = -(1 << 31)
_MOST_EVENTS = 1000
_NOON = 43_200
_SALT_MORE, _SALT_PRODUCT, _SALT_YEARLY, _SALT_LATER, _SALT_PRICE, _SALT_AUTOMATIC = range(100, 106)
_AUTOMATIC = 0.72

EVENT_FIELDS = {
    "subscription": "int64",
    "number": "int64",
    "kind": "int8",
    "at": "int64",
    "effective": "int64",
    "amount": "int64",
    "escalator": "int8",
    "automatic": "int8",
    "reason": "int8",
    "due": "int64",
}


class Book:
    """All subscriptions with their state, in the order of their customers, and their events so far.

    ``amount`` is the price per month in ten-thousandths, ``anchor`` the day of the month on which it is
    billed, ``month`` the month of its first day counted from 1970. Days of events are counted from 1970.
    """

    def __init__(self, settings: Settings, population: Population) -> None:
        """Draw the subscriptions of all customers, and let those that began before the simulation run."""
        self.settings = settings
        self.population = population
        people = population.customers
        rows = size(people)
        number = np.arange(rows, dtype=np.int64)
        draw = chance(number, settings.seed, _SALT_MORE)
        held = 1 + (draw[:, None] < np.array(_HAS_MORE)[people["segment"]]).sum(axis=1)
        self.first = np.concatenate([[0], np.cumsum(held)]).astype(np.int64)
        self.customer = np.repeat(number, held)
        slot = np.arange(len(self.customer), dtype=np.int64) - self.first[self.customer]
        key = self.customer * MOST_PER_CUSTOMER + slot
        segment = people["segment"][self.customer]
        step = np.floor(chance(self.customer, settings.seed, _SALT_PRODUCT) * 4).astype(np.int64)
        turned = (people["product"][self.customer] + 1 + (step + slot) % 4) % len(world.PRODUCT_LINES)
        self.product = np.where(slot == 0, people["product"][self.customer], turned).astype(np.int8)
        self.yearly = chance(key, settings.seed, _SALT_YEARLY) < np.array(_PAYS_YEARLY)[segment]
        wait = -np.log1p(-chance(key, settings.seed, _SALT_LATER)) * _LATER_DAYS * 86400 * slot
        self.started = people["created"][self.customer] + np.where(slot == 0, 0, 86400 + wait).astype(
            np.int64
        )
        self.amount = self._prices(key, slot, people)
        self.state = np.full(len(key), WAITING, dtype=np.int8)
        self.due = np.full(len(key), NO_DAY, dtype=np.int32)
        self.events = np.zeros(len(key), dtype=np.int16)
        self.touched = np.full(len(key), NO_DAY, dtype=np.int32)
        self.updated = self.started.copy()
        day = self.started // 86400
        date = day.astype("datetime64[D]")
        self.month = date.astype("datetime64[M]").astype(np.int32)
        self.anchor = np.minimum((date - date.astype("datetime64[M]")).astype(np.int64) + 1, 28).astype(
            np.int8
        )
        self.today = NO_DAY
        self.live = np.zeros(rows, dtype=np.int8)
        self._buffer = Buffer(EVENT_FIELDS)
        self._by_anniversary = np.flatnonzero(self.yearly)
        turns = self._turn(self.month[self._by_anniversary] % 12, self.anchor[self._by_anniversary])
        order = np.argsort(turns, kind="stable")
        self._by_anniversary, self._turns = self._by_anniversary[order], turns[order]
        self._begin_history()

    def _prices(self, key: Ints, slot: Ints, people: Frame) -> Ints:
        """Return monthly prices in whole steps."""
        value = people["value"][self.customer]
        level = np.array(world.PRICE_LEVEL)[people["region"][self.customer]]
        luck = np.exp(0.15 * normal(key, self.settings.seed, _SALT_PRICE))
        price = np.array(_LIST_PRICE)[self.product] * np.array(_FURTHER)[slot] * value * level * luck
        return in_steps(price * 10_000)

    @staticmethod
    def _turn(month: Array, anchor: Array) -> Ints:
        return np.asarray(month.astype(np.int64) * 32 + anchor)

    # History

    def _begin_history(self) -> None:
        """Let everything that began before the first simulated day run, with its renewals."""
        self.first_day = self.settings.period_start // 86400 - WARM_UP_DAYS
        old = self.started < self.first_day * 86400
        self.state[old] = ACTIVE
        np.add.at(self.live, self.customer[old], 1)
        self._old = np.flatnonzero(old)
        terms = self._terms_before(self._old)
        self.events[self._old] = 1 + terms
        renewed, nth = self._old[terms > 0], terms[terms > 0]
        self.updated[renewed] = self.anniversary(renewed, nth) * 86400 + _NOON
        order = np.argsort(self.started, kind="stable")
        self._starting = order[np.searchsorted(self.started[order], self.first_day * 86400) :]
        self._next_start = 0
        self._told = 0
        self._amount_before = self.amount[self._old]

    def _terms_before(self, rows: Ints) -> Ints:
        """Return how many terms of yearly subscriptions were renewed before the first simulated day."""
        terms = np.zeros(len(rows), dtype=np.int64)
        today = np.int64(self.first_day).astype("datetime64[D]")
        years = (today.astype("datetime64[M]").astype(np.int64) - self.month[rows]) // 12
        terms = np.where(self.anniversary(rows, years) < self.first_day, years, years - 1)
        return np.where(self.yearly[rows], np.maximum(terms, 0), 0)

    def history(self, most: int | None) -> Frame:
        """Return the events before the simulation of the next subscriptions, at most so many (None: all)."""
        last = len(self._old) if most is None else min(len(self._old), self._told + most)
        rows, price = self._old[self._told : last], self._amount_before[self._told : last]
        self._told = last
        starts = self._frame(rows, START, self.started[rows], amount=price, due=self.decision(rows, 0))
        terms = self._terms_before(rows)
        renewed = np.repeat(rows, terms)
        first = np.cumsum(terms) - terms
        nth = 1 + np.arange(len(renewed), dtype=np.int64) - np.repeat(first, terms)
        day = self.anniversary(renewed, nth)
        renewals = self._frame(
            renewed,
            RENEWAL,
            day * 86400 + _NOON,
            effective=day,
            amount=np.repeat(price, terms),
            automatic=self.is_automatic(renewed, nth),
            due=self.anniversary(renewed, nth + 1),
        )
        starts["number"][:] = 0
        renewals["number"] = nth
        return concat([starts, renewals], EVENT_FIELDS)

    # Calendar

    def anniversary(self, rows: Array, nth: Array | int) -> Ints:
        """Return the first day of the term after so many years."""
        months = (self.month[rows].astype(np.int64) + 12 * np.asarray(nth)).astype("datetime64[M]")
        return np.asarray(months.astype("datetime64[D]").astype(np.int64) + self.anchor[rows] - 1)

    def decision(self, rows: Array, nth: Array | int) -> Ints:
        """Return the day by which the term after so many years must be decided on; none for monthly ones."""
        return np.where(self.yearly[rows], self.anniversary(rows, np.asarray(nth) + 1), NO_DAY)

    def is_automatic(self, rows: Array, nth: Array | int) -> Array:
        """Tell which renewals happen without a decision of the customer."""
        return (chance(rows * 256 + nth, self.settings.seed, _SALT_AUTOMATIC) < _AUTOMATIC).astype(np.int8)

    def renewing(self, day: int) -> tuple[Ints, Ints]:
        """Return the yearly subscriptions whose term ends on a day (from 1970), and how many terms they had."""
        date = np.int64(day).astype("datetime64[D]")
        month = date.astype("datetime64[M]")
        turn = (
            int(month.astype(np.int64) % 12) * 32
            + int((date - month.astype("datetime64[D]")).astype(int))
            + 1
        )
        low, high = np.searchsorted(self._turns, [turn, turn + 1])
        rows = self._by_anniversary[low:high]
        nth = (int(month.astype(np.int64)) - self.month[rows].astype(np.int64)) // 12
        begun = nth > 0
        return rows[begun], nth[begun]

    def period_end(self, rows: Array, day: int) -> Ints:
        """Return the end of the paid period of subscriptions, the first billing day after a day (from 1970)."""
        this = np.int64(day).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        months = np.where(
            self.yearly[rows], self.month[rows] + 12 * ((this - self.month[rows]) // 12), this
        ).astype(np.int64)
        step = np.where(self.yearly[rows], 12, 1)
        for _ in range(2):
            end = (
                months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
                + self.anchor[rows]
                - 1
            )
            months = np.where(end <= day, months + step, months)
        return np.asarray(end)

    def starting(self, until: int) -> Ints:
        """Return the subscriptions that begin before an instant and were not returned yet."""
        first = self._next_start
        while_ = int(np.searchsorted(self.started[self._starting], until))
        self._next_start = while_
        return np.asarray(self._starting[first:while_])

    # State

    def known(self, day: int) -> int:
        """Return how many subscriptions belong to customers who are there when a day (of the simulation) starts."""
        return int(self.first[self.population.known(day)])

    def is_free(self, rows: Array) -> Bools:
        """Tell which subscriptions are active and had no event today yet."""
        return np.asarray((self.state[rows] == ACTIVE) & (self.touched[rows] != self.today), dtype=np.bool_)

    def of_customers(self, customer: Array, product: Array) -> Ints:
        """Return a free subscription of each customer, the one to a product line first; NONE without one."""
        found = np.full(len(customer), NONE, dtype=np.int64)
        fits = np.zeros(len(customer), dtype=np.bool_)
        for slot in range(MOST_PER_CUSTOMER):
            row = np.minimum(self.first[customer] + slot, len(self.state) - 1)
            able = (self.customer[row] == customer) & self.is_free(row)
            better = able & ((found == NONE) | (~fits & (self.product[row] == product)))
            fits |= better & (self.product[row] == product)
            found = np.where(better, row, found)
        return found

    def enter(self, rows: Ints) -> None:
        """Make subscriptions live, and their owners customers."""
        self.state[rows] = ACTIVE
        np.add.at(self.live, self.customer[rows], 1)
        self.population.active[self.customer[rows]] = True

    def leave(self, rows: Ints) -> None:
        """End subscriptions; owners without any other are no customers any more."""
        self.state[rows] = ENDED
        np.subtract.at(self.live, self.customer[rows], 1)
        owners = self.customer[rows]
        self.population.active[owners[self.live[owners] <= 0]] = False

    def price(self, rows: Ints, factor: Floats) -> Ints:
        """Change prices by a factor, in whole steps; return them."""
        self.amount[rows] = in_steps(self.amount[rows] * factor)
        return self.amount[rows]

    # Events

    def _frame(self, rows: Ints, kind: int, at: Array, **columns: Array | int) -> Frame:
        frame = blank(EVENT_FIELDS, len(rows))
        frame["effective"][:] = NO_DAY
        frame["due"][:] = NO_DAY
        frame["subscription"] = rows.astype(np.int64)
        frame["kind"][:] = kind
        frame["at"][:] = at
        for name, values in columns.items():
            frame[name][:] = values
        return frame

    def record(self, rows: Ints, kind: int, at: Array, **columns: Array | int) -> None:
        """Write an event per subscription; subscriptions that had one today must not occur twice."""
        if not len(rows):
            return
        frame = self._frame(rows, kind, at, **columns)
        frame["number"] = self.events[rows].astype(np.int64)
        self.events[rows] += np.int16(1)
        self.touched[rows] = self.today
        known = frame["at"] <= self.settings.known_until
        self.updated[rows[known]] = np.maximum(self.updated[rows[known]], frame["at"][known])
        self._buffer.append(frame)

    def drain(self, most: int | None) -> pa.Table:
        """Return events known at the extract as a table, with the history of so many subscriptions."""
        events = concat(
            [self.history(most), self._buffer.drain(self.settings.known_until)],
            EVENT_FIELDS,
        )
        rows = events["subscription"]
        present = np.ones(len(rows), dtype=np.bool_)
        region = self.population.customers["region"][self.customer[rows]]
        priced = events["amount"] != NONE
        columns = {
            "event_id": ids("SE", rows * _MOST_EVENTS + events["number"], present, digits=10),
            "subscription_id": ids("SU", rows, present),
            "kind": coded(KINDS, events["kind"]),
            "occurred_at": instants(events["at"]),
            "effective_on": days(events["effective"], events["effective"] != NO_DAY),
            "recurring_amount_after": money(events["amount"], priced),
            "currency": coded(world.CURRENCIES, region, priced),
            "is_contractual_escalator": flags(events["escalator"]),
            "is_automatic": flags(events["automatic"]),
            "end_reason": coded(END_REASONS, events["reason"]),
            "decision_due_on": days(events["due"], events["due"] != NO_DAY),
        }
        return pa.table(columns, schema=SCHEMAS["subscription_events"])

    def table(self) -> pa.Table:
        """Return the subscriptions that have begun, as known at the extract."""
        rows = np.flatnonzero((self.state != WAITING) & (self.started <= self.settings.known_until))
        present = np.ones(len(rows), dtype=np.bool_)
        product_lines = tuple(row[0] for row in world.PRODUCT_LINES)
        columns = {
            "subscription_id": ids("SU", rows, present),
            "customer_id": ids("CU", self.customer[rows], present),
            "product_line_id": coded(product_lines, self.product[rows]),
            "started_on": days(self.started[rows] // 86400),
            "billing_period": coded(BILLING, self.yearly[rows].astype(np.int8)),
            "updated_at": instants(self.updated[rows]),
        }
        return pa.table(columns, schema=SCHEMAS["subscriptions"])


def in_steps(units: Floats) -> Ints:
    """Return prices, given in ten-thousandths, as whole steps and not below the lowest."""
    steps = np.round(units / _PRICE_STEP).astype(np.int64) * _PRICE_STEP
    return np.maximum(steps, _LOWEST_PRICE)
