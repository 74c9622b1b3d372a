"""Revenue: what customers buy, give and pay back besides their monthly bills, and what made them do it.

Purchases, tickets and donations come at rates that belong to the customer. What a cause adds (a lengthy
conversation, a campaign) is drawn on top of them, so that the world without the cause is the same table without
those rows. A year before the simulation is made in the same way, so that value before the period is known.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from cx_metrics.simulator import world
from cx_metrics.simulator.buffers import Buffer
from cx_metrics.simulator.columns import INSTANT, MONEY, TEXT, coded, ids, instants, money
from cx_metrics.simulator.contacts import concerns
from cx_metrics.simulator.contacts.records import Office
from cx_metrics.simulator.defects.value_defects import with_defects
from cx_metrics.simulator.finished import FinishedDay, Tables
from cx_metrics.simulator.frames import NONE, Array, Bools, Frame, Ints, chance, concat, pick, take
from cx_metrics.simulator.retention.relationship import Relationships
from cx_metrics.simulator.settings import HISTORY_DAYS, WARM_UP_DAYS, Stage
from cx_metrics.simulator.value.campaigns import Campaigns
from cx_metrics.simulator.value.goods import (
    BOX_OFFICE,
    DEPARTMENTS,
    DONATION,
    KINDS,
    MARGINS,
    ONLINE,
    PURCHASE,
    REFUND,
    RENEWAL,
    SALES,
    TICKET,
    UPGRADE,
    cents,
    goods,
    season,
)
from cx_metrics.simulator.value.refunds import REFUNDED, REFUNDED_BEFORE, Refunds

UNITS = pa.decimal128(18, 6)
SCHEMA = pa.schema(
    [
        ("transaction_id", TEXT),
        ("customer_id", TEXT),
        ("kind", TEXT),
        ("department", TEXT),
        ("product_line_id", TEXT),
        ("occurred_at", INSTANT),
        ("amount", MONEY),
        ("currency", TEXT),
        ("margin_amount", MONEY),
        ("units", UNITS),
        ("refunds_transaction_id", TEXT),
        ("referred_by_customer_id", TEXT),
        ("is_caused_by_contact_id", TEXT),
        ("updated_at", INSTANT),
    ]
)
TRUTH_SCHEMA = pa.schema(
    [
        ("transaction_id", TEXT),
        ("customer_id", TEXT),
        ("cause", TEXT),
        ("contact_id", TEXT),
        ("campaign_id", TEXT),
    ]
)
"""Transactions that would not be there without a cause; ``contact_id`` is the contact in which they were sold, or
the lengthy conversation behind them."""

CAUSES = ("lengthy_value", "campaign", "sold_in_contact")
BY_TALK, BY_CAMPAIGN, BY_SALE = range(3)

YEARLY_PURCHASES, YEARLY_TICKETS, YEARLY_DONATIONS = 0.62, 0.40, 0.075
"""Per customer of average standing; tickets and donations come from patrons alone."""
PATRONS, BY_STANDING = 0.16, 0.35
"""Share of customers of other product lines who go to events; log rate per standard deviation of value."""
LENGTHY_SECONDS, LENGTHY_DAYS = 900, 365
GUESTS = {TICKET: 0.07, DONATION: 0.05}
"""Share of sales that name no customer."""
REFERRED = 0.15
ORDER_DAYS = 14
SOLD_INFO, SOLD_CALL, SOLD_TICKETS = 0.07, 0.14, 0.10
_AT_ONCE = 0.7
_SALT_PATRON, _SALT_REFERRED, _SALT_REFERRER, _SALT_SOLD, _SALT_WHEN, _SALT_LAG = range(140, 146)
_HISTORY_PER_DRAIN = 40_000
_HISTORY_STEP = 5
"""Days before the simulation that are made at once."""
_HISTORY_PART = 10_000
"""Parts of the generator from here on belong to the days before the simulation."""
_NEVER = -(1 << 31)

FIELDS = {
    "number": "int64",
    "customer": "int64",
    "named": "bool",
    "kind": "int8",
    "department": "int8",
    "product": "int8",
    "at": "int64",
    "amount": "int64",
    "margin": "int64",
    "units": "int32",
    "refunds": "int64",
    "referrer": "int64",
    "contact": "int64",
    "cause": "int8",
    "origin": "int64",
}
"""``contact`` is on record as the cause, ``origin`` the true cause: a contact or the number of a campaign."""


class Revenue:
    """Makes the transactions of every day, and keeps what later ones depend on."""

    def __init__(self, office: Office, relationships: Relationships, campaigns: Campaigns) -> None:
        """Draw how much customers buy, and make the year before the simulation."""
        self.office = office
        self.settings = office.settings
        self.population = office.population
        self.relationships = relationships
        self.campaigns = campaigns
        people = self.population.customers
        rows = len(self.population.active)
        number = np.arange(rows, dtype=np.int64)
        rate = np.exp(BY_STANDING * self.population.standing(number) - BY_STANDING**2 / 2)
        patron = chance(number, self.settings.seed, _SALT_PATRON) < PATRONS
        patron |= people["product"] == world.EVENTS
        patrons = PATRONS + (1 - PATRONS) * world.PRODUCT_LINES[world.EVENTS][2]
        self._weights = (
            (PURCHASE, np.cumsum(rate * (YEARLY_PURCHASES / 365))),
            (TICKET, np.cumsum(rate * patron * (YEARLY_TICKETS / patrons / 365))),
            (DONATION, np.cumsum(rate * patron * (YEARLY_DONATIONS / patrons / 365))),
        )
        self._patron = patron
        self._lengthy_until = np.full(rows, _NEVER, dtype=np.int32)
        self._lengthy_contact = np.full(rows, NONE, dtype=np.int64)
        self._has_bought = people["created"] < self.settings.period_start - HISTORY_DAYS * 86400
        self.refunds = Refunds(self.settings, rows)
        self._buffer = Buffer(FIELDS)
        self._count = 0
        self._refunded = REFUNDED_BEFORE
        first = -WARM_UP_DAYS - HISTORY_DAYS
        for since in range(first, -WARM_UP_DAYS, _HISTORY_STEP):
            rng = self.settings.generator(Stage.REVENUE, -WARM_UP_DAYS, _HISTORY_PART + since - first)
            days = range(since, min(since + _HISTORY_STEP, -WARM_UP_DAYS))
            self._organic(since, rng, len(days))
            self._renewals(rng, *self._renewals_before(days))
            for day in days:
                self._pay_back(day)
        self._refunded = REFUNDED
        self._history = self._buffer.drain()
        self._told = 0

    # Every day

    def one_day(self, day: FinishedDay) -> None:
        """Make the sales and refunds of a day."""
        rng = self.settings.generator(Stage.REVENUE, day.number)
        self._organic(day.number, rng)
        self._extra(day.number, rng)
        self._renewals(rng, *self.relationships.renewed)
        self._upgrades(rng)
        self._sold_in_contacts(day)
        self.refunds.after_contacts(day)
        self._pay_back(day.number)
        self._note_talks(day)

    def _organic(self, number: int, rng: np.random.Generator, days: int = 1) -> None:
        """Sell what customers buy on their own on some days."""
        factor = season(self.settings.day(number).month)
        known = self.population.known(max(number, -WARM_UP_DAYS))
        for kind, weights in self._weights:
            total = float(weights[known - 1]) * factor[kind] * days
            count = int(rng.poisson(total))
            customer = pick(weights[:known], rng.random(count))
            self._sell(number, kind, customer, rng, days=days)

    def _extra(self, number: int, rng: np.random.Generator) -> None:
        """Sell what lengthy conversations and campaigns add."""
        effect = self.settings.size_of("lengthy_value", number)
        if effect is not None:
            moved = np.flatnonzero(self._lengthy_until >= number)
            factor = season(self.settings.day(number).month)
            for kind, weights in self._weights:
                own = weights[moved] - np.where(moved > 0, weights[moved - 1], 0.0)
                count = int(rng.poisson(float(own.sum()) * effect * factor[kind]))
                customer = moved[pick(np.cumsum(own), rng.random(count))] if count else moved[:0]
                origin = self._lengthy_contact[customer]
                self._sell(number, kind, customer, rng, cause=BY_TALK, origin=origin)
        customer, campaign = self.campaigns.sales_on(number)
        tickets = np.array([plan.product == world.EVENTS for plan in world.CAMPAIGNS])[campaign]
        for kind, mine in ((TICKET, tickets), (PURCHASE, ~tickets)):
            self._sell(number, kind, customer[mine], rng, cause=BY_CAMPAIGN, origin=campaign[mine])

    def _sell(
        self,
        number: int,
        kind: int,
        customer: Ints,
        rng: np.random.Generator,
        *,
        days: int = 1,
        cause: int = NONE,
        origin: Array | int = NONE,
    ) -> None:
        """Write sales of a kind to customers on a day (or some days), with their amounts."""
        rows = len(customer)
        if not rows:
            return
        uniform = rng.random((4, rows))
        luck = rng.normal(size=rows)
        day = np.floor(uniform[0] * days)
        second = np.floor((uniform[0] * days - day) * 50_400)
        midnight = self.settings.period_start + (number + day.astype(np.int64)) * 86400
        at = midnight + 28_800 + second.astype(np.int64)
        units = 1 + rng.poisson(1.1 if kind == TICKET else 0.35, rows)
        amount, units, product, department = goods(self.population, kind, customer, units, luck, uniform)
        there = self.population.active[customer] & (self.population.customers["created"][customer] < at)
        named = uniform[3] >= GUESTS.get(kind, 0.0)
        self._write(
            rng,
            there,
            customer=customer,
            named=named,
            kind=kind,
            department=department,
            product=product,
            at=at,
            amount=amount,
            units=units,
            cause=cause,
            origin=np.broadcast_to(np.asarray(origin), rows),
        )

    def _renewals_before(self, days: range) -> tuple[Ints, Ints, Array]:
        """Return the yearly contracts that were renewed on days before the simulation, when, and how."""
        book = self.relationships.book
        today = self.settings.period_start // 86400
        renewed = [book.renewing(today + day) for day in days]
        row, nth = (np.concatenate([part[i] for part in renewed]) for i in range(2))
        at = np.repeat([(today + day) * 86400 + 43_200 for day in days], [len(part[0]) for part in renewed])
        return row, at, book.is_automatic(row, nth)

    def _renewals(self, rng: np.random.Generator, row: Ints, at: Ints, automatic: Array) -> None:
        """Write what is paid for the next year of yearly contracts."""
        book = self.relationships.book
        self._write(
            rng,
            np.ones(len(row), dtype=np.bool_),
            customer=book.customer[row],
            named=True,
            kind=RENEWAL,
            department=np.where(automatic == 1, ONLINE, SALES),
            product=book.product[row],
            at=at + 600,
            amount=book.amount[row] * 12,
            units=np.full(len(row), NONE),
        )

    def _upgrades(self, rng: np.random.Generator) -> None:
        """Write the fee of upgrades; it is three months of the price before or so."""
        book = self.relationships.book
        row, at, contact = self.relationships.expanded()
        paid = (contact != NONE) | (rng.random(len(row)) < 0.6)
        row, at, contact = row[paid], at[paid], contact[paid]
        self._write(
            rng,
            np.ones(len(row), dtype=np.bool_),
            customer=book.customer[row],
            named=True,
            kind=UPGRADE,
            department=np.where(contact != NONE, SALES, ONLINE),
            product=book.product[row],
            at=at + 20,
            amount=cents(book.amount[row] / 10_000 * 1.5),
            units=np.ones(len(row), dtype=np.int64),
            contact=contact,
            cause=np.where(contact != NONE, BY_SALE, NONE),
            origin=contact,
        )

    def _sold_in_contacts(self, day: FinishedDay) -> None:
        """Sell in contacts: products after a question, on a sales call, tickets on any occasion."""
        records, work = day.records, day.work
        draw = chance(records["number"], self.settings.seed, _SALT_SOLD)
        served = (work["last_agent"] != NONE) & (records["customer"] != NONE) & day.is_delivered
        served &= ~records["test"] & (records["exclusion"] == NONE) & (work["talk"] + work["writing"] > 0)
        settled = served & (records["resolved"] == 1)
        asked = settled & (records["reason"] == world.INFO) & (draw < SOLD_INFO)
        called = served & (records["purpose"] == world.TO_SALES) & (draw < SOLD_CALL)
        patron = self._patron[np.maximum(records["customer"], 0)]
        seats = settled & patron & (records["product"] == world.EVENTS) & (draw < SOLD_TICKETS) & ~asked
        rng = self.settings.generator(Stage.REVENUE, day.number, 1)
        for kind, mask in ((PURCHASE, asked | called), (TICKET, seats)):
            place = np.flatnonzero(mask & self.population.active[np.maximum(records["customer"], 0)])
            rows = len(place)
            customer, contact = records["customer"][place], records["number"][place]
            uniform = rng.random((3, rows))
            units = 1 + rng.poisson(0.6, rows)
            amount, units, product, _ = goods(
                self.population, kind, customer, units, rng.normal(size=rows), uniform
            )
            later = chance(contact, self.settings.seed, _SALT_WHEN)
            wait = np.where(later < _AT_ONCE, 15 + later * 120, 3600 + (later - _AT_ONCE) * 500_000)
            self._write(
                rng,
                np.ones(rows, dtype=np.bool_),
                customer=customer,
                named=True,
                kind=kind,
                department=BOX_OFFICE if kind == TICKET else SALES,
                product=product,
                at=records["ended"][place] + np.floor(wait).astype(np.int64),
                amount=amount,
                units=units,
                contact=contact,
                cause=BY_SALE,
                origin=contact,
            )

    def _write(
        self, rng: np.random.Generator, there: Bools, *, kind: int, customer: Ints, **columns: Array | int
    ) -> None:
        """Number and write sales; note who may ask about them or want the money back."""
        rows = len(there)
        if not rows:
            return
        uniform = rng.random((3, rows))
        amount = np.asarray(columns["amount"])
        margin = np.round(amount * MARGINS[kind] * (0.85 + 0.30 * uniform[0]) / 100).astype(np.int64) * 100
        frame: Frame = {
            name: np.broadcast_to(np.asarray(values), rows).copy()
            for name, values in (
                *columns.items(),
                ("kind", kind),
                ("customer", customer),
                ("margin", np.minimum(margin, amount)),
            )
        }
        frame = take(frame, there)
        uniform = uniform[:, there]
        rows = len(uniform[0])
        frame["number"] = self._count + np.arange(rows, dtype=np.int64)
        self._count += rows
        frame["referrer"] = self._referrers(frame) if kind in (PURCHASE, TICKET) else np.full(rows, NONE)
        self._buffer.add(rows, **frame)
        returns = uniform[1] < self._refunded[kind]
        self.refunds.plan(frame, uniform[2], returns)
        if kind == PURCHASE:
            self.refunds.note(take(frame, ~returns))
            self._note_orders(frame)

    def _note_orders(self, sale: Frame) -> None:
        """Give customers who bought a cause to get in touch."""
        day = (sale["at"] - self.settings.period_start) // 86400
        late = day >= -WARM_UP_DAYS - ORDER_DAYS
        customer, day = sale["customer"][late], day[late]
        self.population.concerns.add(concerns.ORDER, customer, day + 1, day + ORDER_DAYS)

    def _referrers(self, sale: Frame) -> Ints:
        """Return who recommended the company to those who buy for the first time."""
        customer = sale["customer"]
        _, first = np.unique(customer, return_index=True)
        newly = np.zeros(len(customer), dtype=np.bool_)
        newly[first] = ~self._has_bought[customer[first]]
        self._has_bought[customer] = True
        newly &= sale["at"] - self.population.customers["created"][customer] < 180 * 86400
        newly &= chance(customer, self.settings.seed, _SALT_REFERRED) < REFERRED
        other = np.floor(chance(customer, self.settings.seed, _SALT_REFERRER) * customer).astype(np.int64)
        older = self.population.customers["created"][other] < self.population.customers["created"][customer]
        return np.where(newly & older & (customer > 0), other, NONE)

    # Refunds, conversations

    def _pay_back(self, number: int) -> None:
        """Write the refunds that are due."""
        back = self.refunds.due(number)
        rows = len(back["number"])
        self._buffer.add(
            rows,
            number=self._count + np.arange(rows),
            customer=back["customer"],
            named=back["named"],
            kind=REFUND,
            department=back["department"],
            product=back["product"],
            at=back["at"],
            amount=back["amount"],
            margin=back["margin"],
            refunds=back["number"],
        )
        self._count += rows

    def _note_talks(self, day: FinishedDay) -> None:
        """Remember who had a lengthy conversation that settled the matter."""
        records = day.records
        lengthy = (day.work["talk"] >= LENGTHY_SECONDS) & (records["resolved"] == 1)
        lengthy &= (records["customer"] != NONE) & ~records["test"] & (records["exclusion"] == NONE)
        place = np.flatnonzero(lengthy)
        self._lengthy_until[records["customer"][place]] = day.number + LENGTHY_DAYS
        told = np.where(day.is_delivered[place], records["number"][place], NONE)
        self._lengthy_contact[records["customer"][place]] = told

    # Tables

    def drain(self) -> Tables:
        """Return the transactions since the last call, and a part of the year before."""
        return self._tables(self._told + _HISTORY_PER_DRAIN)

    def close(self) -> Tables:
        """Return the transactions that are left."""
        return self._tables(len(self._history["number"]))

    def _tables(self, until: int) -> Tables:
        before = take(self._history, np.arange(self._told, min(until, len(self._history["number"]))))
        self._told = min(until, len(self._history["number"]))
        rows = concat([before, self._buffer.drain()], FIELDS)
        updated = (
            rows["at"]
            + 60
            + np.floor(chance(rows["number"], self.settings.seed, _SALT_LAG) * 3600).astype(np.int64)
        )
        known = updated <= self.settings.known_until
        rows, updated = take(rows, known), updated[known]
        product_lines = tuple(row[0] for row in world.PRODUCT_LINES)
        region = self.population.customers["region"][rows["customer"]]
        present = np.ones(len(region), dtype=np.bool_)
        units = pa.array(np.maximum(rows["units"], 0).astype(np.int32), mask=rows["units"] == NONE).cast(
            UNITS
        )
        columns = {
            "transaction_id": ids("TX", rows["number"], present),
            "customer_id": ids("CU", rows["customer"], rows["named"]),
            "kind": coded(KINDS, rows["kind"]),
            "department": coded(DEPARTMENTS, rows["department"]),
            "product_line_id": coded(product_lines, rows["product"]),
            "occurred_at": instants(rows["at"]),
            "amount": money(rows["amount"]),
            "currency": coded(world.CURRENCIES, region),
            "margin_amount": money(rows["margin"]),
            "units": units,
            "refunds_transaction_id": ids("TX", rows["refunds"], rows["refunds"] != NONE),
            "referred_by_customer_id": ids("CU", rows["referrer"], rows["referrer"] != NONE),
            "is_caused_by_contact_id": ids("C", rows["contact"], rows["contact"] != NONE),
            "updated_at": instants(updated),
        }
        caused = take(rows, rows["cause"] != NONE)
        by_campaign = caused["cause"] == BY_CAMPAIGN
        truth = {
            "transaction_id": ids("TX", caused["number"], np.ones(len(by_campaign), dtype=np.bool_)),
            "customer_id": ids("CU", caused["customer"], np.ones(len(by_campaign), dtype=np.bool_)),
            "cause": coded(CAUSES, caused["cause"]),
            "contact_id": ids("C", caused["origin"], ~by_campaign & (caused["origin"] != NONE)),
            "campaign_id": coded(world.CAMPAIGN_IDS, np.where(by_campaign, caused["origin"], NONE)),
        }
        tables = {
            "transactions": pa.table(columns, schema=SCHEMA),
            "truth/purchases": pa.table(truth, schema=TRUTH_SCHEMA),
        }
        return with_defects(self.settings, tables)
