"""Payroll: what every person of the company's own staff is paid per day, at which rate, and what the months sum to.

Outsourced staff are not on the payroll; their employer sends invoices.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from cx_metrics.simulator import clock, world
from cx_metrics.simulator.columns import DAY, MONEY, TEXT, coded, days, from_rows, ids, money
from cx_metrics.simulator.contacts.records import Office
from cx_metrics.simulator.finance.ledger import Cause, Ledger, cents, exact
from cx_metrics.simulator.frames import NONE, Array, Frame, Ints, chance, concat, size
from cx_metrics.simulator.workforce.time_sheets import Worked
from cx_metrics.simulator.workforce.workforce import AGENT, BACK_OFFICE, SUPERVISOR

RATE = pa.decimal128(18, 6)
SCHEMAS: dict[str, pa.Schema] = {
    "agent_pay": pa.schema(
        [
            ("agent_id", TEXT),
            ("work_date", DAY),
            ("regular_minutes", MONEY),
            ("overtime_minutes", MONEY),
            ("overtime_queue_id", TEXT),
        ]
    ),
    "agent_pay_rates": pa.schema(
        [
            ("agent_id", TEXT),
            ("effective_from", DAY),
            ("hourly_rate", MONEY),
            ("currency", TEXT),
            ("overtime_multiplier", RATE),
            ("on_cost_rate", RATE),
        ]
    ),
}

SITES = tuple(dict.fromkeys(lane.site for lane in world.LANES))
CURRENCY = {"London": "GBP", "Manila": "USD", "Leipzig": "EUR"}
HOURLY = {"London": (14.40, 20.60, 18.00), "Manila": (6.40, 10.50, 9.00), "Leipzig": (15.30, 21.50, 19.00)}
"""Pay per hour of a beginner, in the site's currency: agent, supervisor, back office."""
ON_COSTS = {"London": 0.22, "Manila": 0.16, "Leipzig": 0.21}
STEPS = ((0, 1.00), (180, 1.03), (365, 1.06), (730, 1.10), (1460, 1.14))
"""Days with the company, and pay relative to a beginner's."""
YEARLY_RISE = 1.03
_RISE_ON = (4, 1)
OVERTIME_MULTIPLIER = 1.5
WEEK_MINUTES = 2400
"""Minutes of a week's work after which all further ones are overtime: 40 hours."""
_OFFICE_DAY = 480
_LEAVE_DAY = 396
"""Minutes paid for a day of leave or a public holiday: the usual shift."""
_LEAVE = 0.20
"""Chance that a weekday without a shift is one of paid leave; about 24 a year."""
_SALT_LEAVE = 510
_LATE_ENOUGH = 60

REASONS = ("shift", "training", "sickness", "leave", "public holiday", "overtime at straight time")
_SHIFT, _TRAINING, _SICKNESS, _LEAVE_TAKEN, _HOLIDAY, _OVERTIME = range(len(REASONS))
ACCOUNTS = ("5000", "5100", "5200", "5210")
"""Accounts of straight pay by group: agents, supervisors, workforce management, quality."""
PREMIUM_ACCOUNT, ON_COST_ACCOUNT = "5010", "5020"

PAY_FIELDS = {"agent": "int64", "day": "int64", "regular": "int64", "overtime": "int64", "queue": "int8"}


class PayScale:
    """Hourly pay by site, role, tenure and year."""

    def __init__(self, office: Office) -> None:
        """Prepare the scale."""
        self.settings = office.settings
        self.workforce = office.workforce
        self._site = np.array([SITES.index(lane.site) for lane in world.LANES])
        self._base = np.array([HOURLY[site] for site in SITES])
        self._since = np.array([since for since, _ in STEPS])
        self._step = np.array([step for _, step in STEPS])

    def site(self, person: Array) -> Ints:
        """Return the site of people, as a position in SITES."""
        return np.asarray(self._site[self.workforce.first_lane[person]], dtype=np.int64)

    def hourly(self, person: Array, day: Array) -> Ints:
        """Return the hourly rate on a day in ten-thousandths of the site's currency, whole pennies."""
        tenure = np.maximum(day - self.workforce.hired_on[person], 0)
        step = self._step[np.searchsorted(self._since, tenure, side="right") - 1]
        base = self._base[self.site(person), self.workforce.roles[person]]
        if not len(day):
            return np.zeros(0, dtype=np.int64)
        first, last = int(day.min()), int(day.max())
        rises = np.array([self._rises(self.settings.day(n)) for n in range(first, last + 1)])
        rate = base * step * YEARLY_RISE ** rises[np.asarray(day) - first]
        return np.asarray(np.rint(rate * 100).astype(np.int64) * 100)

    @staticmethod
    def _rises(day: date) -> int:
        return day.year - 2024 + ((day.month, day.day) >= _RISE_ON)

    def changes(self, person: int, until: int) -> list[int]:
        """Return the days up to ``until`` from which a rate holds, the first one being in force at the start."""
        hired = int(self.workforce.hired_on[person])
        found = {hired + since for since, _ in STEPS}
        first = self.settings.day(hired).year
        for year in range(first, self.settings.day(until).year + 1):
            found.add((date(year, *_RISE_ON) - self.settings.start).days)
        known = sorted(day for day in found if hired <= day <= until)
        in_force = [day for day in known if day <= 0]
        return known[max(len(in_force) - 1, 0) :]


class Payroll:
    """Keeps pay per day and posts each month's on its last day."""

    def __init__(self, office: Office) -> None:
        """Start with nothing paid."""
        self.office = office
        self.scale = PayScale(office)
        self._rows: list[Frame] = []
        self._week = np.zeros(0, dtype=np.int64)
        self._clear()

    def _clear(self) -> None:
        shape = (len(REASONS), len(ACCOUNTS), len(SITES))
        self._minutes = np.zeros(shape, dtype=np.int64)
        self._worth = np.zeros(shape, dtype=np.int64)

    def one_day(self, number: int, worked: Worked) -> None:
        """Pay a day: shifts, training, sickness, leave and holidays of own staff, and the office's day."""
        workforce = self.office.workforce
        today = self.office.settings.day(number)
        people = len(workforce.role)
        self._week = np.concatenate([self._week, np.zeros(people - len(self._week), dtype=np.int64)])
        if today.weekday() == 0:
            self._week[:] = 0
        own = workforce.is_in_house(np.arange(people))
        mine = own[worked.person]
        person = worked.person[mine]
        minutes = (worked.paid[mine] + 30) // 60
        late = np.where(worked.late[mine] >= _LATE_ENOUGH, worked.late[mine] // 60, 0)
        overtime = np.where(worked.is_extra[mine], minutes, worked.longer[mine] // 60 + late)
        overtime = np.where(workforce.roles[person] == AGENT, np.minimum(overtime, minutes), 0)
        regular = minutes - overtime
        beyond = np.clip(self._week[person] + regular - WEEK_MINUTES, 0, regular)
        beyond = np.where(workforce.roles[person] == AGENT, beyond, 0)
        self._week[person] += regular
        regular, overtime = regular - beyond, overtime + beyond
        if number < 0:
            return
        lane = worked.lane[mine]
        queue = np.where((overtime > 0) & (lane < world.DESK), lane, NONE)
        self._add(number, _SHIFT, person, regular, overtime, queue)
        sheet = workforce.sheet
        sick = np.array(sheet.absent, dtype=np.int64).reshape(-1, 2)
        sick = sick[own[sick[:, 0]]]
        self._add(number, _SICKNESS, sick[:, 0], sick[:, 1] // 60)
        busy = np.concatenate([worked.person, sick[:, 0]])
        trainees = np.array(sheet.trainees, dtype=np.int64)
        if today.weekday() < 5:
            learning = trainees[own[trainees]]
            self._add(number, _TRAINING, learning, np.full(len(learning), _OFFICE_DAY))
            self._without_shift(number, today, own, np.concatenate([busy, trainees]))

    def _without_shift(self, number: int, today: date, own: Array, busy: Ints) -> None:
        """Pay the weekday of those who have no shift: the office is at work, agents are on leave or off."""
        workforce = self.office.workforce
        idle = own & (workforce.hired_on <= number) & (workforce.left_on >= number)
        idle[busy] = False
        person = np.flatnonzero(idle)
        role = workforce.roles[person]
        calendars = np.array([clock.is_holiday(lane.holidays, today) for lane in world.LANES])
        holiday = calendars[workforce.first_lane[person]]
        works = (role != AGENT) & ~holiday
        self._add(number, _SHIFT, person[works], np.full(int(works.sum()), _OFFICE_DAY))
        self._add(number, _HOLIDAY, person[holiday], np.full(int(holiday.sum()), _LEAVE_DAY))
        key = person * 40_000 + number
        leave = (role == AGENT) & ~holiday & (chance(key, self.office.settings.seed, _SALT_LEAVE) < _LEAVE)
        self._add(number, _LEAVE_TAKEN, person[leave], np.full(int(leave.sum()), _LEAVE_DAY))

    def _add(
        self,
        number: int,
        reason: int,
        person: Ints,
        regular: Ints,
        overtime: Ints | None = None,
        queue: Array | None = None,
    ) -> None:
        rows = len(person)
        if not rows:
            return
        extra = np.zeros(rows, dtype=np.int64) if overtime is None else overtime
        self._rows.append(
            {
                "agent": person,
                "day": np.full(rows, number, dtype=np.int64),
                "regular": regular.astype(np.int64),
                "overtime": extra,
                "queue": (np.full(rows, NONE) if queue is None else queue).astype(np.int8),
            }
        )
        hourly = self.scale.hourly(person, np.full(rows, number))
        group = self._group(person)
        site = self.scale.site(person)
        for why, minutes in ((reason, regular), (_OVERTIME, extra)):
            np.add.at(self._minutes[why], (group, site), minutes)
            np.add.at(self._worth[why], (group, site), minutes * hourly)

    def _group(self, person: Ints) -> Ints:
        """Return which account people's pay goes to: the office plans shifts and audits quality by turns."""
        role = self.office.workforce.roles[person]
        office = np.where(person % 2 == 0, 2, 3)
        return np.asarray(np.where(role == BACK_OFFICE, office, np.where(role == SUPERVISOR, 1, 0)))

    def post(self, ledger: Ledger, month: date, on: date) -> None:
        """Post a month's pay, premium and on-costs per site."""
        for place, site in enumerate(SITES):
            currency = CURRENCY[site]
            for group, account in enumerate(ACCOUNTS):
                causes = [
                    Cause(
                        REASONS[why],
                        int(self._minutes[why, group, place]) / 60,
                        "hour",
                        cents(int(self._worth[why, group, place]), 6000),
                    )
                    for why in range(len(REASONS))
                ]
                ledger.post(month, account, world.IN_HOUSE, site, on, currency, causes)
            extra, worth = (int(of[_OVERTIME, :, place].sum()) for of in (self._minutes, self._worth))
            share = round((OVERTIME_MULTIPLIER - 1) * 100)
            premium = Cause("overtime premium", extra / 60, "hour", cents(worth * share, 600_000))
            ledger.post(month, PREMIUM_ACCOUNT, world.IN_HOUSE, site, on, currency, [premium])
            straight = int(self._worth[:, :, place].sum())
            rate = round(ON_COSTS[site] * 100)
            on_costs = [
                Cause("on-costs of pay", straight / 600_000, "currency", cents(straight * rate, 600_000)),
                Cause(
                    "on-costs of the overtime premium",
                    worth * share / 60_000_000,
                    "currency",
                    cents(worth * share * rate, 60_000_000),
                ),
            ]
            ledger.post(month, ON_COST_ACCOUNT, world.IN_HOUSE, site, on, currency, on_costs)
        self._clear()

    def drain(self) -> pa.Table:
        """Return agent_pay since the last call."""
        rows = concat(self._rows, PAY_FIELDS)
        self._rows = []
        first = self.office.settings.start - date(1970, 1, 1)
        columns = {
            "agent_id": ids("A", rows["agent"], np.ones(size(rows), dtype=np.bool_), digits=5),
            "work_date": days(rows["day"] + first // timedelta(days=1)),
            "regular_minutes": money(rows["regular"] * 10_000),
            "overtime_minutes": money(rows["overtime"] * 10_000),
            "overtime_queue_id": coded(tuple(lane.queue_id for lane in world.QUEUES), rows["queue"]),
        }
        return pa.table(columns, schema=SCHEMAS["agent_pay"])

    def rates(self) -> pa.Table:
        """Return the pay rates of all own staff hired by the last day, as far as they are in force."""
        settings, workforce = self.office.settings, self.office.workforce
        last = settings.days - 1
        own = workforce.is_in_house(np.arange(len(workforce.role)))
        rows = []
        for person in np.flatnonzero(own & (workforce.hired_on <= last)).tolist():
            site = SITES[int(self.scale.site(np.array([person]))[0])]
            until = min(last, int(workforce.left_on[person]))
            for day in self.scale.changes(person, max(until, int(workforce.hired_on[person]))):
                hourly = int(self.scale.hourly(np.array([person]), np.array([day]))[0])
                rows.append(
                    (
                        f"A{person:05d}",
                        settings.day(day),
                        exact(hourly, 4),
                        CURRENCY[site],
                        exact(round(OVERTIME_MULTIPLIER * 100), 2),
                        exact(round(ON_COSTS[site] * 100), 2),
                    )
                )
        return from_rows(SCHEMAS["agent_pay_rates"], rows)
