"""Customers: who they are, when they joined, how much they are worth and how often they get in touch."""

from __future__ import annotations

import numpy as np

from cx_metrics.simulator import world
from cx_metrics.simulator.contacts.concerns import Concerns
from cx_metrics.simulator.frames import (
    NONE,
    Array,
    Floats,
    Frame,
    Ints,
    concat,
    cumulate,
    pick,
    pick_rows,
    size,
)
from cx_metrics.simulator.settings import WARM_UP_DAYS, Settings, Stage

YEARLY_GROWTH = 0.12
"""New customers per customer on the books and year."""

SEGMENTS = ("consumer", "small_business", "enterprise")
_SEGMENT_SHARES = (0.86, 0.115, 0.025)
_SEGMENT_VALUE = np.array([1.0, 3.5, 18.0])
_SEGMENT_PROPENSITY = np.array([1.0, 1.6, 3.0])
_VALUE_LOG_MEAN, _VALUE_LOG_SPREAD = -0.5, 1.0
_REDRAWS, _NEXT_DIGITS = 6, 6151.0
_SHARES, _LOGS = np.array(_SEGMENT_SHARES), np.log(_SEGMENT_VALUE)
_LOG_MEAN = _VALUE_LOG_MEAN + float(_SHARES @ _LOGS)
_LOG_SPREAD = float(np.sqrt(_VALUE_LOG_SPREAD**2 + _SHARES @ _LOGS**2 - (_SHARES @ _LOGS) ** 2))
STAGES = ("onboarding", "established", "renewal")

FIELDS = {
    "region": "int8",
    "zone": "int8",
    "segment": "int8",
    "product": "int8",
    "account": "int64",
    "created": "int64",
    "changed": "int64",
    "staff": "bool",
    "sla": "bool",
    "value": "float64",
    "propensity": "float64",
}


class Population:
    """All customers of a simulation, in the order in which they are numbered.

    The customers on the books at the start come first, then those of each day, so a longer simulation only
    adds customers at the end. ``value`` is a yearly worth relative to the mean consumer, ``propensity`` the
    relative rate of contacts; both are latent: later stages use them, no table shows them. ``active`` tells
    who is a customer: those who left make no new needs. ``concerns`` are matters that give customers a cause
    to get in touch.
    """

    def __init__(self, settings: Settings) -> None:
        """Draw the population of the whole period."""
        self.settings = settings
        books = settings.generator(Stage.POPULATION, -WARM_UP_DAYS)
        frames = [self._draw(books, settings.customers, None, 0)]
        counts = [settings.customers] * WARM_UP_DAYS
        total = settings.customers
        for day in range(settings.days + 1):
            counts.append(total)
            rng = settings.generator(Stage.POPULATION, day)
            joining = int(rng.poisson(settings.customers * YEARLY_GROWTH / 365))
            frames.append(self._draw(rng, joining, settings.period_start + day * 86400, total))
            total += joining
        self.customers = concat(frames, FIELDS)
        self._known = counts
        self.active = np.ones(size(self.customers), dtype=np.bool_)
        self.concerns = Concerns(self.customers["region"])
        self._members: list[Ints] = []
        self._weights: list[Floats] = []
        for region in range(len(world.REGIONS)):
            members = np.flatnonzero(self.customers["region"] == region)
            self._members.append(members)
            self._weights.append(np.cumsum(self.customers["propensity"][members]))

    def _draw(self, rng: np.random.Generator, rows: int, joined: int | None, offset: int) -> Frame:
        region = pick(cumulate(world.REGION_SHARES), rng.random(rows))
        zones = np.ones((len(world.REGIONS), 3))
        for i, options in enumerate(world.REGION_ZONES):
            zones[i, : len(options)] = cumulate([share for _, share in options])
        segment = pick(cumulate(_SEGMENT_SHARES), rng.random(rows))
        product = pick(cumulate([share for _, _, share in world.PRODUCT_LINES]), rng.random(rows))
        product = np.where((segment > 0) & (rng.random(rows) < 0.7), world.BUSINESS_PLAN, product)
        if joined is None:
            years = np.minimum(rng.exponential(3.2, rows), 14.0)
            created = (
                self.settings.period_start - 86400 * WARM_UP_DAYS - (years * 365.25 * 86400).astype(np.int64)
            )
        else:
            created = joined + rng.integers(0, 86400, rows)
        starts_account = rng.random(rows) >= np.where(segment == 0, 0.10, 0.45)
        if rows:
            starts_account[0] = True
        number = np.arange(offset, offset + rows, dtype=np.int64)
        return {
            "region": region.astype(np.int8),
            "zone": pick_rows(zones, region, rng.random(rows)).astype(np.int8),
            "segment": segment.astype(np.int8),
            "product": product.astype(np.int8),
            "account": np.maximum.accumulate(np.where(starts_account, number, -1)) if rows else number,
            "created": created,
            "changed": created + rng.integers(60, 300 * 86400, rows),
            "staff": rng.random(rows) < 0.004,
            "sla": rng.random(rows) < np.array([0.0, 0.08, 0.70])[segment],
            "value": rng.lognormal(_VALUE_LOG_MEAN, _VALUE_LOG_SPREAD, rows) * _SEGMENT_VALUE[segment],
            "propensity": rng.lognormal(-0.405, 0.9, rows) * _SEGMENT_PROPENSITY[segment],
        }

    def known(self, day: int) -> int:
        """Return how many customers there are when a day starts."""
        return self._known[day + WARM_UP_DAYS]

    def standing(self, customer: Array) -> Floats:
        """Return the standardised log value of customers, within three standard deviations; 0 for nobody."""
        value = np.log(self.customers["value"][np.maximum(customer, 0)])
        return np.asarray(np.where(customer == NONE, 0.0, ((value - _LOG_MEAN) / _LOG_SPREAD).clip(-3, 3)))

    def forget_leavers(self) -> None:
        """Take those who left out of the weights by which customers are chosen."""
        for code, members in enumerate(self._members):
            weights = self.customers["propensity"][members] * self.active[members]
            self._weights[code] = np.cumsum(weights)

    def choose(self, region: Array, draws: Floats, day: int) -> Ints:
        """Return a customer of each wanted region, by propensity, among those there when the day starts.

        Whoever left since the weights were made is drawn again, with digits of the same draw.
        """
        chosen = self._choose(region, draws, day)
        for _ in range(_REDRAWS):
            left = np.flatnonzero(~self.active[chosen])
            if not len(left):
                break
            draws = (draws * _NEXT_DIGITS) % 1.0
            chosen[left] = self._choose(region[left], draws[left], day)
        return chosen

    def _choose(self, region: Array, draws: Floats, day: int) -> Ints:
        chosen = np.zeros(len(region), dtype=np.int64)
        for code, members in enumerate(self._members):
            rows = np.flatnonzero(region == code)
            known = int(np.searchsorted(members, self.known(day)))
            if known == 0:
                chosen[rows] = np.floor(draws[rows] * self.known(day)).astype(np.int64)
                continue
            chosen[rows] = members[pick(self._weights[code][:known], draws[rows])]
        return chosen
