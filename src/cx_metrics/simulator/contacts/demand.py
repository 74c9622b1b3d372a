"""Demand: new needs of customers by door and local half hour, with seasons, weekdays and busy days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from cx_metrics.simulator import clock, world
from cx_metrics.simulator.contacts.population import Population
from cx_metrics.simulator.effects import EFFECTS
from cx_metrics.simulator.frames import (
    NONE,
    Array,
    Floats,
    Frame,
    Ints,
    blank,
    concat,
    cumulate,
    pick,
    pick_rows,
    take,
)
from cx_metrics.simulator.settings import Settings, Stage

NEED_FIELDS = {
    "door": "int8",
    "at": "int64",
    "customer": "int64",
    "region": "int8",
    "reason": "int8",
    "product": "int8",
    "need": "int64",
    "attempt": "int16",
    "campaign": "int8",
}
"""A need that comes in at a door: ``at`` is the second it arrives (NONE: some time of its day), ``need``
numbers the matter that the customer wants settled, ``attempt`` counts the contacts about it from 0.
"""

_CLOSED = 0.10
"""Arrivals of a live door in a closed half hour, relative to the curve: most people know the hours."""
_BUSY_DAY = 0.012


def _bumps(*bumps: tuple[float, float, float]) -> Floats:
    """Return a daily curve over 48 half hours: a sum of (height, local hour of the peak, width in hours)."""
    hours = np.arange(48) / 2 + 0.25
    curve = np.full(48, 0.015)
    for height, peak, width in bumps:
        distance = np.abs(hours - peak)
        curve = curve + height * np.exp(-0.5 * (np.minimum(distance, 24 - distance) / width) ** 2)
    return np.asarray(curve)


_SHAPES: dict[str, tuple[Floats, tuple[float, ...]]] = {
    "line": (
        _bumps((1.0, 10.3, 1.5), (0.8, 14.6, 2.0), (0.30, 17.5, 1.5)),
        (1.28, 1.10, 1.0, 0.97, 0.95, 0.55, 0.30),
    ),
    "long_line": (
        _bumps((1.0, 10.5, 2.0), (0.8, 15.0, 2.5), (0.40, 20.0, 2.2)),
        (1.22, 1.08, 1.0, 0.98, 0.97, 0.75, 0.62),
    ),
    "evening": (
        _bumps((0.8, 11.5, 2.2), (0.7, 15.5, 2.5), (0.9, 20.0, 2.0)),
        (1.15, 1.05, 1.0, 1.0, 0.98, 0.85, 0.85),
    ),
    "written": (
        _bumps((1.0, 10.0, 2.2), (0.7, 15.0, 2.5), (0.55, 20.5, 2.0)),
        (1.22, 1.1, 1.02, 1.0, 0.95, 0.7, 0.72),
    ),
}


@dataclass(frozen=True)
class _Mix:
    """How new needs are spread: a share per door and region, the share per door, and its regions cumulated."""

    matrix: Floats
    share: Floats
    regions: Floats


def _mix(matrix: Floats, moved: float = 0.0) -> _Mix:
    """Return the mix when a share of the calls to the care lines comes in at the region's other door."""
    matrix = matrix.copy()
    for region, door in enumerate(world.VOICE_DOOR):
        calls = matrix[door, region] * moved
        matrix[door, region] -= calls
        matrix[world.OTHER_DOORS[region][0], region] += calls
    return _Mix(matrix, matrix.sum(axis=1), np.array([cumulate(row) for row in matrix]))


class Demand:
    """Expected and actual arrivals per day."""

    def __init__(self, settings: Settings, population: Population) -> None:
        """Prepare the weekly curves of every door."""
        self.settings = settings
        self.population = population
        self._open = [clock.week_of(door) for door in world.DOORS]
        self._curve: list[Floats] = []
        for door, is_open in zip(world.DOORS, self._open, strict=True):
            shape, weekdays = _SHAPES[door.shape]
            week = np.outer(np.asarray(weekdays), shape)
            if door.channel in (world.VOICE, world.CHAT):
                week = np.where(is_open, week, week * _CLOSED)
            self._curve.append(week * 7 / week.sum())
        regions = np.diff([cumulate(door.regions) for door in world.DOORS], axis=1, prepend=0.0)
        share = np.array([door.share for door in world.DOORS])
        self._usual = _mix(regions * (share / share.sum())[:, None])
        self._shifted = _mix(self._usual.matrix, EFFECTS["channel_mix_shift"].size)
        weights = np.array([reason.weights for reason in world.REASONS], dtype=np.float64).T
        kind = [
            2 if door.channel == world.SELF_SERVICE else 0 if door.channel in (world.VOICE, world.CHAT) else 1
            for door in world.DOORS
        ]
        self._reasons = np.array([cumulate(weights[k]) for k in kind])
        self._need_count = 0

    def _mix_of(self, day: int) -> _Mix:
        return self._usual if self.settings.size_of("channel_mix_shift", day) is None else self._shifted

    def grid(self, door: int, day: int) -> clock.DayGrid:
        """Return the half hours of a door's day."""
        return clock.day_grid(world.DOORS[door].zone, self.settings.day(day))

    def is_open(self, day: int) -> Array:
        """Return a matrix, door by half hour of the day: is the door open?"""
        return np.array(
            [clock.open_cells(door, self._open[i], self.grid(i, day)) for i, door in enumerate(world.DOORS)]
        )

    def expected(self, day: int) -> Floats:
        """Return expected new needs, door by half hour of the day: what a good forecast knows in advance.

        A shift between channels is known from its first day on.
        """
        base = self.settings.needs_per_day * _season(self.settings.day(day))
        share = self._mix_of(day).share
        rates = np.zeros((len(world.DOORS), clock.CELLS))
        for i, door in enumerate(world.DOORS):
            grid = self.grid(i, day)
            rates[i] = clock.spread_week(self._curve[i], grid) * (base * share[i])
            rates[i, grid.cells :] = 0.0
            if clock.is_holiday(door.holidays, grid.day):
                rates[i] *= 0.20 if door.channel in (world.VOICE, world.CHAT) else 0.60
        return rates

    def arrivals(self, day: int, planned: Frame) -> tuple[Frame, Frame]:
        """Return the needs that come in on a day, by time, and the planned ones whose door is closed all day.

        ``planned`` are later contacts about earlier needs; where ``at`` is NONE they arrive by the door's
        curve.
        """
        rng = self.settings.generator(Stage.DEMAND, day)
        expected = self.expected(day)
        luck = np.exp(rng.normal(0.0, 0.05) + rng.normal(0.0, 0.10, len(world.DOORS)))
        busy_region = int(rng.integers(3)) if rng.random() < _BUSY_DAY else NONE
        if busy_region != NONE:
            luck[list({world.VOICE_DOOR[busy_region], *world.OTHER_DOORS[busy_region]})] *= 1.4
        counts = rng.poisson(expected * luck[:, None])
        cells = np.repeat(np.arange(counts.size), counts.ravel())
        fresh = blank(NEED_FIELDS, len(cells))
        rows = len(cells)
        fresh["door"] = (cells // clock.CELLS).astype(np.int8)
        fresh["at"] = self._instants(fresh["door"], cells % clock.CELLS, rng.random(rows), day)
        fresh["region"] = pick_rows(self._mix_of(day).regions, fresh["door"], rng.random(rows)).astype(
            np.int8
        )
        fresh["customer"] = self.population.choose(fresh["region"], rng.random(rows), day)
        fresh["region"] = self.population.customers["region"][fresh["customer"]]
        reason = pick_rows(self._reasons, fresh["door"], rng.random(rows))
        outage = rng.random(rows) < 0.35
        if busy_region != NONE:
            reason = np.where(outage & (fresh["region"] == busy_region), world.TECH_DOWN, reason)
        fresh["reason"] = reason.astype(np.int8)
        cause = self.population.concerns.raised(reason, fresh["region"], rng.random((2, rows)), day)
        cause = np.where((cause != NONE) & self.population.active[cause], cause, NONE)
        fresh["customer"] = np.where(cause != NONE, cause, fresh["customer"])
        other = pick(cumulate([share for _, _, share in world.PRODUCT_LINES]), rng.random(rows))
        own = self.population.customers["product"][fresh["customer"]]
        fresh["product"] = np.where(rng.random(rows) < 0.8, own, other).astype(np.int8)
        fresh["attempt"][:] = 0
        tracked = (fresh["reason"] == world.UPGRADE) & (rng.random(rows) < 0.25)
        fresh["campaign"][tracked] = rng.integers(0, len(world.SALES_CAMPAIGNS), int(tracked.sum()))

        rates = np.where(self.is_open(day), expected, 0.0)
        untimed = planned["at"] == NONE
        shut = untimed & (rates.sum(axis=1)[planned["door"]] == 0)
        for door in np.unique(planned["door"][untimed & ~shut]):
            mine = np.flatnonzero(untimed & ~shut & (planned["door"] == door))
            cell = pick(np.cumsum(rates[door]), rng.random(len(mine)))
            planned["at"][mine] = self._instants(planned["door"][mine], cell, rng.random(len(mine)), day)
        together = concat([fresh, take(planned, ~shut)], NEED_FIELDS)
        together = take(together, np.argsort(together["at"], kind="stable"))
        self.number_needs(together)
        return together, take(planned, shut)

    def number_needs(self, needs: Frame) -> None:
        """Give every new need its number, in order of arrival."""
        fresh = np.flatnonzero(needs["need"] == NONE)
        needs["need"][fresh] = self.new_needs(len(fresh))

    def new_needs(self, rows: int) -> Ints:
        """Return numbers for needs that come from outside the stream of arrivals."""
        first = self._need_count
        self._need_count += rows
        return np.arange(first, first + rows, dtype=np.int64)

    def _instants(self, door: Array, cell: Array, within: Floats, day: int) -> Ints:
        starts = np.array([self.grid(i, day).start for i in range(len(world.DOORS))], dtype=np.int64)
        return np.asarray(
            starts[door] + cell * clock.HALF_HOUR + np.floor(within * clock.HALF_HOUR).astype(np.int64)
        )


def _season(day: date) -> float:
    """Return the season of a date: busier winters, a peak before the holidays; about 1 over a year."""
    of_year = day.timetuple().tm_yday
    wave = 0.07 * np.cos(2 * np.pi * (of_year - 15) / 365.25)
    return float(1.0 + wave + 0.15 * np.exp(-0.5 * ((of_year - 342) / 11) ** 2) - 0.011)
