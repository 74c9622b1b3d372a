"""Investments in automation and analytics: the approved plan, what was spent, what was claimed and what came of it.

The plan is fixed at approval. Actual benefits follow what happened in the simulated month: contacts that agents did
not have because a bot or a menu settled the matter, and minutes that assistance saved. A part of that is cash (fewer
paid hours and outsourced minutes), another part is time for other work, and the rest of what the project claims is
neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from cx_metrics.simulator import world
from cx_metrics.simulator.automation import bots, technology
from cx_metrics.simulator.automation.sessions import ASSUMED
from cx_metrics.simulator.automation.technology import ASSISTED_SINCE, TRANSCRIBED_SINCE
from cx_metrics.simulator.columns import DAY, MONEY, NUMBER, TEXT, from_rows
from cx_metrics.simulator.contacts.entry import NEW_MENU_SINCE, TRIES_AGENT_AFTER_MENU
from cx_metrics.simulator.finished import FinishedDay, Tables
from cx_metrics.simulator.frames import NONE, Frame, chance
from cx_metrics.simulator.settings import Settings

SCHEMAS: dict[str, pa.Schema] = {
    "investments": pa.schema(
        [("investment_id", TEXT), ("technology_id", TEXT), ("name", TEXT), ("approved_on", DAY)]
    ),
    "investment_cash_flows": pa.schema(
        [
            ("investment_id", TEXT),
            ("period_month", DAY),
            ("scenario", TEXT),
            ("kind", TEXT),
            ("line", TEXT),
            ("amount", MONEY),
            ("verification", TEXT),
        ]
    ),
}
TRUTH_SCHEMAS: dict[str, pa.Schema] = {
    "truth/investments": pa.schema(
        [
            ("investment_id", TEXT),
            ("period_month", DAY),
            ("avoided_contacts", NUMBER),
            ("saved_minutes", NUMBER),
            ("cash_benefit", MONEY),
            ("true_benefit", MONEY),
        ]
    )
}

PLANNED_MONTHS = 24
POSTED_ON = 5
"""Day of the next month on which a month's actual flows are known."""
OPS_AFTER, FINANCE_AFTER, AUDIT_AFTER = 30, 60, 150
"""Days after that until operations and finance have verified a benefit, and until unproven claims are audited."""
REVERSED = 0.5
"""Chance, told by the month, that the audit takes a claim back."""

CASH_PER_CONTACT, FREED_PER_CONTACT, CLAIMED_PER_CONTACT = Decimal("2.10"), Decimal("1.60"), Decimal("5.60")
"""What an avoided contact is worth: in cash (outsourced minutes, overtime, lines), in time for other work, and at the
full cost that projects claim. GBP; marginal, not average (M09)."""
CASH_PER_MINUTE, FREED_PER_MINUTE, CLAIMED_PER_MINUTE = Decimal("0.16"), Decimal("0.14"), Decimal("0.45")
CLAIMED_SAVING = 0.12
"""Share of talk time that the assistance project says it saves."""
REVIEW_SAVED, REVIEW_CLAIMED = Decimal("0.0015"), Decimal("0.012")
"""What a transcribed minute saves in manual reviews: in truth, and as claimed."""
RATES = {"GBP": Decimal("1"), "USD": Decimal("0.79"), "EUR": Decimal("0.86")}
"""Planning rates at which the investments' own books convert the use of technologies."""

CASH_LINE, FREED_LINE = "fewer paid hours and outsourced minutes", "time for other work"
REST_LINE = "further claims at full cost"
BUILD_LINE, RUN_LINE, USE_LINE = "build", "licences and care", "metered use"


@dataclass(frozen=True, kw_only=True)
class Investment:
    """A business case. Days count from the first day; money is GBP per new need of customers in a year.

    ``builds`` are the months over which the building is paid, ``live`` the day from which it works, ``run`` the yearly
    cost from then on, ``planned`` the yearly cash benefit that the plan expects after ``ramp`` months of growing to
    it, ``metered`` the technologies whose use it pays, and ``use`` what the plan expects of that in a year.
    """

    investment_id: str
    name: str
    technologies: tuple[int, ...]
    approved: int
    builds: int
    live: int
    build: float
    run: float
    use: float
    planned: float
    ramp: int


_SALT_AUDIT = 460
BOTS, MENU, ASSIST, ANALYTICS = range(4)
INVESTMENTS = (
    Investment(
        investment_id="inv_bots", name="Bot programme", approved=-75, builds=3, live=0, build=0.042, run=0.030,
        technologies=(technology.CHAT_BOT, technology.MESSAGING_BOT, technology.VOICE_BOT), use=0.030,
        planned=0.125, ramp=1,
    ),
    Investment(
        investment_id="inv_menus", name="Telephone self-service redesign", approved=12, builds=1,
        live=NEW_MENU_SINCE, build=0.0022, run=0.0010, technologies=(), use=0.0, planned=0.0064, ramp=1,
    ),
    Investment(
        investment_id="inv_assist", name="Agent assistance", approved=80, builds=2,
        live=min(ASSISTED_SINCE.values()), build=0.010, run=0.004, technologies=(technology.ASSISTANCE,), use=0.016,
        planned=0.045, ramp=6,
    ),
    Investment(
        investment_id="inv_analytics", name="Speech analytics", approved=30, builds=2, live=TRANSCRIBED_SINCE,
        build=0.020, run=0.012, technologies=(technology.TRANSCRIPTION,), use=0.030, planned=0.075, ramp=3,
    ),
)  # fmt: skip


@dataclass
class _Month:
    """What one investment brought in one month: contacts and minutes in truth, and what the project counts."""

    contacts: float = 0.0
    minutes: float = 0.0
    claimed: float = 0.0


class Investments:
    """The books of all investments: what they brought is counted day by day."""

    def __init__(self, settings: Settings) -> None:
        """Start with nothing brought in."""
        self.settings = settings
        self._brought: dict[tuple[int, date], _Month] = {}

    def one_day(self, day: FinishedDay, sessions: Frame) -> None:
        """Count what the investments brought on a day."""
        if day.number < 0:
            return
        real = sessions["is_delivered"] & ~sessions["is_test"]
        avoided = real & (sessions["end"] == bots.SETTLED) & sessions["would_ask"]
        self._note(BOTS, day, contacts=_count(avoided), claimed=_count(real & (sessions["claim"] <= ASSUMED)))

        records, work = day.records, day.work
        by_menu = day.is_delivered & (records["otherwise"] != NONE) & (records["turns"] == NONE)
        settled = by_menu & (records["resolved"] == 1)
        more = TRIES_AGENT_AFTER_MENU * (_count(settled) - _count(by_menu & (records["otherwise"] == 1)))
        if day.number >= INVESTMENTS[MENU].live:
            self._note(MENU, day, contacts=more, claimed=2.0 * more)

        live = (records["channel"] == world.VOICE) | (records["channel"] == world.CHAT)
        assisted = day.is_delivered & live & technology.is_assisted(work["lane"], day.number)
        talk = float(work["talk"][assisted].sum()) / 60.0
        effect = self.settings.size_of("agent_assist", day.number) or 0.0
        if day.number >= INVESTMENTS[ASSIST].live:
            saved = talk * -effect / (1.0 + effect)
            self._note(ASSIST, day, minutes=saved, claimed=talk * CLAIMED_SAVING)

        if day.number >= INVESTMENTS[ANALYTICS].live:
            spoken = day.is_delivered & (records["channel"] == world.VOICE)
            minutes = float((work["talk"] + work["hold"])[spoken].sum()) / 60.0
            self._note(ANALYTICS, day, claimed=minutes)

    def _note(
        self,
        which: int,
        day: FinishedDay,
        *,
        contacts: float = 0.0,
        minutes: float = 0.0,
        claimed: float = 0.0,
    ) -> None:
        month = self._brought.setdefault((which, self.settings.day(day.number).replace(day=1)), _Month())
        month.contacts += contacts
        month.minutes += minutes
        month.claimed += claimed

    def close(self, spent: technology.Spent) -> Tables:
        """Return the investments that were approved by the last day, with the flows that are known by then."""
        cases, flows, truth = [], [], []
        for which, case in enumerate(INVESTMENTS):
            if case.approved >= self.settings.days:
                continue
            names = [technology.TECHNOLOGY_IDS[one] for one in case.technologies]
            names = names or ([technology.TECHNOLOGY_IDS[technology.MENUS]] if which == MENU else [])
            named = names[0] if names else None
            cases.append((case.investment_id, named, case.name, self.settings.day(case.approved)))
            flows += [(case.investment_id, *row) for row in self._plan(case)]
            flows += [(case.investment_id, *row) for row in self._actual(which, case, spent)]
            for month in self._closed_months(case):
                brought = self._brought.get((which, month), _Month())
                cash, freed, _ = _benefit(which, brought)
                truth.append(
                    (case.investment_id, month, brought.contacts, brought.minutes, cash, cash + freed)
                )
        return {
            "investments": from_rows(SCHEMAS["investments"], cases),
            "investment_cash_flows": from_rows(SCHEMAS["investment_cash_flows"], flows),
            "truth/investments": from_rows(TRUTH_SCHEMAS["truth/investments"], truth),
        }

    def _scaled(self, per_need: float) -> Decimal:
        """Return GBP per yearly need as GBP for the size of this company."""
        return _pence(per_need * self.settings.needs_per_day * 365)

    def _plan(self, case: Investment) -> Iterator[tuple[Any, ...]]:
        """Return the approved flows of all planned months."""
        first = self.settings.day(case.approved).replace(day=1)
        starts = self.settings.day(case.live).replace(day=1)
        for nth in range(PLANNED_MONTHS):
            month = _later(first, nth)
            if nth < case.builds:
                yield month, "plan", "cost", BUILD_LINE, self._scaled(case.build / case.builds), None
            if month < starts:
                continue
            age = (month.year - starts.year) * 12 + month.month - starts.month
            share = min(1.0, (age + 1) / case.ramp) / 12
            yield month, "plan", "cost", RUN_LINE, self._scaled(case.run / 12), None
            if case.use:
                yield month, "plan", "cost", USE_LINE, self._scaled(case.use * share), None
            yield month, "plan", "benefit", CASH_LINE, self._scaled(case.planned * share), "claimed"

    def _actual(self, which: int, case: Investment, spent: technology.Spent) -> Iterator[tuple[Any, ...]]:
        """Return the actual flows of the months that are closed; building costs 12 % more than planned."""
        first = self.settings.day(case.approved).replace(day=1)
        starts = self.settings.day(case.live).replace(day=1)
        for month in self._closed_months(case):
            nth = (month.year - first.year) * 12 + month.month - first.month
            if nth < case.builds:
                build = self._scaled(1.12 * case.build / case.builds)
                yield month, "actual", "cost", BUILD_LINE, build, "finance_verified"
            if month < starts:
                continue
            yield month, "actual", "cost", RUN_LINE, self._scaled(case.run / 12), "finance_verified"
            if case.technologies:
                used = sum(
                    (technology.pounds(spent, f"{month:%Y-%m}", one, RATES) for one in case.technologies),
                    Decimal(0),
                )
                yield month, "actual", "cost", USE_LINE, used, "finance_verified"
            cash, freed, claimed = _benefit(which, self._brought.get((which, month), _Month()))
            age = (self.settings.day(self.settings.days - 1) - _posted(month)).days
            by_ops = "ops_verified" if age >= OPS_AFTER else "claimed"
            by_finance = "finance_verified" if age >= FINANCE_AFTER else by_ops
            yield month, "actual", "benefit", CASH_LINE, cash, by_finance
            yield month, "actual", "benefit", FREED_LINE, freed, by_ops
            rest = max(claimed - cash - freed, Decimal(0))
            taken_back = age >= AUDIT_AFTER and self._is_audited(which, month)
            yield month, "actual", "benefit", REST_LINE, rest, "reversed" if taken_back else "claimed"

    def _is_audited(self, which: int, month: date) -> bool:
        key = np.array([which * 100_000 + month.year * 12 + month.month], dtype=np.int64)
        return bool(chance(key, self.settings.seed, _SALT_AUDIT)[0] < REVERSED)

    def _closed_months(self, case: Investment) -> Iterator[date]:
        """Return the months since approval whose flows are known on the last day."""
        month = self.settings.day(case.approved).replace(day=1)
        while _posted(month) <= self.settings.day(self.settings.days - 1):
            yield month
            month = _later(month, 1)


def _benefit(which: int, brought: _Month) -> tuple[Decimal, Decimal, Decimal]:
    """Return what a month brought in cash and in time for other work, and what the project claims in all."""
    contacts, minutes = Decimal(repr(brought.contacts)), Decimal(repr(brought.minutes))
    claimed = Decimal(repr(brought.claimed))
    if which == ANALYTICS:
        return _pence(REVIEW_SAVED * claimed), Decimal("0.00"), _pence(REVIEW_CLAIMED * claimed)
    per_claim = CLAIMED_PER_MINUTE if which == ASSIST else CLAIMED_PER_CONTACT
    cash = CASH_PER_CONTACT * contacts + CASH_PER_MINUTE * minutes
    freed = FREED_PER_CONTACT * contacts + FREED_PER_MINUTE * minutes
    return _pence(cash), _pence(freed), _pence(per_claim * claimed)


def _count(mask: Any) -> float:
    return float(np.count_nonzero(mask))


def _pence(amount: float | Decimal) -> Decimal:
    return Decimal(amount).quantize(Decimal("0.01"))


def _later(month: date, months: int) -> date:
    nth = month.year * 12 + month.month - 1 + months
    return date(nth // 12, nth % 12 + 1, 1)


def _posted(month: date) -> date:
    """Return the day on which a month's actual flows are known."""
    return _later(month, 1) + timedelta(days=POSTED_ON - 1)
