"""What a simulation is asked for, and the random generators that everything is drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum

import numpy as np

from cx_metrics.errors import CxMetricsError
from cx_metrics.simulator import world
from cx_metrics.simulator.effects import EFFECTS, effects_of

WARM_UP_DAYS = 10
"""Days simulated before the first one and thrown away, so that the first day has its backlog and repeats."""

HISTORY_DAYS = 365
"""Days for which sales are known before the warm-up, and rates of exchange before the first day."""

CONTACTS_PER_CUSTOMER_YEAR = 2.4
"""Contact records per customer and year; turns a number of customers into a volume and back."""

RECORDS_PER_NEED = 1.400
"""Contact records that one new need of a customer leads to, measured over a simulated year."""

EXTRACT_DELAY_SECONDS = 300
"""How long after the end of the last day (24:00 UTC) the extract is taken."""


class Stage(IntEnum):
    """Stages of the causal chain; each has its own random numbers per day."""

    POPULATION = 1
    WORKFORCE = 2
    ROSTER = 3
    DEMAND = 4
    ENTRY = 5
    SAME_DAY = 6
    LIVE = 7
    LIVE_RESULTS = 8
    DEFERRED = 9
    OUTBOUND = 10
    INTERNAL = 11
    RELATIONSHIP = 20
    REVENUE = 21
    CAMPAIGNS = 22
    EXPERIENCE = 30
    SURVEYS = 31
    QUALITY = 32
    COACHING = 33
    SOCIAL = 34
    AUTOMATION = 40
    TECHNOLOGY = 41
    INVESTMENTS = 42
    TIME_SHEETS = 50
    FINANCE = 51
    VENDORS = 52


@dataclass(frozen=True)
class Settings:
    """A checked request.

    ``contacts_per_day`` and ``customers`` set the size of the world; both follow from whichever of contacts
    and customers was asked for. ``effects`` are the named effects that are on. Rates are shares from 0 to 1.
    Instants are whole seconds since 1970 UTC.
    """

    contacts_per_day: float
    customers: int
    days: int
    start: date
    seed: int
    vendors: int
    defects: float
    late: float
    file_format: str
    effects: frozenset[str]

    @classmethod
    def of(
        cls,
        *,
        contacts: int | None,
        customers: int | None,
        days: int,
        start: date,
        seed: int,
        vendors: int,
        defects: float,
        late: float,
        file_format: str,
        scenario: str,
        without: tuple[str, ...],
    ) -> Settings:
        """Check the arguments of ``simulate``; raise CxMetricsError on the first bad one."""
        for name, value in (("contacts", contacts), ("customers", customers), ("days", days)):
            if value is not None and value < 1:
                raise CxMetricsError(f"{name} must be at least 1, not {value}")
        if not 0 <= vendors <= 9:
            raise CxMetricsError(f"vendors must be from 0 (everything in house) to 9, not {vendors}")
        if seed < 0:
            raise CxMetricsError(f"seed must not be negative, but is {seed}")
        for name, rate in (("defects", defects), ("late", late)):
            if not 0 <= rate <= 1:
                raise CxMetricsError(f"{name} is a share of rows from 0 to 1, not {rate}")
        if file_format not in ("parquet", "csv"):
            raise CxMetricsError(f"file_format must be parquet or csv, not {file_format}")
        if not date(1972, 1, 1) <= start <= date(2200, 1, 1) or days > 36525:
            raise CxMetricsError("start must lie between 1972 and 2200, and days be at most 36525")
        if contacts is None and customers is None:
            contacts = 50_000
        per_day = (
            contacts / days
            if contacts is not None
            else float(customers or 0) * CONTACTS_PER_CUSTOMER_YEAR / 365
        )
        if customers is None:
            customers = max(50, round(per_day * 365 / CONTACTS_PER_CUSTOMER_YEAR))
        return cls(
            contacts_per_day=per_day,
            customers=customers,
            days=days,
            start=start,
            seed=seed,
            vendors=vendors,
            defects=defects,
            late=late,
            file_format=file_format,
            effects=effects_of(scenario, without),
        )

    @property
    def needs_per_day(self) -> float:
        """New needs of customers per average day."""
        return self.contacts_per_day / RECORDS_PER_NEED

    @property
    def period_start(self) -> int:
        """00:00 UTC of the first day."""
        return int(datetime(self.start.year, self.start.month, self.start.day, tzinfo=UTC).timestamp())

    @property
    def known_until(self) -> int:
        """The instant of the extract: what happened later is not in any table."""
        return self.period_start + self.days * 86400 + EXTRACT_DELAY_SECONDS

    def day(self, number: int) -> date:
        """Return the date of a day; 0 is the first day, warm-up days are negative."""
        return self.start + timedelta(days=number)

    def size_of(self, effect: str, day: int | None = None) -> float | None:
        """Return the size of a named effect; None where it is switched off or does not work on the day."""
        known = EFFECTS[effect]
        if effect not in self.effects or (day is not None and not known.is_active(day)):
            return None
        return known.size

    def generator(self, stage: Stage, day: int = 0, part: int = 0) -> np.random.Generator:
        """Return the generator of one stage, day and part (queue): the same whatever the number of days."""
        return np.random.Generator(
            np.random.PCG64(np.random.SeedSequence([self.seed, int(stage), day + WARM_UP_DAYS, part]))
        )

    def vendor_of(self, slot: int | None) -> str:
        """Return the vendor id of an outsourcing slot of the world; in_house without one."""
        if slot is None or self.vendors == 0:
            return world.IN_HOUSE
        return f"bpo_{slot % self.vendors + 1}"
