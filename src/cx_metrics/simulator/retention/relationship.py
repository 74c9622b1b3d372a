"""Relationship: subscriptions begin, renew, change and end, day by day, and with them customers come and go.

Every subscription has a daily chance that its owner gives notice. It falls with tenure, is higher before a yearly
contract ends, and doubles for 60 days when a need of the owner stays unresolved (``unresolved_churn``). Notices,
failed payments and other ends take effect later; until then they can be taken back. Who has no subscription left
makes no new needs.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from cx_metrics.simulator import world
from cx_metrics.simulator.buffers import Buffer
from cx_metrics.simulator.columns import DAY, FLAG, INSTANT, NUMBER, TEXT, coded, days, ids, instants, numbers
from cx_metrics.simulator.contacts import concerns
from cx_metrics.simulator.contacts.records import Office
from cx_metrics.simulator.defects.value_defects import with_defects
from cx_metrics.simulator.finished import FinishedDay, Tables
from cx_metrics.simulator.frames import NONE, Array, Floats, Ints, chance, cumulate, normal, pick
from cx_metrics.simulator.retention import agenda
from cx_metrics.simulator.retention import subscriptions as subs
from cx_metrics.simulator.retention.agenda import Agenda
from cx_metrics.simulator.retention.saves import SaveDesk
from cx_metrics.simulator.retention.subscriptions import Book
from cx_metrics.simulator.retention.unresolved import Unresolved
from cx_metrics.simulator.settings import WARM_UP_DAYS, Stage

TRUTH_SCHEMAS: dict[str, pa.Schema] = {
    "truth/customers": pa.schema(
        [
            ("customer_id", TEXT),
            ("yearly_value", NUMBER),
            ("contact_propensity", NUMBER),
            ("yearly_churn_hazard", NUMBER),
            ("is_active", FLAG),
        ]
    ),
    "truth/churn": pa.schema(
        [
            ("subscription_id", TEXT),
            ("customer_id", TEXT),
            ("decided_at", INSTANT),
            ("ends_on", DAY),
            ("path", TEXT),
            ("end_reason", TEXT),
            ("is_caused_by_unresolved", FLAG),
            ("unresolved_need_id", TEXT),
        ]
    ),
}
"""``truth/churn`` has one row per decision to end a subscription, whether it was taken back or not.

``is_caused_by_unresolved``: the same chance would not have led to the notice on this day without the effect.
"""

PATHS = ("silent", "contact", "relapse", "payment", "other")
SILENT, CONTACT, RELAPSE, BY_PAYMENT, BY_OTHER = range(5)

YEARLY_HAZARD = 0.135
"""Chance per year that the owner of a settled monthly subscription gives notice without being asked about it."""
HAZARD_SPREAD, HAZARD_BY_STANDING = 0.40, -0.08
EARLY_HAZARD, EARLY_DAYS = 1.3, 150
BEFORE_DECISION, DECISION_DAYS, IN_TERM = 3.2, 45, 0.6
"""Factors on the hazard of yearly contracts shortly before the decision is due, and before that."""
MOST_PER_DAY = 0.010
ON_PAGE = 0.15
"""Share of silent leavers who get an offer on the cancel page."""
WITHDRAWN_SILENTLY = 0.06

YEARLY_FAILED_PAYMENTS, FAILED_AT_RENEWAL = 0.16, 0.03
GRACE_DAYS, NEVER_PAID = 14, 0.11
YEARLY_EXPANSIONS, YEARLY_CONTRACTIONS, YEARLY_PAUSES, YEARLY_OTHER_ENDS = 0.085, 0.035, 0.020, 0.012
UPGRADES_SOLD = 0.45
ESCALATOR, ESCALATES = 1.03, 0.5
RETURNS, RETURN_FROM, RETURN_DAYS = 0.09, 20, 130
_OTHER_ENDS = np.array(
    [subs.DECEASED, subs.FRAUD, subs.BUSINESS_CLOSED, subs.MOVED, subs.REGULATORY], dtype=np.int64
)
_OTHER_END_SHARES = cumulate([0.22, 0.12, 0.16, 0.38, 0.12])
_AT_ONCE = 3
"""The first of these reasons end a subscription at once, the others at the end of its period."""
_APPLIES = {
    agenda.END: (subs.LEAVING, subs.UNPAID),
    agenda.WITHDRAW: (subs.LEAVING,),
    agenda.RESUME: (subs.PAUSED,),
    agenda.RECOVER: (subs.UNPAID,),
    agenda.FAIL: (subs.ACTIVE,),
    agenda.RELAPSE: (subs.ACTIVE,),
    agenda.RETURN: (subs.ENDED,),
}
"""States in which what was planned still applies."""
_NOTICE_YEAR = 365
_REMEMBERS_DAYS = 28
_PAYMENT_CONCERN_DAYS, _RENEWAL_CONCERN_DAYS = 8, 35
_HISTORY_PER_DRAIN = 50_000
_SALT_FRAILTY, _SALT_UPGRADE, _SALT_STEP, _SALT_MINUTE, _SALT_ESCALATES = 130, 131, 132, 133, 134

_CHURN_FIELDS = {
    "subscription": "int64",
    "at": "int64",
    "ends": "int64",
    "path": "int8",
    "reason": "int8",
    "caused": "int8",
    "need": "int64",
}


class Relationships:
    """The books on subscriptions. ``renewed`` and ``expanded()`` tell revenue what happened today."""

    def __init__(self, office: Office) -> None:
        """Draw the subscriptions; nobody has an unresolved need yet."""
        self.office = office
        self.settings = office.settings
        self.population = office.population
        self.book = Book(office.settings, office.population)
        self.agenda = Agenda()
        self.saves = SaveDesk(office, self.book, self.agenda)
        self.unresolved = Unresolved(len(self.population.active))
        self._churn = Buffer(_CHURN_FIELDS)
        customer = self.book.customer
        rows = np.arange(len(customer), dtype=np.int64)
        frailty = HAZARD_SPREAD * normal(rows, self.settings.seed, _SALT_FRAILTY) - HAZARD_SPREAD**2 / 2
        frailty += HAZARD_BY_STANDING * self.population.standing(customer)
        self.base = (YEARLY_HAZARD / 365 * np.exp(frailty)).astype(np.float32)
        self.renewed: tuple[Ints, Ints, Array] = (rows[:0], rows[:0], rows[:0])
        self._expanded: list[tuple[Ints, Ints, Ints]] = []
        for number in range(-WARM_UP_DAYS - _NOTICE_YEAR, -WARM_UP_DAYS):
            self._notice_before(number, number + WARM_UP_DAYS + _NOTICE_YEAR)

    def one_day(self, day: FinishedDay) -> None:
        """Let everything happen to subscriptions that this day brings."""
        self._turn_to(day.number)
        self._expanded = []
        rng = self.settings.generator(Stage.RELATIONSHIP, day.number)
        self._begin(self._midnight + 86400)
        self._keep_agenda(rng)
        self._renew()
        self._give_notice(*self.saves.take_calls(day), path=CONTACT)
        self._sell_upgrades(day)
        self._leave_silently(day.number, rng)
        self._change(day.number, rng)
        self.unresolved.remember(day)
        if day.number % _REMEMBERS_DAYS == 0:
            self.population.forget_leavers()

    # What was due

    def _turn_to(self, number: int) -> None:
        self.book.today = self.settings.period_start // 86400 + number
        self._midnight = self.book.today * 86400

    def _begin(self, until: int) -> None:
        rows = self.book.starting(until)
        first = rows == self.book.first[self.book.customer[rows]]
        rows = rows[first | (self.book.live[self.book.customer[rows]] > 0)]
        self.book.enter(rows)
        self.book.record(
            rows,
            subs.START,
            self.book.started[rows],
            amount=self.book.amount[rows],
            due=self.book.decision(rows, 0),
        )

    def _keep_agenda(self, rng: np.random.Generator) -> None:
        """End, resume, take back, pay late, come back: what was planned for today and still applies."""
        book, due = self.book, self.agenda.due(self.book.today)
        row, action, reason = due["subscription"], due["action"], due["reason"].astype(np.int64)
        state = book.state[row]
        valid = np.zeros(len(row), dtype=np.bool_)
        for what, states in _APPLIES.items():
            valid |= (action == what) & np.isin(state, states)
        valid &= (action != agenda.END) | (book.due[row] == book.today)
        row, once = np.unique(row[valid], return_index=True)
        action, reason = action[valid][once], reason[valid][once]
        at = self._around_noon(row)
        luck = rng.random((2, len(row)))
        ends, back, resumes, paid, fails, again, returns = (
            action == what
            for what in (
                agenda.END,
                agenda.WITHDRAW,
                agenda.RESUME,
                agenda.RECOVER,
                agenda.FAIL,
                agenda.RELAPSE,
                agenda.RETURN,
            )
        )
        self._end(row[ends], at[ends], reason[ends], luck[:, ends])
        book.state[row[back | resumes | paid]] = subs.ACTIVE
        book.record(row[back], subs.WITHDRAWN, at[back])
        book.record(row[resumes], subs.RESUME, at[resumes], amount=book.amount[row[resumes]])
        self._fail(row[fails], at[fails], luck[:, fails])
        book.enter(row[returns])
        due_on = np.where(book.yearly[row], book.period_end(row, book.today), subs.NO_DAY)
        book.record(
            row[returns],
            subs.REACTIVATION,
            at[returns],
            amount=book.amount[row[returns]],
            due=due_on[returns],
        )
        self._give_notice(row[again], at[again], np.full(int(again.sum()), subs.VOLUNTARY), path=RELAPSE)

    def _end(self, row: Ints, at: Ints, reason: Ints, luck: Floats) -> None:
        """End subscriptions; some of their owners come back months later."""
        self.book.record(row, subs.END, at, effective=self.book.today, amount=0, reason=reason)
        self.book.leave(row)
        returns = (luck[0] < RETURNS) & np.isin(reason, (subs.VOLUNTARY, subs.PAYMENT))
        when = self.book.today + RETURN_FROM + np.floor(luck[1] * RETURN_DAYS).astype(np.int64)
        self.agenda.plan(row[returns], agenda.RETURN, when[returns])

    def _renew(self) -> None:
        """Renew the yearly contracts whose term ends today; some have a price step in their contract."""
        book = self.book
        row, nth = book.renewing(book.today)
        free = book.is_free(row)
        row, nth = row[free], nth[free]
        at = self._around_noon(row)
        automatic = book.is_automatic(row, nth)
        due = book.anniversary(row, nth + 1)
        book.record(
            row, subs.RENEWAL, at, effective=book.today, amount=book.amount[row], automatic=automatic, due=due
        )
        self.renewed = (row, at, automatic)
        business = self.population.customers["segment"][book.customer[row]] > 0
        steps = business & (chance(row, self.settings.seed, _SALT_ESCALATES) < ESCALATES)
        price = book.price(row[steps], np.full(int(steps.sum()), ESCALATOR))
        book.record(
            row[steps], subs.EXPANSION, at[steps] + 1, amount=price, escalator=1, effective=book.today
        )
        fails = chance(row * 256 + nth, self.settings.seed, _SALT_MINUTE) < FAILED_AT_RENEWAL
        self.agenda.plan(row[fails], agenda.FAIL, book.today + 1)
        soon, _ = book.renewing(book.today + _RENEWAL_CONCERN_DAYS)
        soon = soon[book.state[soon] == subs.ACTIVE]
        self.population.concerns.add(
            concerns.RENEWAL,
            book.customer[soon],
            self._day_number() + 1,
            self._day_number() + _RENEWAL_CONCERN_DAYS,
        )

    def _day_number(self) -> int:
        return self.book.today - self.settings.period_start // 86400

    def _around_noon(self, row: Ints) -> Ints:
        """Return an instant of today per subscription, between 10 and 14 o'clock UTC."""
        minute = chance(row * 40_000 + self.book.today, self.settings.seed, _SALT_MINUTE)
        return np.asarray(self._midnight + 36_000 + np.floor(minute * 14_400).astype(np.int64))

    # What the day brings

    def _give_notice(
        self,
        row: Ints,
        at: Ints,
        reason: Array,
        *,
        path: int,
        caused: Array | int = 0,
        need: Array | int = NONE,
    ) -> Ints:
        """Write notices, to take effect at the end of the paid period; return the days of the ends."""
        ends = self.book.period_end(row, self.book.today)
        self.book.record(row, subs.NOTICE, at, effective=ends, reason=reason)
        self.book.state[row] = subs.LEAVING
        self.book.due[row] = ends
        self.agenda.plan(row, agenda.END, ends, reason)
        self._churn.add(
            len(row), subscription=row, at=at, ends=ends, path=path, reason=reason, caused=caused, need=need
        )
        return ends

    def _notice_before(self, number: int, part: int) -> None:
        """Give the notices of a day before the simulation that take effect in it; who left earlier was never drawn."""
        book = self.book
        self._turn_to(number)
        rng = self.settings.generator(Stage.RELATIONSHIP, -WARM_UP_DAYS, 1 + part)
        row, draw = self._candidates(-WARM_UP_DAYS, rng, MOST_PER_DAY)
        at = self._midnight + 28_800 + np.floor(rng.random(len(row)) * 50_400).astype(np.int64)
        leaves = (draw < self.hazard(row)) & (book.started[row] < self._midnight)
        leaves &= book.period_end(row, book.today) >= book.first_day
        row, at = row[leaves], at[leaves]
        self._give_notice(row, at, np.full(len(row), subs.VOLUNTARY), path=SILENT)

    def hazard(self, row: Ints) -> Floats:
        """Return today's chance of notice, without the effect of unresolved needs."""
        book = self.book
        tenure = np.maximum(book.today - book.started[row] // 86400, 0)
        left = book.period_end(row, book.today) - book.today
        term = np.where(left <= DECISION_DAYS, BEFORE_DECISION, IN_TERM)
        shape = (1 + EARLY_HAZARD * np.exp(-tenure / EARLY_DAYS)) * np.where(book.yearly[row], term, 1.0)
        return np.asarray(np.minimum(self.base[row] * shape, MOST_PER_DAY / 2), dtype=np.float64)

    def _candidates(self, number: int, rng: np.random.Generator, most: float) -> tuple[Ints, Floats]:
        """Return the few subscriptions to which something of at most this daily chance may happen, and a draw each."""
        known = self.book.known(number)
        count = int(rng.binomial(known, most))
        row = rng.integers(0, max(known, 1), count)
        draw = rng.random(count) * most
        row, once = np.unique(row, return_index=True)
        draw = draw[once]
        free = self.book.is_free(row)
        return row[free], draw[free]

    def _leave_silently(self, number: int, rng: np.random.Generator) -> None:
        """Let owners give notice without talking to anybody, some of them past an offer on the cancel page."""
        row, draw = self._candidates(number, rng, MOST_PER_DAY)
        luck = rng.random((4, len(row)))
        owner = self.book.customer[row]
        hazard = self.hazard(row)
        effect = self.settings.size_of("unresolved_churn", number)
        upset = self.unresolved.upsets(owner, number) & (effect is not None)
        leaves = draw < hazard * np.where(upset, effect or 1.0, 1.0)
        row, luck, owner, caused = row[leaves], luck[:, leaves], owner[leaves], (draw >= hazard)[leaves]
        at = self._midnight + 28_800 + np.floor(luck[0] * 50_400).astype(np.int64)
        page = luck[1] < ON_PAGE
        stays = np.zeros(len(row), dtype=np.bool_)
        stays[page] = self.saves.show_page(row[page], at[page])
        row, luck, owner, at, caused = row[~stays], luck[:, ~stays], owner[~stays], at[~stays], caused[~stays]
        ends = self._give_notice(
            row,
            at,
            np.full(len(row), subs.VOLUNTARY),
            path=SILENT,
            caused=caused,
            need=np.where(caused, self.unresolved.need_of(owner), NONE),
        )
        back = (luck[2] < WITHDRAWN_SILENTLY) & (ends > self.book.today + 1)
        when = (
            self.book.today
            + 1
            + np.floor(luck[3] * np.minimum(ends - self.book.today - 1, 20)).astype(np.int64)
        )
        self.agenda.plan(row[back], agenda.WITHDRAW, when[back])

    def _change(self, number: int, rng: np.random.Generator) -> None:
        """Let payments fail, prices change, subscriptions pause, and some end for reasons that nobody can help."""
        rates = np.array(
            [
                YEARLY_FAILED_PAYMENTS,
                YEARLY_EXPANSIONS,
                YEARLY_CONTRACTIONS,
                YEARLY_PAUSES,
                YEARLY_OTHER_ENDS,
            ]
        )
        edges = np.cumsum(rates / 365)
        row, draw = self._candidates(number, rng, float(edges[-1]))
        what = np.searchsorted(edges, draw, side="right")
        luck = rng.random((3, len(row)))
        at = self._midnight + 28_800 + np.floor(luck[2] * 50_400).astype(np.int64)
        monthly = ~self.book.yearly[row]
        fails = (what == 0) & monthly
        self._fail(row[fails], at[fails], luck[:2, fails])
        grows = what == 1
        self._expand(row[grows], at[grows], np.full(int(grows.sum()), NONE))
        shrinks = what == 2
        price = self.book.price(row[shrinks], 1.0 - 0.08 - 0.30 * luck[0, shrinks])
        self.book.record(row[shrinks], subs.CONTRACTION, at[shrinks], amount=price)
        pauses = (what == 3) & monthly
        self.saves.pause(row[pauses], at[pauses], 30 + np.floor(luck[0, pauses] * 60).astype(np.int64))
        self._other_ends(row[what == 4], at[what == 4], luck[:, what == 4])

    def _fail(self, row: Ints, at: Ints, luck: Floats) -> None:
        """Let payments fail: most are made within the grace period, the others end the subscription."""
        book = self.book
        book.record(row, subs.PAYMENT_FAILED, at)
        book.state[row] = subs.UNPAID
        lost = luck[0] < NEVER_PAID
        ends = np.full(int(lost.sum()), book.today + GRACE_DAYS)
        book.due[row[lost]] = ends
        self.agenda.plan(row[lost], agenda.END, ends, subs.PAYMENT)
        paid = book.today + 1 + np.floor(luck[1, ~lost] * (GRACE_DAYS - 2)).astype(np.int64)
        self.agenda.plan(row[~lost], agenda.RECOVER, paid)
        self._churn.add(
            int(lost.sum()),
            subscription=row[lost],
            at=at[lost],
            ends=ends,
            path=BY_PAYMENT,
            reason=subs.PAYMENT,
            caused=0,
        )
        today = self._day_number()
        self.population.concerns.add(
            concerns.PAYMENT, book.customer[row], today + 1, today + _PAYMENT_CONCERN_DAYS
        )

    def _other_ends(self, row: Ints, at: Ints, luck: Floats) -> None:
        which = pick(_OTHER_END_SHARES, luck[0])
        business = self.population.customers["segment"][self.book.customer[row]] > 0
        reason = _OTHER_ENDS[which]
        reason = np.where((reason == subs.BUSINESS_CLOSED) & ~business, subs.MOVED, reason)
        now = np.isin(reason, _OTHER_ENDS[:_AT_ONCE])
        self._churn.add(
            int(now.sum()),
            subscription=row[now],
            at=at[now],
            ends=self.book.today,
            path=BY_OTHER,
            reason=reason[now],
            caused=0,
        )
        self._end(row[now], at[now], reason[now], luck[:, now])
        self._give_notice(row[~now], at[~now], reason[~now], path=BY_OTHER)

    def _sell_upgrades(self, day: FinishedDay) -> None:
        """Let contacts about upgrades end in one, where the customer has a subscription to upgrade."""
        records = day.records
        asked = (
            (records["reason"] == world.UPGRADE) & (records["resolved"] == 1) & (records["customer"] != NONE)
        )
        asked &= (day.work["last_agent"] != NONE) & ~records["test"] & (records["exclusion"] == NONE)
        place = np.flatnonzero(asked)
        place = place[chance(records["number"][place], self.settings.seed, _SALT_UPGRADE) < UPGRADES_SOLD]
        _, once = np.unique(records["customer"][place], return_index=True)
        place = place[np.sort(once)]
        row = self.book.of_customers(records["customer"][place], records["product"][place])
        place, row = place[row != NONE], row[row != NONE]
        told = np.where(day.is_delivered[place], records["number"][place], NONE)
        self._expand(row, records["ended"][place] + 30, told)

    def _expand(self, row: Ints, at: Ints, contact: Ints) -> None:
        step = chance(at * 64 + row, self.settings.seed, _SALT_STEP)
        price = self.book.price(row, 1.08 + 0.37 * step)
        self.book.record(row, subs.EXPANSION, at, amount=price, escalator=0)
        self._expanded.append((row, at, contact))

    def expanded(self) -> tuple[Ints, Ints, Ints]:
        """Return the subscriptions that grew today, when, and by which contact (NONE: none)."""
        rows, at, contact = zip(*self._expanded, strict=True)
        return np.concatenate(rows), np.concatenate(at), np.concatenate(contact)

    # Tables

    def drain(self) -> Tables:
        """Return events, offers and decisions since the last call, and a part of the history."""
        return self._tables(_HISTORY_PER_DRAIN)

    def close(self) -> Tables:
        """Return the rest of the history, the subscriptions, and the latent columns of customers."""
        self._turn_to(self.settings.days)
        self._begin(self.settings.known_until + 1)
        return {
            **self._tables(None),
            "subscriptions": self.book.table(),
            "truth/customers": self._customers(),
        }

    def _tables(self, most: int | None) -> Tables:
        churn = self._churn.drain(self.settings.known_until)
        row = churn["subscription"]
        present = np.ones(len(row), dtype=np.bool_)
        decided = {
            "subscription_id": ids("SU", row, present),
            "customer_id": ids("CU", self.book.customer[row], present),
            "decided_at": instants(churn["at"]),
            "ends_on": days(churn["ends"]),
            "path": coded(PATHS, churn["path"]),
            "end_reason": coded(subs.END_REASONS, churn["reason"]),
            "is_caused_by_unresolved": pa.array(churn["caused"] == 1),
            "unresolved_need_id": ids("N", churn["need"], churn["need"] != NONE),
        }
        tables = {
            "subscription_events": self.book.drain(most),
            "truth/churn": pa.table(decided, schema=TRUTH_SCHEMAS["truth/churn"]),
            **self.saves.drain(),
        }
        return with_defects(self.settings, tables)

    def _customers(self) -> pa.Table:
        people = self.population.customers
        rows = np.flatnonzero(people["created"] < self.settings.known_until)
        hazard = self.base[self.book.first[rows]].astype(np.float64) * 365
        columns = {
            "customer_id": ids("CU", rows, np.ones(len(rows), dtype=np.bool_)),
            "yearly_value": numbers(people["value"][rows]),
            "contact_propensity": numbers(people["propensity"][rows]),
            "yearly_churn_hazard": numbers(hazard),
            "is_active": pa.array(self.population.active[rows]),
        }
        return pa.table(columns, schema=TRUTH_SCHEMAS["truth/customers"])
