"""Saves: customers who say that they will cancel, what they are offered, and whether they stay.

Some of them would have stayed anyway (``needless_offers``); the others leave unless an offer keeps them, and some of
those leave later after all.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from cx_metrics.simulator import world
from cx_metrics.simulator.buffers import Buffer
from cx_metrics.simulator.columns import FLAG, MONEY, TEXT, coded, flags, ids, money
from cx_metrics.simulator.contacts.records import Office
from cx_metrics.simulator.finished import FinishedDay, Tables
from cx_metrics.simulator.frames import NONE, Array, Bools, Floats, Ints, chance, cumulate, pick
from cx_metrics.simulator.retention import agenda
from cx_metrics.simulator.retention import subscriptions as subs
from cx_metrics.simulator.retention.agenda import Agenda
from cx_metrics.simulator.retention.subscriptions import Book

SCHEMA = pa.schema(
    [
        ("offer_id", TEXT),
        ("contact_id", TEXT),
        ("subscription_id", TEXT),
        ("kind", TEXT),
        ("amount", MONEY),
        ("currency", TEXT),
        ("was_accepted", FLAG),
    ]
)
TRUTH_SCHEMA = pa.schema(
    [
        ("contact_id", TEXT),
        ("customer_id", TEXT),
        ("subscription_id", TEXT),
        ("would_have_stayed", FLAG),
        ("was_attempted", FLAG),
        ("was_accepted", FLAG),
        ("is_saved_by_offer", FLAG),
    ]
)
"""One row per customer who said in a contact, or showed on the cancel page, that a subscription should end.

``would_have_stayed`` without any offer; ``is_saved_by_offer``: stayed, at first, only because of one.
"""

OFFERS = ("fix", "information", "discount", "credit", "pause")
FIX, INFORMATION, DISCOUNT, CREDIT, PAUSE = range(5)
_FIRST = cumulate([0.22, 0.24, 0.31, 0.14, 0.09])
_SECOND = cumulate([0.05, 0.10, 0.50, 0.20, 0.15])
_PAGE = cumulate([0.0, 0.0, 0.60, 0.15, 0.25])
ATTEMPTED, SECOND_OFFER = 0.78, 0.35
ACCEPTS = np.array([0.26, 0.13, 0.33, 0.27, 0.32])
"""Chance that one who means it accepts; sold retention tools report 15 to 40 % of sessions [S95]."""
THREATENER_ACCEPTS = np.array([0.45, 0.50, 0.82, 0.75, 0.20])
SKILL_HELPS = 0.8
PAGE_ACCEPTS = 0.16
CANNOT_BE_SAVED = 0.06
_NOT_SAVABLE = np.array(
    [subs.MOVED, subs.DECEASED, subs.REGULATORY, subs.BUSINESS_CLOSED, subs.FRAUD], dtype=np.int64
)
_NOT_SAVABLE_SHARES = cumulate([0.48, 0.16, 0.18, 0.12, 0.06])
RELAPSES, RELAPSE_FROM, RELAPSE_DAYS = 0.24, 35, 80
THREAT_IN_WRITING, WITHDRAWN_LATER = 0.30, 0.06
SAVED_AFTER_NOTICE = 0.30
PERMANENT_DISCOUNT, PAUSE_DAYS = 0.20, 60
_DISCOUNTS, _MONTHS = np.array([0.10, 0.15, 0.20, 0.30]), np.array([3, 6, 12])
_SALTS = range(110, 124)

OFFER_FIELDS = {
    "number": "int64",
    "at": "int64",
    "contact": "int64",
    "subscription": "int64",
    "kind": "int8",
    "amount": "int64",
    "accepted": "int8",
}
_TRUTH_FIELDS = {
    "at": "int64",
    "contact": "int64",
    "customer": "int64",
    "subscription": "int64",
    "stays": "int8",
    "attempted": "int8",
    "accepted": "int8",
    "saved": "int8",
}


class SaveDesk:
    """Handles every stated wish to cancel; what it decides goes to the book and the agenda."""

    def __init__(self, office: Office, book: Book, plan: Agenda) -> None:
        """Start without offers."""
        self.office = office
        self.settings = office.settings
        self.book = book
        self.agenda = plan
        self._offers = Buffer(OFFER_FIELDS)
        self._truth = Buffer(_TRUTH_FIELDS)
        self._count = 0

    def _draws(self, keys: Array) -> list[Floats]:
        return [chance(keys, self.settings.seed, salt) for salt in _SALTS]

    def take_calls(self, day: FinishedDay) -> tuple[Ints, Ints, Ints]:
        """Handle the contacts of a day; return the subscriptions given notice of, when, and why."""
        records, work = day.records, day.work
        asks = (records["cancel"] == 1) & (records["customer"] != NONE) & (records["resolved"] != NONE)
        asks &= (work["last_agent"] != NONE) & ~records["test"] & (records["exclusion"] == NONE)
        place = np.flatnonzero(asks & (records["direction"] == world.INBOUND))
        _, once = np.unique(records["customer"][place], return_index=True)
        place = place[np.sort(once)]
        row = self.book.of_customers(records["customer"][place], records["product"][place])
        self._note_without(day, place[row == NONE])
        place, row = place[row != NONE], row[row != NONE]
        number, at = records["number"][place], records["ended"][place]
        draws = self._draws(number)
        lost = draws[0] < CANNOT_BE_SAVED
        why = np.where(lost, _NOT_SAVABLE[pick(_NOT_SAVABLE_SHARES, draws[1])], subs.VOLUNTARY)
        needless = self.settings.size_of("needless_offers", day.number)
        stays = ~lost & (draws[2] < (0.0 if needless is None else needless))
        attempted = ~lost & (draws[3] < ATTEMPTED)
        help_ = SKILL_HELPS * self.office.workforce.skill(work["last_agent"][place], day.number)
        first, second = pick(_FIRST, draws[4]), pick(_SECOND, draws[5])
        first, second = self._possible(row, first), self._possible(row, second)
        yes = attempted & (draws[6] < _willing(first, stays, help_))
        asked_again = attempted & ~yes & (first != second) & (draws[7] < SECOND_OFFER)
        yes_again = asked_again & (draws[8] < _willing(second, stays, help_))
        amount = self._amounts(row, first, draws[9], draws[10])
        amount_again = self._amounts(row, second, draws[9], draws[10])
        told = day.is_delivered[place]
        self._offer(told & attempted, number, row, at, first, amount, yes)
        self._offer(told & asked_again, number, row, at, second, amount_again, yes_again)
        accepted = yes | yes_again
        self._truth.add(
            int(told.sum()),
            at=at[told],
            contact=number[told],
            customer=records["customer"][place][told],
            subscription=row[told],
            stays=stays[told],
            attempted=attempted[told],
            accepted=np.where(attempted, accepted, NONE)[told],
            saved=(accepted & ~stays)[told],
        )
        kept = np.where(yes, first, second)
        self._keep(row, at, accepted, stays, kept, draws)
        ends = self.book.period_end(row, self.book.today)
        threat = stays & ~accepted & (draws[11] < THREAT_IN_WRITING) & (ends > self.book.today + 1)
        back = self.book.today + 1 + np.floor(draws[12] * 8).astype(np.int64)
        self.agenda.plan(row[threat], agenda.WITHDRAW, np.minimum(back, ends - 1)[threat])
        leaves = (~stays & ~accepted) | threat
        return row[leaves], at[leaves] + 60, why[leaves]

    def show_page(self, rows: Ints, at: Ints) -> Bools:
        """Make an offer on the cancel page; return who takes it, and does not leave."""
        draws = self._draws(at * 64 + rows)
        kind = self._possible(rows, pick(_PAGE, draws[4]))
        accepted = draws[6] < PAGE_ACCEPTS
        everyone = at >= self.settings.period_start
        nobody = np.full(len(rows), NONE, dtype=np.int64)
        amount = self._amounts(rows, kind, draws[9], draws[10])
        self._offer(everyone, nobody, rows, at, kind, amount, accepted)
        self._truth.add(
            int(everyone.sum()),
            at=at[everyone],
            customer=self.book.customer[rows[everyone]],
            subscription=rows[everyone],
            stays=0,
            attempted=1,
            accepted=accepted[everyone],
            saved=accepted[everyone],
        )
        self.book.record(
            rows[accepted],
            subs.NOTICE,
            at[accepted],
            effective=self.book.period_end(rows[accepted], self.book.today),
            reason=subs.VOLUNTARY,
        )
        self.book.record(rows[accepted], subs.WITHDRAWN, at[accepted] + 180)
        self._concede(
            rows[accepted], at[accepted] + 185, kind[accepted], draws[9][accepted], draws[11][accepted]
        )
        self._relapse(rows[accepted], draws[13][accepted], draws[12][accepted])
        return np.asarray(accepted, dtype=np.bool_)

    def _keep(
        self, row: Ints, at: Ints, accepted: Bools, stays: Bools, kind: Ints, draws: list[Floats]
    ) -> None:
        """Write what an accepted offer does; who was about to leave may leave later."""
        meant_it = accepted & ~stays & (draws[11] < SAVED_AFTER_NOTICE)
        self.book.record(
            row[meant_it],
            subs.NOTICE,
            at[meant_it] - 60,
            effective=self.book.period_end(row[meant_it], self.book.today),
            reason=subs.VOLUNTARY,
        )
        self.book.record(row[meant_it], subs.WITHDRAWN, at[meant_it] + 30)
        self._concede(
            row[accepted], at[accepted] + 40, kind[accepted], draws[9][accepted], draws[11][accepted]
        )
        real = accepted & ~stays
        self._relapse(row[real], draws[13][real], draws[12][real])

    def _relapse(self, row: Ints, draw: Floats, when: Floats) -> None:
        again = draw < RELAPSES
        day = self.book.today + RELAPSE_FROM + np.floor(when[again] * RELAPSE_DAYS).astype(np.int64)
        self.agenda.plan(row[again], agenda.RELAPSE, day)

    def _concede(self, row: Ints, at: Ints, kind: Ints, size_draw: Floats, lasting: Floats) -> None:
        """Write the concession events, and the pauses."""
        discount = kind == DISCOUNT
        permanent = discount & (lasting >= 1 - PERMANENT_DISCOUNT)
        self.book.record(
            row[permanent],
            subs.CONCESSION,
            at[permanent],
            amount=self.book.price(row[permanent], 1.0 - _discount(size_draw[permanent])),
        )
        once = (discount & ~permanent) | (kind == CREDIT)
        self.book.record(row[once], subs.CONCESSION, at[once])
        pauses = kind == PAUSE
        self.pause(row[pauses], at[pauses], np.full(int(pauses.sum()), PAUSE_DAYS))

    def pause(self, row: Ints, at: Ints, days: Ints) -> None:
        """Pause subscriptions for some days; nothing is paid meanwhile."""
        self.book.record(row, subs.PAUSE, at, amount=0)
        self.book.state[row] = subs.PAUSED
        self.agenda.plan(row, agenda.RESUME, self.book.today + days)

    def _possible(self, row: Ints, kind: Ints) -> Ints:
        """Offer a credit instead of a pause where the year is paid."""
        return np.where((kind == PAUSE) & self.book.yearly[row], CREDIT, kind)

    def _amounts(self, row: Ints, kind: Ints, size_draw: Floats, month_draw: Floats) -> Ints:
        """Return what offers cost over their life, in whole hundredths: nothing for fix, information and pause."""
        price = self.book.amount[row]
        months = _MONTHS[np.floor(month_draw * len(_MONTHS)).astype(np.int64)]
        discount = price * _discount(size_draw) * months
        cost = np.where(kind == DISCOUNT, discount, np.where(kind == CREDIT, price, 0.0))
        return np.asarray(np.round(cost / 100) * 100, dtype=np.int64)

    def _offer(
        self, made: Bools, contact: Ints, row: Ints, at: Ints, kind: Ints, amount: Ints, accepted: Bools
    ) -> None:
        count = int(made.sum())
        self._offers.add(
            count,
            number=self._count + np.arange(count),
            at=at[made],
            contact=contact[made],
            subscription=row[made],
            kind=kind[made],
            amount=amount[made],
            accepted=accepted[made],
        )
        self._count += count

    def _note_without(self, day: FinishedDay, place: Ints) -> None:
        """Note the wishes of those who have nothing to cancel: they left before, or did it already."""
        place = place[day.is_delivered[place]]
        self._truth.add(
            len(place),
            at=day.records["ended"][place],
            contact=day.records["number"][place],
            customer=day.records["customer"][place],
            attempted=0,
            saved=0,
        )

    def drain(self) -> Tables:
        """Return the offers and the truth about them since the last call."""
        known = self.settings.known_until
        offers, truth = self._offers.drain(known), self._truth.drain(known)
        region = self.office.population.customers["region"][self.book.customer[offers["subscription"]]]
        present = np.ones(len(region), dtype=np.bool_)
        columns = {
            "offer_id": ids("SO", offers["number"], present),
            "contact_id": ids("C", offers["contact"], offers["contact"] != NONE),
            "subscription_id": ids("SU", offers["subscription"], present),
            "kind": coded(OFFERS, offers["kind"]),
            "amount": money(offers["amount"]),
            "currency": coded(world.CURRENCIES, region),
            "was_accepted": flags(offers["accepted"]),
        }
        saves = {
            "contact_id": ids("C", truth["contact"], truth["contact"] != NONE),
            "customer_id": ids("CU", truth["customer"], truth["customer"] != NONE),
            "subscription_id": ids("SU", truth["subscription"], truth["subscription"] != NONE),
            "would_have_stayed": flags(truth["stays"]),
            "was_attempted": flags(truth["attempted"]),
            "was_accepted": flags(truth["accepted"]),
            "is_saved_by_offer": flags(truth["saved"]),
        }
        return {
            "save_offers": pa.table(columns, schema=SCHEMA),
            "truth/saves": pa.table(saves, schema=TRUTH_SCHEMA),
        }


def _willing(kind: Ints, stays: Bools, help_: Floats) -> Floats:
    return np.where(stays, THREATENER_ACCEPTS[kind], ACCEPTS[kind] + help_)


def _discount(draw: Floats) -> Floats:
    return np.asarray(_DISCOUNTS[np.floor(draw * len(_DISCOUNTS)).astype(np.int64)], dtype=np.float64)
