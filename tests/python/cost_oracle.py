"""What it cost, once more, in plain Python: from raw rows to the cost of contacts, of capacity, and the ledger's reconciliation.

The second of two paths that must agree (see `oracle.py`), written from the definitions (M34, M36) and what the documents of the marts
and of their steps say. Time and money are exact fractions; only what the payroll pays for a day is cut at the millionth, as its document
says, so that the models' cuts along a line can be told from errors.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import oracle
from oracle import Decisions, Leg, RawTables, Row, seconds_of

SHARED_POOLS = (
    *("supervision", "workforce_management", "platform_licences"),
    *("facilities", "quality", "corporate"),
)
"""Pools that are shared out as the ledger has them."""

OTHER_WORK = ("meeting", "training", "coaching", "project")

Contact = str
Agent = str
Month = date
AgentMonth = tuple[Month, Agent]

ContactKey = tuple[Contact, str, str, str, Month]
"""Contact, component, pool, vendor and month."""

CapacityKey = tuple[Month, str, str, str | None, str, str, datetime | None]
"""Month, pool, vendor, queue, kind, activity and half hour."""

PoolKey = tuple[Month, str, str]
"""Month, pool and vendor."""

ZERO = Fraction(0)


def rounded(value: Fraction) -> Fraction:
    """Round to the millionth, as a cast to decimal(18,6) does."""
    return Fraction(math.floor(value * 10**6 + Fraction(1, 2)), 10**6)


def cut(value: Fraction) -> Fraction:
    """Cut off what is beyond the millionth."""
    return Fraction(math.floor(value * 10**6), 10**6)


@dataclass
class Piece:
    """A stretch of seconds in which an agent did one thing for a contact."""

    contact_id: Contact
    queue_id: str | None
    activity: str
    start: int
    end: int
    rank: tuple[Any, ...]
    """Of what goes on at the same time for the same contact, the first counts."""


@dataclass
class Work:
    """What one agent did for contacts in one month."""

    pieces: list[Piece] = field(default_factory=list)
    shared: dict[tuple[Contact, str | None, str], Fraction] = field(
        default_factory=lambda: defaultdict(lambda: ZERO)
    )
    """Seconds by contact, queue and activity, shared with what else was open."""
    handled: dict[Contact, int] = field(default_factory=lambda: defaultdict(int))
    """Seconds of talk, hold, messages and wrap-up by contact, not shared."""

    @property
    def used(self) -> Fraction:
        """Seconds on contacts."""
        return sum(self.shared.values(), ZERO)

    @property
    def home_queue(self) -> str | None:
        """The queue that takes most of the month."""
        by_queue: dict[str, Fraction] = defaultdict(lambda: ZERO)
        for (_contact, queue, _activity), seconds in self.shared.items():
            if queue is not None:
                by_queue[queue] += seconds
        return min(by_queue, key=lambda queue: (-by_queue[queue], queue), default=None)

    def on(self, contact_id: Contact) -> Fraction:
        """Return the seconds on one contact."""
        return sum((s for (contact, _, _), s in self.shared.items() if contact == contact_id), ZERO)


@dataclass
class Sheet:
    """An agent's paid time of a month by the time sheet, in seconds."""

    contact: int = 0
    waiting: dict[datetime, int] = field(default_factory=lambda: defaultdict(int))
    other: dict[str, int] = field(default_factory=lambda: defaultdict(int))


@dataclass
class Payroll:
    """What the payroll pays an agent for a month."""

    minutes: Fraction = ZERO
    straight: Fraction = ZERO
    on_costs: Fraction = ZERO


@dataclass
class Use:
    """A use of an agent's time, and for how long."""

    kind: str
    activity: str
    half_hour: datetime | None
    seconds: Fraction


@dataclass
class Labour:
    """One agent and month: who it is, what the time was, and what it costs."""

    role: str
    vendor_id: str
    is_outsourced: bool
    basis: str | None
    pool: str
    used: Fraction
    uses: list[Use]
    home_queue: str | None
    evaluations: int
    amount: Fraction | None = None
    """None where no price is known."""
    amount_base: Fraction = ZERO
    on_costs: Fraction = ZERO
    staff_on_costs: Fraction = ZERO
    """On-costs that serve all agents."""
    shared_base: Fraction = ZERO
    capacity: Fraction = ZERO


@dataclass
class Books:
    """One row of fct_ledger_reconciliation."""

    contact: Fraction = ZERO
    cut_off: Fraction = ZERO
    unused_capacity: Fraction = ZERO
    non_contact: Fraction = ZERO
    unowned: Fraction = ZERO
    unallocated: Fraction = ZERO
    ledger: Fraction = ZERO
    out_of_scope: Fraction = ZERO
    accrual: Fraction = ZERO
    currency: Fraction = ZERO

    @property
    def unexplained(self) -> Fraction:
        """What nothing explains, rounding included."""
        capacity = self.unused_capacity + self.non_contact + self.unowned
        return self.ledger - self.contact - capacity - self.unallocated - self.accrual - self.currency


@dataclass
class Posting:
    """One posting of the ledger."""

    entry_id: str
    month: Month
    account_id: str
    vendor_id: str
    site: str
    posted_on: date
    currency: str
    raw_amount: Fraction
    pool: str
    is_in_scope: bool
    amount: Fraction | None
    settles: bool = False


class Costs:
    """Cost of everything, computed from raw rows."""

    def __init__(self, raw: RawTables, decisions: Decisions) -> None:
        """Compute all of it."""
        self.decisions = decisions
        self.variables = decisions.variables
        self.center = oracle.compute(raw, decisions)
        self.staged = self.center.staged
        self.queues = {row["queue_id"]: row for row in self.staged["queues"]}
        self.contacts: dict[ContactKey, Fraction] = defaultdict(lambda: ZERO)
        self.unpriced: set[tuple[Contact, str, str, str, Month]] = set()
        self.capacity: dict[CapacityKey, Fraction] = defaultdict(lambda: ZERO)
        self.minutes: dict[CapacityKey, Fraction] = defaultdict(lambda: ZERO)
        self.work = self._work()
        self.sheets = self._sheets()
        self.pay_days = self._pay_days()
        self.payroll = self._payroll()
        self.ledger = self._ledger()
        self.labour = self._labour()
        self._agents_time()
        self._shared_pools()
        self._vendor_fees()
        self._overtime_premium()
        self._channels()
        self._technology()
        self._beside_contacts()
        self.books = self._reconcile()

    # --- months and money ---

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.variables["reporting_timezone"])

    def month_of(self, instant: datetime) -> Month:
        """Return the month of the books, which are kept in the reporting time zone."""
        local = instant.replace(tzinfo=UTC).astimezone(self._zone)
        return local.date().replace(day=1)

    @cached_property
    def _rates(self) -> dict[str, list[tuple[date, Fraction]]]:
        rates: dict[str, list[tuple[date, Fraction]]] = defaultdict(list)
        for row in self.staged["fx_rates"]:
            if row["rate_to_reporting"] is not None and row["rate_to_reporting"] > 0:
                rates[row["currency"]].append((row["rate_on"], Fraction(row["rate_to_reporting"])))
        return {currency: sorted(found) for currency, found in rates.items()}

    def rate(self, currency: str | None, day: date) -> Fraction | None:
        """Return what a unit of a currency is worth on a day: the day's rate or the last one before; None before the first."""
        if currency is None or currency == self.variables["reporting_currency"]:
            return Fraction(1)
        known = [rate for since, rate in self._rates.get(currency, []) if since <= day]
        return known[-1] if known else None

    @staticmethod
    def _in_force(rows: Iterable[Row], day: date) -> Row | None:
        """Return the row that came into force last, up to a day."""
        known = [row for row in rows if row["effective_from"] <= day]
        return max(known, key=lambda row: row["effective_from"], default=None)

    # --- agents' time ---

    def _work(self) -> dict[AgentMonth, Work]:
        work: dict[AgentMonth, Work] = defaultdict(Work)
        for contact_id, legs in self.center.legs.items():
            for leg in legs:
                if leg.agent_id is not None:
                    self._work_of_leg(work, contact_id, leg)
        for row in self.staged["contact_segments"]:
            if row["kind"] not in ("ring", "consult") or row["agent_id"] is None or row["ended_at"] is None:
                continue
            start, end = seconds_of(row["started_at"]), seconds_of(row["ended_at"])
            if end > start:
                contact_id = self.center.contact_of(row["contact_id"]) or row["contact_id"]
                of = work[self.month_of(row["started_at"]), row["agent_id"]]
                of.pieces.append(
                    Piece(contact_id, row["queue_id"], row["kind"], start, end, (start, end, row["kind"]))
                )
        for of in work.values():
            self._share(of)
        return {key: of for key, of in work.items() if of.pieces}

    def _work_of_leg(self, work: dict[AgentMonth, Work], contact_id: Contact, leg: Leg) -> None:
        """Give every second of a leg to what the agent did first of what covers it; hold inside talk is hold."""
        spans = sorted(
            (span for span in leg.spans if span.problem is None), key=lambda span: (span.start, span.number)
        )
        edges = sorted({edge for span in spans for edge in span.stretch})
        since: dict[int, int] = {}
        for start, end in pairwise(edges):
            covering = [span for span in spans if span.stretch[0] <= start and end <= span.stretch[1]]
            if not covering:
                continue
            owner = covering[0]
            holds = [span for span in covering if span.kind == "hold"]
            activity = "hold" if owner.kind == "talk" and holds else owner.kind
            of = work[self.month_of(owner.start), leg.agent_id or ""]
            rank = (since.setdefault(owner.number, start), owner.stretch[1], owner.kind)
            of.pieces.append(Piece(contact_id, leg.queue_id, activity, start, end, rank))
            of.handled[contact_id] += end - start

    def _weight(self, queue_id: str | None) -> Fraction:
        """Return how much of an agent a contact takes beside others."""
        if self.variables["concurrency_split"] != "capacity":
            return Fraction(1)
        capacity = self.queues.get(queue_id or "", {}).get("concurrency_capacity") or 1
        return Fraction(1, max(1, min(capacity, 10)))

    def _share(self, work: Work) -> None:
        """Share every second of an agent among the contacts that are open in it."""
        edges = sorted({edge for piece in work.pieces for edge in (piece.start, piece.end)})
        for start, end in pairwise(edges):
            is_open = [piece for piece in work.pieces if piece.start <= start and end <= piece.end]
            by_contact: dict[Contact, list[Piece]] = defaultdict(list)
            for piece in is_open:
                by_contact[piece.contact_id].append(piece)
            counted = [min(pieces, key=lambda piece: piece.rank) for pieces in by_contact.values()]
            weight = sum((self._weight(piece.queue_id) for piece in counted), ZERO)
            for piece in counted:
                part = Fraction(end - start)
                if self.variables["concurrency_split"] != "none":
                    part *= self._weight(piece.queue_id) / weight
                work.shared[piece.contact_id, piece.queue_id, piece.activity] += part

    def _sheets(self) -> dict[AgentMonth, Sheet]:
        by_agent: dict[Agent, list[Row]] = defaultdict(list)
        for row in self.staged["agent_states"]:
            by_agent[row["agent_id"]].append(row)
        sheets: dict[AgentMonth, Sheet] = {}
        for agent, rows in by_agent.items():
            rows.sort(key=lambda row: row["started_at"])
            for row, following in zip(rows, [*rows[1:], None], strict=True):
                ends = [row["ended_at"], following and following["started_at"]]
                known = [end for end in ends if end is not None]
                if not known:
                    continue
                start, end = seconds_of(row["started_at"]), seconds_of(min(known))
                is_paid = row["is_paid"]
                if is_paid is None:
                    is_paid = row["state"] not in ("break", "offline")
                if end <= start or not is_paid:
                    continue
                sheet = sheets.setdefault((self.month_of(row["started_at"]), agent), Sheet())
                if row["state"] == "contact":
                    sheet.contact += end - start
                elif row["state"] == "available":
                    while start < end:
                        until = min(end, (start // 1800 + 1) * 1800)
                        half_hour = oracle.EPOCH + timedelta(seconds=start // 1800 * 1800)
                        sheet.waiting[half_hour] += until - start
                        start = until
                elif row["state"] in OTHER_WORK:
                    sheet.other[row["state"]] += end - start
        return sheets

    # --- pay ---

    def _pay_days(self) -> list[tuple[Agent, date, Row]]:
        rates: dict[Agent, list[Row]] = defaultdict(list)
        for row in self.staged["agent_pay_rates"]:
            rates[row["agent_id"]].append(row)
        found = []
        for row in self.staged["agent_pay"]:
            overtime = Fraction(row["overtime_minutes"] or 0)
            day: Row = {
                "minutes": Fraction(row["regular_minutes"] or 0) + overtime,
                "queue": row["overtime_queue_id"],
                "straight": None,
            }
            terms = self._in_force(rates[row["agent_id"]], row["work_date"])
            rate = None if terms is None else self.rate(terms["currency"], row["work_date"])
            if terms and rate is not None and terms["hourly_rate"] is not None:
                hourly = Fraction(terms["hourly_rate"])
                multiplier = max(Fraction(terms["overtime_multiplier"] or 1), Fraction(1))
                on_cost_rate = Fraction(terms["on_cost_rate"] or 0)
                straight = cut(rounded(day["minutes"] * hourly) / 60)
                premium = cut(rounded(rounded(overtime * hourly) * (multiplier - 1)) / 60)
                day["straight"] = rounded(straight * rate)
                day["on_costs"] = rounded(rounded(straight * on_cost_rate) * rate)
                day["premium"] = rounded(premium * rate)
                day["premium_on_costs"] = rounded(rounded(premium * on_cost_rate) * rate)
            found.append((row["agent_id"], row["work_date"], day))
        return found

    def _payroll(self) -> dict[AgentMonth, Payroll]:
        payroll: dict[AgentMonth, Payroll] = defaultdict(Payroll)
        for agent, day, pay in self.pay_days:
            of = payroll[day.replace(day=1), agent]
            of.minutes += pay["minutes"]
            if pay["straight"] is not None:
                of.straight += pay["straight"]
                of.on_costs += pay["on_costs"]
        return payroll

    # --- what agents' time costs ---

    def _agent(self, agent: Agent, month: Month) -> Row:
        """Return who the agent was when the month ended, or first was after it."""
        rows = [row for row in self.staged["agents"] if row["agent_id"] == agent]
        known = self._in_force(rows, _last_day(month))
        return known or min(rows, key=lambda row: row["effective_from"], default={})

    def _is_outsourced(self, vendor_id: str) -> bool:
        kinds = {row["vendor_id"]: row["kind"] for row in self.staged["vendors"]}
        return (kinds.get(vendor_id) or ("in_house" if vendor_id == "in_house" else "bpo")) == "bpo"

    def terms(self, vendor_id: str, month: Month) -> tuple[str | None, Fraction | None]:
        """Return what a vendor is paid by at the beginning of a month, or first in it, and the price."""
        until = _last_day(month)
        found = [
            row
            for row in self.staged["vendor_contracts"]
            if row["vendor_id"] == vendor_id
            and (row["effective_from"] or month) <= until
            and (row["effective_to"] or date.max) > month
        ]
        # of those in force as the month begins the latest, else the first to come; of equals the greatest version
        found.sort(key=lambda row: row["contract_version"], reverse=True)
        early = [row for row in found if (row["effective_from"] or month) <= month]
        if early:
            found = sorted(early, key=lambda row: row["effective_from"] or date.min, reverse=True)
        else:
            found.sort(key=lambda row: row["effective_from"])
        if not found:
            return None, None
        rate = self.rate(found[0]["currency"], until)
        price = found[0]["unit_price"]
        return found[0]["payment_basis"], None if rate is None or price is None else rounded(
            Fraction(price) * rate
        )

    def _labour(self) -> dict[AgentMonth, Labour]:
        evaluations: dict[AgentMonth, int] = defaultdict(int)
        for row in self.staged["qa_evaluations"]:
            if row["submitted_at"] is not None and row["agent_id"] is not None:
                evaluations[self.month_of(row["submitted_at"]), row["agent_id"]] += 1
        found = {}
        for key in {*self.work, *self.sheets, *self.payroll}:
            month, agent = key
            found[key] = self._labour_of(key, self._agent(agent, month), evaluations[key])
        return found

    def _labour_of(self, key: AgentMonth, agent: Row, evaluations: int) -> Labour:
        month = key[0]
        work, payroll = self.work.get(key, Work()), self.payroll.get(key, Payroll())
        role, vendor_id = agent.get("role") or "agent", agent.get("vendor_id") or "in_house"
        is_outsourced = self._is_outsourced(vendor_id)
        basis, price = self.terms(vendor_id, month) if is_outsourced else (None, None)
        used = work.used
        is_measured = key in self.sheets and self.variables["practical_capacity_mode"] == "measured"
        sheet = self.sheets[key] if is_measured else Sheet()
        if is_measured:
            unowned = max(sheet.contact - used, ZERO)
            waiting = max(
                sheet.contact + sum(sheet.waiting.values()) - max(used, Fraction(sheet.contact)), ZERO
            )
        else:
            ratio = Fraction(str(self.variables["practical_capacity_ratio"]))
            unowned = ZERO
            waiting = max(Fraction(math.floor(payroll.minutes * 60 * ratio)) - used, ZERO)
        practical = used + unowned + waiting
        unused = waiting if self.variables["unused_capacity_mode"] == "separate" else ZERO
        uses = [Use("unowned", "contact without a record", None, unowned)]
        all_waiting = sum(sheet.waiting.values())
        if all_waiting:
            for half_hour, seconds in sheet.waiting.items():
                uses.append(Use("unused_capacity", "available", half_hour, unused * seconds / all_waiting))
        else:
            uses.append(Use("unused_capacity", "available", None, unused))
        for state, seconds in sheet.other.items():
            uses.append(Use("non_contact", state, None, Fraction(seconds)))
        uses = [use for use in uses if use.seconds > 0]
        other = sum((use.seconds for use in uses if use.kind == "non_contact"), ZERO)
        pool = {"agent": "agent_pay", "supervisor": "supervision", "back_office": "workforce_management"}[
            role
        ]
        labour = Labour(
            role=role,
            vendor_id=vendor_id,
            is_outsourced=is_outsourced,
            basis=basis,
            pool="bpo_invoices" if is_outsourced else pool,
            used=used,
            uses=uses,
            home_queue=work.home_queue,
            evaluations=evaluations,
            capacity=used + unowned + unused + other,
        )
        labour.shared_base = labour.capacity if role == "agent" else used
        if is_outsourced:
            labour.amount_base = labour.capacity
            # a vendor's supervisor who helps is in the price of its agents' time
            is_helper = role != "agent" and not is_measured and practical == used and not payroll.minutes
            if is_helper and basis in ("productive_hour", "fte"):
                labour.amount = None if price is None else ZERO
                if basis == "productive_hour":
                    labour.amount_base = used + unowned + unused
            elif basis == "productive_hour":
                labour.amount_base = used + unowned + unused
                labour.amount = None if price is None else price * practical / 3600
            elif basis == "fte":
                full_time = 60 * int(self.variables["full_time_minutes_per_month"])
                labour.amount = None if price is None else price * (practical + other) / full_time
            elif basis is not None:
                labour.amount = None if price is None else ZERO
        elif role == "agent":
            labour.amount_base = labour.capacity
            labour.amount = payroll.straight if payroll.straight > 0 else None
            labour.on_costs = payroll.on_costs
        else:
            # traced to the contacts that they serve
            labour.amount_base = used
            part = used / labour.capacity if labour.capacity else ZERO
            labour.on_costs = payroll.on_costs * part
            labour.staff_on_costs = payroll.on_costs - labour.on_costs
            labour.amount = payroll.straight * part if payroll.straight > 0 and labour.capacity else None
        return labour

    # --- spreading it ---

    def _agents_time(self) -> None:
        for (month, agent), labour in self.labour.items():
            work = self.work.get((month, agent), Work())
            pool, vendor = labour.pool, labour.vendor_id
            for (contact, _queue, activity), seconds in work.shared.items():
                key = (contact, f"agent_{activity}", pool, vendor, month)
                if labour.amount is None:
                    self.unpriced.add(key)
                elif labour.amount_base:
                    self.contacts[key] += labour.amount * seconds / labour.amount_base
                if labour.amount_base:
                    self.contacts[contact, "on_costs", "on_costs", vendor, month] += (
                        labour.on_costs * seconds / labour.amount_base
                    )
            pays_for_all = not (labour.is_outsourced and labour.basis == "productive_hour")
            for use in labour.uses:
                key_of = self._capacity_key(month, vendor, labour, use)
                self.minutes[key_of(pool)] += use.seconds / 60
                is_paid = labour.is_outsourced or labour.role == "agent"
                if not labour.amount_base or not is_paid or (use.kind == "non_contact" and not pays_for_all):
                    continue
                if labour.amount is not None:
                    self.capacity[key_of(pool)] += labour.amount * use.seconds / labour.amount_base
                self.capacity[key_of("on_costs")] += labour.on_costs * use.seconds / labour.amount_base
            if not labour.amount_base:
                for to, amount in ((pool, labour.amount or ZERO), ("on_costs", labour.on_costs)):
                    self._unallocated(month, to, vendor, "paid without any time recorded", amount)

    @staticmethod
    def _capacity_key(month: Month, vendor: str, labour: Labour, use: Use) -> Any:
        return lambda pool: (month, pool, vendor, labour.home_queue, use.kind, use.activity, use.half_hour)

    def _unallocated(self, month: Month, pool: str, vendor: str, why: str, amount: Fraction) -> None:
        if amount:
            self.capacity[month, pool, vendor, None, "unallocated", why, None] += amount

    def _shared_pools(self) -> None:
        to_share: list[tuple[Month, str, str, Fraction, str, bool]] = []
        in_ledger: dict[PoolKey, Fraction] = defaultdict(lambda: ZERO)
        for posting in self.ledger:
            if posting.is_in_scope:
                in_ledger[posting.month, posting.pool, posting.vendor_id] += posting.amount or ZERO
        for (month, pool, vendor), amount in in_ledger.items():
            if pool not in SHARED_POOLS:
                continue
            traced = sum(
                (
                    labour.amount or ZERO
                    for (of, _), labour in self.labour.items()
                    if of == month and labour.pool == pool and labour.vendor_id == vendor
                ),
                ZERO,
            )
            how = self.decisions.in_force("cost_pools", month, pool=pool)
            driver = how["driver"] if how else "agent_time"
            covers = bool(how) and how["covers_outsourced"] == "true"  # type: ignore[index]
            to_share.append((month, pool, vendor, max(amount - traced, ZERO), driver, covers))
        for month in {of for of, _ in self.labour}:
            staff = sum((x.staff_on_costs for (of, _), x in self.labour.items() if of == month), ZERO)
            to_share.append((month, "on_costs", "in_house", staff, "agent_time", False))
        for month, pool, vendor, amount, driver, covers in to_share:
            self._share_pool(month, pool, vendor, amount, driver, covers)

    def _share_pool(
        self, month: Month, pool: str, vendor: str, amount: Fraction, driver: str, covers: bool
    ) -> None:
        def base(labour: Labour) -> Fraction:
            # quality is spread over contacts alone
            return labour.used if pool == "quality" else labour.shared_base

        sharing = {
            agent: labour
            for (of, agent), labour in self.labour.items()
            if of == month
            and base(labour) > 0
            and (
                labour.vendor_id == vendor or (vendor == "in_house" and (covers or not labour.is_outsourced))
            )
        }
        drivers = {agent: base(labour) for agent, labour in sharing.items()}
        evaluations = {agent: Fraction(labour.evaluations) for agent, labour in sharing.items()}
        direct = {agent: (labour.amount or ZERO) + labour.on_costs for agent, labour in sharing.items()}
        if driver == "evaluations" and any(evaluations.values()):
            drivers = evaluations
        elif driver == "direct_cost" and any(cut(cost) for cost in direct.values()):
            drivers = direct
        if not sharing:
            self._unallocated(month, pool, vendor, "nobody to share it", amount)
            return
        whole = sum(drivers.values(), ZERO)
        for agent, labour in sharing.items():
            part = amount * drivers[agent] / whole / base(labour)
            for (contact, _queue, _activity), seconds in self.work.get((month, agent), Work()).shared.items():
                self.contacts[contact, pool, pool, vendor, month] += part * seconds
            if labour.role == "agent" and pool != "quality":
                for use in labour.uses:
                    self.capacity[self._capacity_key(month, vendor, labour, use)(pool)] += part * use.seconds

    def _vendor_fees(self) -> None:
        served: dict[tuple[Contact, str, Month], list[tuple[int, bool]]] = defaultdict(list)
        for (month, agent), work in self.work.items():
            labour = self.labour[month, agent]
            if labour.basis in ("minute", "contact", "outcome"):
                for one in {contact for contact, _, _ in work.shared}:
                    has_talk = any(
                        piece.contact_id == one and piece.activity in ("talk", "hold", "message")
                        for piece in work.pieces
                    )
                    served[one, labour.vendor_id, month].append((work.handled[one], has_talk))
        for (contact_id, vendor, month), parts in served.items():
            contact = self.center.contacts.get(contact_id)
            basis, price = self.terms(vendor, month)
            if contact is None or contact.direction == "internal" or price is None:
                continue
            amount = ZERO
            if basis == "minute":
                amount = price * sum(seconds for seconds, _ in parts) / 60
            elif any(has_talk for _, has_talk in parts) and not self._was_served(contact_id, vendor, month):
                amount = price if basis == "contact" or contact.agent_logged_resolved else ZERO
            if amount:
                self.contacts[contact_id, "vendor_fee", "bpo_invoices", vendor, month] += amount

    def _was_served(self, contact_id: Contact, vendor: str, month: Month) -> bool:
        """Say whether the vendor had the contact in an earlier month already."""
        for (of, agent), work in self.work.items():
            if of < month and any(
                piece.contact_id == contact_id and piece.activity in ("talk", "hold", "message")
                for piece in work.pieces
            ):
                rows = [row for row in self.staged["agents"] if row["agent_id"] == agent]
                pieces = [piece for piece in work.pieces if piece.contact_id == contact_id]
                days = {(oracle.EPOCH + timedelta(seconds=piece.start)).date() for piece in pieces}
                if any(
                    (version := self._in_force(rows, day)) and version["vendor_id"] == vendor for day in days
                ):
                    return True
        return False

    def _overtime_premium(self) -> None:
        is_direct = self.variables["overtime_premium_mode"] == "direct"
        premiums: dict[tuple[date, str | None], list[Fraction]] = defaultdict(lambda: [ZERO, ZERO])
        for agent, day, pay in self.pay_days:
            labour = self.labour[day.replace(day=1), agent]
            if pay["straight"] is None or pay["premium"] <= 0 or labour.is_outsourced:
                continue
            bearer = agent if is_direct else pay["queue"] or labour.home_queue
            premiums[day, bearer][0] += pay["premium"]
            premiums[day, bearer][1] += pay["premium_on_costs"]
        for (day, bearer), amounts in premiums.items():
            month = day.replace(day=1)
            seconds: dict[Contact, Fraction] = defaultdict(lambda: ZERO)
            for (of, agent), work in self.work.items():
                for (contact_id, queue, _activity), share in work.shared.items():
                    contact = self.center.contacts.get(contact_id)
                    if of != month or contact is None or contact.business_date != day:
                        continue
                    if bearer is not None and bearer == (agent if is_direct else queue):
                        seconds[contact_id] += share
            whole = sum(seconds.values(), ZERO)
            pools = (
                ("overtime_premium", "overtime_premium", amounts[0]),
                ("premium_on_costs", "on_costs", amounts[1]),
            )
            for component, pool, amount in pools:
                if not whole:
                    why = "overtime of a day without contacts"
                    self._unallocated(month, pool, "in_house", why, amount)
                for contact_id, share in seconds.items():
                    key = (contact_id, component, pool, "in_house", month)
                    self.contacts[key] += amount * share / whole

    def _channels(self) -> None:
        for record in self.staged["contacts"]:
            start, end = record["started_at"], record["ended_at"]
            if record["direction"] == "internal" or end is None or end < start:
                continue
            contact_id = self.center.contact_of(record["contact_id"])
            assert contact_id is not None
            for unit in ("minute", "message", "contact"):
                tariff = self._in_force(
                    (
                        row
                        for row in self.staged["channel_tariffs"]
                        if row["channel"] == record["channel"] and row["unit"] == unit
                    ),
                    start.date(),
                )
                rate = None if tariff is None else self.rate(tariff["currency"], start.date())
                if tariff is None or rate is None or tariff["unit_cost"] is None:
                    continue
                price = rounded(Fraction(tariff["unit_cost"]) * rate)
                quantity = Fraction(1)
                if unit == "minute":
                    quantity = Fraction(seconds_of(end) - seconds_of(start), 60)
                elif unit == "message":
                    quantity = Fraction(
                        sum(
                            row["contact_id"] == record["contact_id"] and row["kind"] == "message"
                            for row in self.staged["contact_segments"]
                        )
                    )
                key = (contact_id, "channel_usage", "telecom", "in_house", self.month_of(start))
                self.contacts[key] += price * quantity

    def _technology(self) -> None:
        sessions = {row["session_id"]: row for row in self.staged["bot_sessions"]}
        records = {row["contact_id"] for row in self.staged["contacts"]}
        for use in self.staged["technology_usage"]:
            if use["used_at"] is None or use["quantity"] is None:
                continue
            day = use["used_at"].date()
            terms = self._in_force(
                (
                    row
                    for row in self.staged["technology_rates"]
                    if row["technology_id"] == use["technology_id"] and row["unit"] == use["unit"]
                ),
                day,
            )
            rate = None if terms is None else self.rate(terms["currency"], day)
            if terms is None or rate is None or terms["unit_cost"] is None:
                continue
            amount = rounded(rounded(Fraction(use["quantity"]) * Fraction(terms["unit_cost"])) * rate)
            session = sessions.get(use["session_id"] or "", {})
            record = use["contact_id"] or session.get("contact_id") or session.get("handed_off_contact_id")
            month = self.month_of(use["used_at"])
            if record in records:
                contact_id = self.center.contact_of(record)
                assert contact_id is not None
                self.contacts[contact_id, "technology", "ai_usage", "in_house", month] += amount
            elif amount:
                why = ("unowned", "use without a contact", None)
                self.capacity[month, "ai_usage", "in_house", None, *why] += amount

    def _beside_contacts(self) -> None:
        for posting in self.ledger:
            if posting.is_in_scope and posting.amount:
                place = (posting.month, posting.pool, posting.vendor_id, None)
                if posting.pool == "projects":
                    self.capacity[*place, "non_contact", "projects", None] += posting.amount
                elif posting.pool == "unknown":
                    self.capacity[*place, "unallocated", "account without a pool", None] += posting.amount

    # --- the ledger ---

    def _ledger(self) -> list[Posting]:
        accounts = {row["account_id"]: row for row in self.staged["ledger_accounts"]}
        postings = []
        for row in self.staged["ledger_entries"]:
            account = accounts.get(row["account_id"], {})
            month = row["period_month"].replace(day=1)
            rate = None if row["posted_on"] is None else self.rate(row["currency"], row["posted_on"])
            if rate is None:
                rate = self.rate(row["currency"], _last_day(month))
            is_in_scope = account.get("is_in_scope")
            postings.append(
                Posting(
                    entry_id=row["entry_id"],
                    month=month,
                    account_id=row["account_id"],
                    vendor_id=row["vendor_id"] or "in_house",
                    site=row["site"] or "",
                    posted_on=row["posted_on"] or date(2999, 12, 31),
                    currency=row["currency"],
                    raw_amount=Fraction(row["amount"]),
                    pool=account.get("pool") or "unknown",
                    is_in_scope=True if is_in_scope is None else is_in_scope,
                    amount=None if rate is None else rounded(Fraction(row["amount"]) * rate),
                )
            )
        groups: dict[tuple[Any, ...], list[Posting]] = defaultdict(list)
        for posting in postings:
            place = (posting.account_id, posting.vendor_id, posting.site, posting.currency)
            groups[(*place, posting.month)].append(posting)
        for (*where, month), group in groups.items():
            self._mark_settlements(group, groups.get((*where, _month_before(month)), []))
        return postings

    @staticmethod
    def _mark_settlements(group: list[Posting], before: Sequence[Posting]) -> None:
        """Mark what takes back an estimate of the month before, and the invoice that takes its place."""
        estimates = {posting.raw_amount for posting in before if posting.raw_amount > 0}
        charges = [posting for posting in group if posting.raw_amount > 0]
        was_taken_back = False
        charged = 0
        for posting in sorted(group, key=lambda posting: (posting.posted_on, posting.entry_id)):
            if -posting.raw_amount in estimates:
                posting.settles = was_taken_back = True
            elif posting.raw_amount > 0:
                charged += 1
                # the last charge of a month, on its last day, is the month's own estimate
                is_estimate = len(charges) == 1 and posting.posted_on >= _last_day(posting.month)
                posting.settles = was_taken_back and charged == 1 and not is_estimate

    def _reconcile(self) -> dict[PoolKey, Books]:
        books: dict[PoolKey, Books] = defaultdict(Books)
        for (contact_id, _component, pool, vendor, month), amount in self.contacts.items():
            of = books[month, pool, vendor]
            of.contact += amount
            contact = self.center.contacts.get(contact_id)
            if contact is not None and contact.business_date.replace(day=1) != month:
                of.cut_off += amount
        for (month, pool, vendor, _queue, kind, _activity, _half_hour), amount in self.capacity.items():
            of = books[month, pool, vendor]
            setattr(of, kind, getattr(of, kind) + amount)
        for posting in self.ledger:
            key = (posting.month, posting.pool, posting.vendor_id)
            amount = posting.amount or ZERO
            if not posting.is_in_scope:
                books[key].out_of_scope += amount
                continue
            books[key].ledger += amount
            how = self.decisions.in_force("cost_pools", posting.month, pool=posting.pool)
            is_traced = (how["evidence"] if how else "traced") == "traced"
            if posting.settles and is_traced and posting.pool not in ("projects", "unknown"):
                books[key].accrual += amount
                books[_month_before(posting.month), posting.pool, posting.vendor_id].accrual -= amount
            is_foreign = posting.currency != self.variables["reporting_currency"]
            if posting.pool in ("telecom", "ai_usage", "bpo_invoices") and is_foreign:
                # what settles a month concerns that month
                concerned = _month_before(posting.month) if posting.settles else posting.month
                worth = self._mean_rate(posting.currency, concerned)
                if posting.pool == "bpo_invoices":
                    worth = self.rate(posting.currency, _last_day(concerned))
                if worth is not None:
                    of = books[concerned, posting.pool, posting.vendor_id]
                    of.currency += amount - posting.raw_amount * worth
        return {
            key: of
            for key, of in books.items()
            if any((of.contact, of.unused_capacity, of.non_contact, of.unowned, of.unallocated))
            or any((of.ledger, of.out_of_scope, of.accrual))
        }

    def _mean_rate(self, currency: str, month: Month) -> Fraction | None:
        days = [month + timedelta(days=day) for day in range(_last_day(month).day)]
        rates = [rate for day in days if (rate := self.rate(currency, day)) is not None]
        return sum(rates, ZERO) / len(rates) if rates else None

    def status(self, of: Books) -> str:
        """Say whether a row reconciles."""
        unexplained = abs(of.unexplained)
        if unexplained < Fraction(1, 100):
            return "reconciled"
        share = Fraction(str(self.variables["ledger_tolerance_share"]))
        is_near = unexplained <= Fraction(str(self.variables["ledger_tolerance_amount"]))
        return "within_tolerance" if is_near and unexplained <= share * abs(of.ledger) else "open"


def _last_day(month: Month) -> date:
    return (month + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def _month_before(month: Month) -> Month:
    return (month - timedelta(days=1)).replace(day=1)
