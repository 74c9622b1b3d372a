"""Finance: time sheets, payroll, carriers, outsourcers and overhead, and the ledger that they add up to.

Costs follow from what was done: minutes on the roster from the queues, pay from minutes, bills from use. The ledger
holds them in the months in which a company would book them, which are not always those in which they arose.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa

from cx_metrics.simulator import world
from cx_metrics.simulator.automation.technology import TECHNOLOGY_IDS, Spent
from cx_metrics.simulator.columns import DAY, MONEY, NUMBER, TEXT, contact_ids, from_rows, money, numbers
from cx_metrics.simulator.contacts.records import Office
from cx_metrics.simulator.finance import ledger as books
from cx_metrics.simulator.finance import outsourcing, tariffs
from cx_metrics.simulator.finance.ledger import Bill, Cause, Ledger
from cx_metrics.simulator.finance.outsourcing import Outsourcers
from cx_metrics.simulator.finance.tariffs import CURRENCIES, Exchange, Tariffs
from cx_metrics.simulator.finished import FinishedDay, Tables
from cx_metrics.simulator.frames import NONE, Array, Floats, Frame, Ints, concat, size, take
from cx_metrics.simulator.settings import Stage
from cx_metrics.simulator.workforce import payroll, time_sheets
from cx_metrics.simulator.workforce.payroll import CURRENCY, ON_COSTS, SITES, Payroll
from cx_metrics.simulator.workforce.time_sheets import TimeSheets
from cx_metrics.simulator.workforce.workforce import ROLES

SCHEMAS: dict[str, pa.Schema] = {
    **time_sheets.SCHEMAS,
    **payroll.SCHEMAS,
    **tariffs.SCHEMAS,
    **outsourcing.SCHEMAS,
    **books.SCHEMAS,
    "truth/contact_costs": pa.schema(
        [
            ("contact_id", TEXT),
            ("agent_seconds", NUMBER),
            ("agent_amount", MONEY),
            ("vendor_amount", MONEY),
            ("channel_amount", MONEY),
            ("currency", TEXT),
        ]
    ),
    "truth/agents": pa.schema(
        [
            ("agent_id", TEXT),
            ("role", TEXT),
            ("talent", NUMBER),
            ("pace", NUMBER),
            ("base_leave_hazard", NUMBER),
        ]
    ),
    "truth/leave_hazards": pa.schema(
        [("month", DAY), ("team", TEXT), ("planned_occupancy", NUMBER), ("leave_factor", NUMBER)]
    ),
}
"""The columns of every table of the domain, those of the contract in its order.

``truth/contact_costs`` is in the reporting currency at the rate of the day on which the contact was finished;
``leave_factor`` is what the effect occupancy_attrition does to the chance to leave on the first of the month.
"""

LICENCE, PLANNING_SOFTWARE, QUALITY_SOFTWARE = 420, 60, 55
SEAT, HEAD_OFFICE_CHARGE = 1000, 850
"""Pence per head and day: licences for everybody who serves contacts, seats and head office for own staff only."""
BOT_MINUTE = 9
"""Pence per minute with a bot, where no meter of the bots' supplier is known."""
PROJECT_SHARES = ((books.PROJECTS, 0.020), (books.CAPITALISED, 0.060), (books.SHOPS, 0.035))
"""Quarterly project costs, and costs that are out of scope, as shares of a quarter's seats and head office."""
_METERED = 10**12
"""The meters count in millionths of a millionth of a currency unit."""
_ESTIMATE_WITHIN = 0.03
_WORKS_ON_CONTACTS = (world.RING, world.TALK, world.HOLD, world.WRAP, world.CONSULT, world.MESSAGE)
_HANDLES = (world.TALK, world.HOLD, world.WRAP, world.MESSAGE)
_CHAT_LANES = tuple(i for i, lane in enumerate(world.LANES) if lane.channel == world.CHAT)
_AXIS = 400_000
_COST_FIELDS = {
    "number": "int64", "seconds": "float64", "agent": "int64", "vendor": "int64", "channel": "int64"
}  # fmt: skip


class Finance:
    """Keeps the books of the center, day by day."""

    def __init__(self, office: Office, spent: Spent | None = None) -> None:
        """Open the books; ``spent`` is what the meters of bots and other technology have counted so far."""
        self.office = office
        self.settings = office.settings
        self.sheets = TimeSheets(office)
        self.payroll = Payroll(office)
        self.tariffs = Tariffs(office.settings)
        self.exchange = Exchange(office.settings)
        self.outsourcers = Outsourcers(office)
        self.ledger = Ledger()
        self._costs: list[Frame] = []
        self._hazards: list[tuple[object, ...]] = []
        self._carriers: dict[str, tuple[Cause, ...]] = {}
        self._heads = np.zeros((2, len(SITES)), dtype=np.int64)
        self._quarter = 0
        self._bot_seconds = 0
        self._spent = spent
        self._billed: dict[tuple[int, str], int] = {}
        self._is_opened = False

    def one_day(self, day: FinishedDay) -> None:
        """Book a day; the months' bills follow on their days."""
        number, today = day.number, self.settings.day(day.number)
        self.exchange.one_day(number)
        worked = self.sheets.one_day(day)
        self.payroll.one_day(number, worked)
        if number < 0:
            return
        self.ledger.settle(today)
        self.outsourcers.one_day(day, worked)
        carried = self.tariffs.use(day, self.exchange.now())
        self._costs.append(self._contact_costs(day, carried))
        self._count(day)
        if today.day == 1 or number == 0:
            self._note_hazards(number)
        if today.day == tariffs.CARRIERS_BILL_TO:
            for currency in CURRENCIES:
                self._carriers[currency] = self.tariffs.bill(books.CARRIERS, currency)
        if books.ends_month(today):
            self._close_month(today, number)

    def _count(self, day: FinishedDay) -> None:
        """Count heads per site, own and others', and the time with bots."""
        workforce = self.office.workforce
        here = np.flatnonzero((workforce.hired_on <= day.number) & (workforce.left_on >= day.number))
        own = workforce.is_in_house(here).astype(np.int64)
        np.add.at(self._heads, (own, self.payroll.scale.site(here)), 1)
        self._bot_seconds += int(day.work["bot"].sum())

    def _note_hazards(self, number: int) -> None:
        workforce = self.office.workforce
        month = self.settings.day(number).replace(day=1)
        planned, factors = workforce.planned_occupancy(number), workforce.leave_factors(number)
        for lane, occupancy, factor in zip(world.LANES, planned.tolist(), factors.tolist(), strict=True):
            self._hazards.append((month, lane.team, occupancy, factor))

    # Months

    def _close_month(self, today: date, number: int) -> None:
        """Post pay and the center's own costs, and estimate what suppliers will charge."""
        month = today.replace(day=1)
        self.payroll.post(self.ledger, month, today)
        own, everybody = self._heads[1], int(self._heads.sum())
        quarter = 0
        for place, site in enumerate(SITES):
            heads = int(own[place])
            for account, price in ((books.RENT, SEAT), (books.HEAD_OFFICE, HEAD_OFFICE_CHARGE)):
                charge = Cause("heads on the books", heads, "head and day", heads * price)
                quarter += charge.cents
                self.ledger.post(month, account, world.IN_HOUSE, site, today, tariffs.REPORTING, [charge])
        self._quarter += quarter
        if month.month % 3 == 0:
            for account, share in PROJECT_SHARES:
                spent = round(self._quarter * share)
                cause = Cause("quarter's budget", 1.0, "quarter", spent)
                self.ledger.post(month, account, world.IN_HOUSE, None, today, tariffs.REPORTING, [cause])
            self._quarter = 0
        bills: list[Bill] = []
        for account, price in (
            (books.LICENCES, LICENCE),
            (books.PLANNING, PLANNING_SOFTWARE),
            (books.QUALITY, QUALITY_SOFTWARE),
        ):
            used = Cause("people with access", everybody, "head and day", everybody * price)
            bills.append(self._bill(month, account, tariffs.REPORTING, (used,)))
        for currency in CURRENCIES:
            bills.append(self._bill(month, books.AI, currency, self._bots(month, currency)))
        bills.append(
            self._bill(month, books.TELEPHONY, tariffs.REPORTING, self.tariffs.bill(books.TELEPHONY, "GBP"))
        )
        for currency, causes in self._carriers.items():
            bills.append(self._bill(month, books.CARRIERS, currency, causes))
        self._carriers = {}
        rng = self.settings.generator(Stage.FINANCE, number, 2)
        for bill in bills:
            actual = sum(cause.cents for cause in bill.causes)
            wrong = float(rng.uniform(-_ESTIMATE_WITHIN, _ESTIMATE_WITHIN))
            self.ledger.accrue(
                Bill(
                    bill.month, bill.account, bill.vendor, bill.site, bill.currency, bill.causes,
                    round(actual * (1 + wrong)),
                ),
                today,
            )  # fmt: skip
        for bill in self.outsourcers.bills(month, number):
            self.ledger.accrue(bill, today)
        self._heads[:] = 0
        self._bot_seconds = 0

    @staticmethod
    def _bill(month: date, account: str, currency: str, causes: tuple[Cause, ...]) -> Bill:
        return Bill(month, account, world.IN_HOUSE, None, currency, causes, 0)

    def _bots(self, month: date, currency: str) -> tuple[Cause, ...]:
        """Return what bots and models cost until the end of a month: by the meters, or by the minute."""
        if self._spent is None:
            used = self._bot_seconds if currency == tariffs.REPORTING else 0
            return (Cause("minutes with bots", used / 60, "minute", books.cents(used * BOT_MINUTE, 60)),)
        causes = []
        for place, name in enumerate(TECHNOLOGY_IDS):
            total = sum(
                amount
                for (when, technology, paid_in), amount in self._spent.items()
                if technology == place and paid_in == currency and when <= month.strftime("%Y-%m")
            )
            new = total - self._billed.get((place, currency), 0)
            self._billed[place, currency] = total
            causes.append(
                Cause(f"meters of {name}", new / _METERED, "currency", books.cents(new, _METERED // 100))
            )
        return tuple(causes)

    # Contacts

    def _contact_costs(self, day: FinishedDay, carried: Ints) -> Frame:
        """Return what each record of the day really cost, in ten-thousandths of the reporting currency."""
        records = day.records
        rows = size(records)
        pieces = take(
            day.pieces, (day.pieces["agent"] != NONE) & np.isin(day.pieces["kind"], _WORKS_ON_CONTACTS)
        )
        order = np.argsort(records["number"], kind="stable")
        row = order[np.searchsorted(records["number"], pieces["number"], sorter=order)]
        inside = records["direction"][row] == world.INTERNAL
        seconds = _shared_seconds(pieces)
        agent, when = pieces["agent"], (pieces["start"] - self.settings.period_start) // 86400
        workforce, fx = self.office.workforce, self.exchange.now()
        own = workforce.is_in_house(agent)
        amount, charged = np.zeros(len(agent)), np.zeros(len(agent))
        staff = np.flatnonzero(own)
        site = self.payroll.scale.site(agent[staff])
        loaded = np.array([(1 + ON_COSTS[name]) * fx[CURRENCIES.index(CURRENCY[name])] for name in SITES])
        hourly = self.payroll.scale.hourly(agent[staff], np.maximum(when[staff], 0))
        amount[staff] = seconds[staff] * hourly * loaded[site] / 3600
        month = self.settings.day(day.number).replace(day=1)
        vendor = np.where(own, NONE, self.outsourcers.of_lane[workforce.first_lane[agent]])
        worth = self._worth_of_cents(fx)
        if len(worth):
            handles = np.isin(pieces["kind"], _HANDLES) & ~inside
            price = self.outsourcers.price_of_seconds(vendor, handles, month)
            charged = np.where(own, 0.0, seconds * price * worth[np.maximum(vendor, 0)])
        contact = np.bincount(row, charged, rows).astype(np.float64)
        served = np.isin(pieces["kind"], (world.TALK, world.MESSAGE)) & ~own & ~inside
        for i in range(len(worth)):
            fee = self.outsourcers.price_of_contact(i, month) * worth[i]
            contact[np.unique(row[served & (vendor == i)])] += fee
        costs = {
            "number": records["number"],
            "seconds": np.bincount(row, seconds, rows),
            "agent": np.rint(np.bincount(row, amount, rows)).astype(np.int64),
            "vendor": np.rint(contact).astype(np.int64),
            "channel": carried,
        }
        return take(costs, day.is_delivered)

    def _worth_of_cents(self, fx: Floats) -> Array:
        """Return what a hundredth of each vendor's currency is worth, in ten-thousandths of the reporting one."""
        names = [outsourcing.CONTRACTS[i][0] for i in range(len(self.outsourcers.names))]
        return np.array([100 * fx[CURRENCIES.index(name)] for name in names])

    # Rows

    def drain(self) -> Tables:
        """Return the rows since the last call."""
        costs = concat(self._costs, _COST_FIELDS)
        self._costs = []
        hazards, self._hazards = self._hazards, []
        opening = {} if self._is_opened else self._opening()
        self._is_opened = True
        return {
            **opening,
            **self.sheets.drain(),
            "agent_pay": self.payroll.drain(),
            "fx_rates": self.exchange.drain(),
            **self.outsourcers.drain(),
            **self.ledger.drain(),
            "truth/leave_hazards": from_rows(SCHEMAS["truth/leave_hazards"], hazards),
            "truth/contact_costs": pa.table(
                {
                    "contact_id": contact_ids(costs["number"]),
                    "agent_seconds": numbers(costs["seconds"]),
                    "agent_amount": money(costs["agent"]),
                    "vendor_amount": money(costs["vendor"]),
                    "channel_amount": money(costs["channel"]),
                    "currency": pa.array([tariffs.REPORTING], pa.string()).take(
                        pa.array(np.zeros(size(costs), dtype=np.int32))
                    ),
                },
                schema=SCHEMAS["truth/contact_costs"],
            ),
        }

    def _opening(self) -> dict[str, pa.Table]:
        """Return what is known from the first day on."""
        return {
            "ledger_accounts": books.accounts(),
            "channel_tariffs": self.tariffs.table(),
            **self.outsourcers.contracts(),
        }

    def close(self) -> Tables:
        """Return the people's pay rates, and the truth about them."""
        workforce = self.office.workforce
        people = np.flatnonzero(workforce.hired_on <= self.settings.days - 1).tolist()
        truth = [
            (
                f"A{person:05d}",
                ROLES[workforce.role[person]],
                workforce.talent[person],
                workforce.pace[person],
                workforce.base_leave_hazard(person),
            )
            for person in people
        ]
        return {
            "agent_pay_rates": self.payroll.rates(),
            "truth/agents": from_rows(SCHEMAS["truth/agents"], truth),
        }


def _shared_seconds(pieces: Frame) -> Floats:
    """Return the working seconds of pieces, those of chats shared equally with the agent's other chats."""
    seconds = (pieces["end"] - pieces["start"]).astype(np.float64)
    chats = np.flatnonzero(np.isin(pieces["queue"], _CHAT_LANES) & (seconds > 0))
    if not len(chats):
        return seconds
    agent, start, end = (pieces[name][chats] for name in ("agent", "start", "end"))
    _, who = np.unique(agent, return_inverse=True)
    axis = who * _AXIS - int(start.min())
    start, end = start + axis, end + axis
    cuts = np.unique(np.concatenate([start, end]))
    change = np.zeros(len(cuts), dtype=np.int64)
    first, last = np.searchsorted(cuts, start), np.searchsorted(cuts, end)
    np.add.at(change, first, 1)
    np.add.at(change, last, -1)
    active = np.cumsum(change)[:-1]
    lasted = np.where(active > 0, np.diff(cuts) / np.maximum(active, 1), 0.0)
    worked = np.concatenate([[0.0], np.cumsum(lasted)])
    seconds[chats] = worked[last] - worked[first]
    return seconds
