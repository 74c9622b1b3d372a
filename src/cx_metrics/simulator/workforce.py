"""Agents: who works where, hires and leavers, how many are needed when, and the roster of every day."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import ceil, exp, floor

import numpy as np

from cx_metrics.simulator import clock, world
from cx_metrics.simulator.demand import Demand
from cx_metrics.simulator.frames import Array, Floats, Ints
from cx_metrics.simulator.routing import Crew
from cx_metrics.simulator.settings import WARM_UP_DAYS, Settings, Stage
from cx_metrics.simulator.world import LANES

AGENT, SUPERVISOR, BACK_OFFICE = range(3)
ROLES = ("agent", "supervisor", "back_office")
LEAVE_KINDS = ("voluntary", "involuntary", "internal_move", "season_end")
SEASON_END = 3

SERVICE_TARGET = 0.79
"""Share of contacts to be answered in time that the staffing forecast aims at, without abandonment."""
_IN_TIME = {world.VOICE: 20, world.CHAT: 60}
_YEARLY_LEAVERS = {True: 0.24, False: 0.42}
_YEARLY_MOVES = 0.05
_TRAINING_DAYS = 14
_SHORTEST_SHIFT = 6
_LONGEST_SHIFT = 18
_LONGEST_SPAN = 19
_ABSENCE = 0.055
_STAYS = 1 << 30
_CLEARING_SECONDS = 600
"""How long the last shift stays after closing to serve those who still wait."""

MESSAGES_PER_CONTACT = {world.EMAIL: 1.55, world.MESSAGING: 3.2, world.SOCIAL: 1.7}
_LUNCH_COVER = 0.08
_WRITTEN_SLACK = 1.25
_SAME_DAY_WORK, _MOST_WRITTEN = 0.9, 2.0
_BLENDED = 0.6
_WRITTEN_PIECE = 280
_CALLS_PER_NEED = 0.085
_MOVES_UP = 0.085


@dataclass
class Move:
    """A stretch of days (``until`` exclusive) in which a person belongs to one lane."""

    person: int
    since: int
    until: int
    lane: int


class Workforce:
    """The people of the whole period and their daily roster.

    Days are numbers relative to the first day of the simulation. Speed multiplies talk time, skill is added
    to the chance that a contact is settled; both get better with tenure.
    """

    def __init__(self, settings: Settings, demand: Demand) -> None:
        """Size the teams for the forecast and draw hires, leavers and moves day by day."""
        self.settings = settings
        self.demand = demand
        self.home: list[int] = []
        self.role: list[int] = []
        self.hired: list[int] = []
        self.left: list[int] = []
        self.leave_kind: list[int] = []
        self.second: list[int] = []
        self.talent: list[float] = []
        self.pace: list[float] = []
        self.moves: list[Move] = []
        self._current_move: list[int] = []
        self._known: list[int] = []
        self._tables = [_staffing_table(lane) for lane in LANES[: world.DESK]]
        self._pools = self._pool_sizes()
        self._build()
        self._finish()
        self._week_days = np.zeros(len(self.role), dtype=np.int64)

    # People

    def _build(self) -> None:
        rng = self.settings.generator(Stage.WORKFORCE, -WARM_UP_DAYS, 1)
        for lane, pool in enumerate(self._pools):
            for _ in range(pool):
                days = int(min(rng.exponential(640), 4200)) + 20
                self._hire(rng, lane, AGENT, -WARM_UP_DAYS - days)
        for lane, door in enumerate(LANES):
            site = [self._pools[i] for i, other in enumerate(LANES) if other.site == door.site]
            if lane == next(i for i, other in enumerate(LANES) if other.site == door.site):
                for _ in range(ceil(sum(site) / 12)):
                    self._hire(rng, lane, SUPERVISOR, -WARM_UP_DAYS - 300 - int(rng.exponential(900)))
        for _ in range(2):
            self._hire(rng, 0, BACK_OFFICE, -WARM_UP_DAYS - 100 - int(rng.exponential(900)))
        for day in range(-WARM_UP_DAYS, self.settings.days + 1):
            self._one_day(day)
            self._known.append(len(self.role))

    def _hire(self, rng: np.random.Generator, lane: int, role: int, day: int) -> int:
        person = len(self.role)
        self.home.append(lane)
        self.role.append(role)
        self.hired.append(day)
        self.left.append(_STAYS)
        self.leave_kind.append(-1)
        self.talent.append(float(rng.normal(0.0, 0.045)))
        self.pace.append(float(np.exp(rng.normal(0.0, 0.11))))
        mates = _sister_lanes(self.settings, lane)
        has_second = role == AGENT and bool(mates) and rng.random() < 0.25
        self.second.append(int(mates[int(rng.integers(len(mates)))]) if has_second else -1)
        self.moves.append(Move(person, day, _STAYS, lane))
        self._current_move.append(len(self.moves) - 1)
        return person

    def _one_day(self, day: int) -> None:
        rng = self.settings.generator(Stage.WORKFORCE, day)
        role, hired, left = np.array(self.role), np.array(self.hired), np.array(self.left)
        in_house = np.array([self._is_in_house(lane) for lane in self.home])
        tenure = day - hired
        chance = np.where(in_house, _YEARLY_LEAVERS[True], _YEARLY_LEAVERS[False]) / 365
        chance = chance * np.where(tenure < 90, 1.8, 1.0) * np.where(role == AGENT, 1.0, 0.25)
        draws = rng.random((4, len(role)))
        here = (tenure >= 1) & (left == _STAYS)
        for person in np.flatnonzero(here & (draws[0] < chance)).tolist():
            self._leave(person, day, int(np.searchsorted((0.70, 0.92), draws[1, person], side="right")))
            self._hire(rng, self.home[person], self.role[person], day + 5 + int(draws[2, person] * 20))
        for person in np.flatnonzero(here & (role == AGENT) & (draws[3] < _YEARLY_MOVES / 365)).tolist():
            mates = _sister_lanes(self.settings, self.home[person])
            if self.left[person] == _STAYS and tenure[person] > 60 and mates:
                self._move(person, day, int(mates[int(rng.integers(len(mates)))]))
        today = self.settings.day(day)
        if (today.month, today.day) == (10, 20):
            for lane in (0, 1, 2):
                for _ in range(floor(self._pools[lane] * 0.12)):
                    person = self._hire(rng, lane, AGENT, day + 1)
                    self._leave(person, day + 80 + int(rng.integers(0, 8)), SEASON_END)

    def _leave(self, person: int, day: int, kind: int) -> None:
        self.left[person] = day
        self.leave_kind[person] = kind
        self.moves[self._current_move[person]].until = day + 1

    def _move(self, person: int, day: int, lane: int) -> None:
        self.moves[self._current_move[person]].until = day
        self.moves.append(Move(person, day, _STAYS, lane))
        self._current_move[person] = len(self.moves) - 1
        self.home[person] = lane

    def _finish(self) -> None:
        self._role = np.array(self.role)
        self._hired = np.array(self.hired)
        self._left = np.array(self.left)
        self._second = np.array(self.second)
        sites = [lane.site for lane in LANES]
        self._site = np.array([sites.index(site) for site in sites])
        self._talent = np.array(self.talent)
        self._pace = np.array(self.pace)
        first = {move.person: move.lane for move in reversed(self.moves)}
        self._home = np.array([first[person] for person in range(len(self.role))], dtype=np.int64)
        self._moving: dict[int, list[Move]] = {}
        for move in self.moves:
            if move.since > self.hired[move.person]:
                self._moving.setdefault(move.since, []).append(move)

    def _is_in_house(self, lane: int) -> bool:
        return self.settings.vendor_of(LANES[lane].bpo) == world.IN_HOUSE

    def skill(self, agents: Array, day: int) -> Floats:
        """Return what each agent adds to the chance of settling a contact."""
        tenure = np.maximum(day - self._hired[agents], 0)
        return np.asarray(self._talent[agents] + 0.02 - 0.09 * np.exp(-tenure / 90))

    def supervisors(self, lane: int, day: int) -> Ints:
        """Return the supervisors of a lane's site on a day; never empty."""
        there = (self._role == SUPERVISOR) & (self._hired <= day)
        mine = there & (self._site[self._home] == self._site[lane])
        for wanted in (mine, there):
            working = np.flatnonzero(wanted & (self._left > day))
            if len(working):
                return working
        return np.flatnonzero(mine)[:1]

    # Staffing

    def required(self, day: int, backlog: dict[int, float] | None = None) -> Floats:
        """Return the agents needed, lane by half hour of the day, before rounding to heads.

        ``backlog`` are the seconds of written work that wait when the day starts; without it, an average
        day's.
        """
        expected = self.demand.expected(day)
        needed = np.zeros((len(LANES), clock.CELLS))
        spare = np.zeros((len(LANES), clock.CELLS))
        for i in world.LIVE_LANES:
            door = LANES[i]
            rate = expected[i] * door.inflow
            for sender in world.VOICE_DOOR:
                if LANES[sender].sends_to == i:
                    rate = (
                        rate
                        + self._shifted(expected[sender], sender, i, day) * LANES[sender].inflow * _MOVES_UP
                    )
            loads, heads = self._tables[i]
            erlangs = rate * _busy_seconds(door) / clock.HALF_HOUR
            heads_needed = np.interp(erlangs, loads, heads)
            needed[i] = heads_needed + _LUNCH_COVER * np.maximum(heads_needed - 1.0, 0.0)
            spare[i] = _usable(np.maximum(needed[i], 1.0), erlangs / door.capacity, _busy_seconds(door))
        for i, (blended, part) in world.BLENDS.items():
            is_open = self.lane_open(i, day)
            if is_open.any():
                idle = float(spare[list(blended)].sum(axis=0)[is_open].mean()) * part
                seconds = self._written_seconds(i, day, backlog) * _WRITTEN_SLACK
                needed[i] = max(0.0, seconds / (float(is_open.sum()) * clock.HALF_HOUR) - idle)
        return needed

    def _written_seconds(self, lane: int, day: int, backlog: dict[int, float] | None) -> float:
        """Return the seconds of work for a written queue or the desk on a day."""
        door = LANES[lane]
        needs = self.settings.needs_per_day
        if lane == world.DESK:
            return needs * _CALLS_PER_NEED * door.handle
        share = door.share / sum(other.share for other in world.DOORS)
        per_need = door.inflow * MESSAGES_PER_CONTACT[door.channel] * door.handle
        usual = needs * share * per_need * 7 / len({weekday for row in door.hours for weekday in row[0]})
        if backlog is None:
            return usual
        return min(backlog.get(lane, 0.0) + needs * share * per_need * _SAME_DAY_WORK, _MOST_WRITTEN * usual)

    def _shifted(self, rates: Floats, sender: int, lane: int, day: int) -> Floats:
        """Return the sender's rates at the half hours of a lane in another zone."""
        ahead = (self.demand.grid(lane, day).start - self.demand.grid(sender, day).start) // clock.HALF_HOUR
        return np.asarray(np.roll(rates, -ahead))

    def lane_open(self, lane: int, day: int) -> Array:
        """Return at which half hours of a day a lane is open."""
        door = LANES[lane]
        return clock.open_cells(door, clock.week_of(door), self.lane_grid(lane, day))

    def lane_grid(self, lane: int, day: int) -> clock.DayGrid:
        """Return the half hours of a lane's day."""
        return clock.day_grid(LANES[lane].zone, self.settings.day(day))

    def _pool_sizes(self) -> list[int]:
        weekly = np.zeros(len(LANES))
        for day in range(28):
            needed = self.required(day)
            for lane in range(len(LANES)):
                heads = np.floor(needed[lane] + 0.5).astype(np.int64)
                heads = np.where(self.lane_open(lane, day), np.maximum(heads, self._least(lane)), 0)
                # The fraction that rounding drops matters where teams are small.
                dropped = max(0.0, float((needed[lane] - heads)[heads > 0].sum())) / 14.0
                weekly[lane] += (len(_shifts(heads)) + dropped) / 4
        return [ceil(shifts * 1.15 / 4.5 + (0.5 if shifts > 1 else 0.0)) for shifts in weekly.tolist()]

    @staticmethod
    def _least(lane: int) -> int:
        """Return the fewest agents on duty while a lane is open: one where a customer waits on the line."""
        return 1 if lane in world.LIVE_LANES else 0

    # Rosters

    def roster(self, day: int, backlog: dict[int, float]) -> list[Crew]:
        """Return the agents on duty per lane, given the seconds of written work that wait; call for days in
        order.
        """
        for move in self._moving.get(day, []):
            self._home[move.person] = move.lane
        if self.settings.day(day).weekday() == 0:
            self._week_days[:] = 0
        rng = self.settings.generator(Stage.ROSTER, day)
        known = self._known[day + WARM_UP_DAYS]
        rounding = rng.random(len(LANES))
        present = rng.random(known) >= _ABSENCE
        order = rng.random(known)
        present &= (self._role[:known] != BACK_OFFICE) & (self._left[:known] > day)
        present &= self._hired[:known] + _TRAINING_DAYS <= day
        needed = self.required(day, backlog)
        crews = []
        for lane in range(len(LANES)):
            is_open = self.lane_open(lane, day)
            heads = np.floor(needed[lane] + rounding[lane]).astype(np.int64)
            heads = np.where(is_open, np.maximum(heads, self._least(lane)), 0)
            crews.append(self._crew(lane, day, _shifts(heads), present, order))
        return crews

    def _crew(
        self, lane: int, day: int, shifts: list[list[tuple[int, int]]], present: Array, order: Floats
    ) -> Crew:
        crew = Crew()
        if not shifts:
            return crew
        known = len(present)
        home = self._home[:known] == lane
        second = self._second[:known] == lane
        worked = self._week_days[:known]
        site = self._site[self._home[:known]] == self._site[lane]
        # Own team first, then people with a second skill, then the rest of the site, supervisors last.
        rank = np.where(home, 0, np.where(second, 20, 60)) + worked + np.where(worked >= 5, 40, 0) + order
        rank = rank + np.where(self._role[:known] == SUPERVISOR, 200, 0)
        able = np.flatnonzero(present & site & (worked < 6))
        able = able[np.argsort(rank[able], kind="stable")][: len(shifts)]
        grid = self.lane_grid(lane, day)
        closes = max(b for shift in shifts for _, b in shift)
        clearing = _CLEARING_SECONDS if lane in world.LIVE_LANES else 0
        for person, shift in zip(able.tolist(), shifts, strict=False):
            present[person] = False
            self._week_days[person] += 1
            windows = [
                (
                    grid.start + a * clock.HALF_HOUR,
                    grid.start + b * clock.HALF_HOUR + (clearing if b == closes else 0),
                )
                for a, b in shift
            ]
            tenure = day - self.hired[person]
            speed = self.pace[person] * (1.0 + 0.30 * exp(-tenure / 60))
            for _ in range(LANES[lane].capacity if LANES[lane].channel == world.CHAT else 1):
                crew.agents.append(person)
                crew.windows.append(windows)
                crew.speed.append(speed)
        return crew


def _sister_lanes(settings: Settings, lane: int) -> list[int]:
    """Return the lanes that an agent of a lane could also work in: the same employer in the same part of the
    world.
    """
    vendor = settings.vendor_of(LANES[lane].bpo)
    return [
        other
        for other in range(len(LANES))
        if other != lane
        and settings.vendor_of(LANES[other].bpo) == vendor
        and LANES[other].site == LANES[lane].site
    ]


def _usable(heads: Floats, work: Floats, busy_seconds: float) -> Floats:
    """Return the agents' worth of time between live contacts in which a piece of written work fits.

    Idle spells are taken as exponential; only those longer than a piece of work are of use, and not all of
    them.
    """
    load = np.clip(work / heads, 1e-6, 0.99)
    ratio = _WRITTEN_PIECE * load / (busy_seconds * (1 - load))
    return np.asarray((heads - work).clip(0.0) * (1 + ratio) * np.exp(-ratio) * _BLENDED)


def _busy_seconds(door: world.Door) -> float:
    return door.handle * 1.10 + 20 + door.wrap + 7


def _staffing_table(door: world.Door) -> tuple[Floats, Floats]:
    """Return loads in erlangs, and the heads that answer the target share of each in time (Erlang C)."""
    loads = np.geomspace(0.005, 2000.0, 220)
    in_time = _IN_TIME.get(door.channel, 20)
    capacity = door.capacity if door.channel == world.CHAT else 1
    heads = np.array([_heads(float(load), in_time / _busy_seconds(door), capacity) for load in loads])
    return np.concatenate([[0.0], loads]), np.concatenate([[0.0], heads])


def _heads(load: float, in_time: float, capacity: int) -> float:
    """Return the heads at which the share answered in time crosses the target, interpolated between whole
    heads.

    ``in_time`` is the target time in mean handle times, ``capacity`` the contacts that one head takes at
    once.
    """
    blocked, before = 1.0, 0.0
    for n in range(1, ceil(load * 1.5) + 60):
        blocked = load * blocked / (n + load * blocked)
        if n <= load or n % capacity:
            continue
        waits = blocked / (1 - load / n * (1 - blocked))
        share = 1 - waits * exp(-(n - load) * in_time)
        if share >= SERVICE_TARGET:
            heads = n / capacity - 1 + (SERVICE_TARGET - before) / (share - before)
            return max(heads, load / capacity)
        before = share
    raise AssertionError("the search for heads has no bound")  # pragma: no cover


def _at_least(starts: list[int], ends: list[int], heads: Ints) -> list[tuple[int, int]]:
    """Lengthen short runs to the shortest shift, within the opening hours and the next run."""
    cells = np.flatnonzero(heads)
    first, last = int(cells[0]), int(cells[-1]) + 1
    runs: list[tuple[int, int]] = []
    for a, b in zip(starts, ends, strict=True):
        missing = _SHORTEST_SHIFT - (b - a)
        if missing > 0:
            a = max(first, a - missing // 2)
            b = min(last, a + _SHORTEST_SHIFT)
        if runs and a <= runs[-1][1]:
            a, _ = runs.pop()
        runs.append((a, b))
    return runs


def _shifts(heads: Ints) -> list[list[tuple[int, int]]]:
    """Cut a staffing curve into the half-hour windows of single agents, at most one working day each.

    The first agent of every half hour takes no lunch break away from the queue; the others do in long shifts.
    """
    days: list[list[tuple[int, int]]] = []
    for level in range(int(heads.max(initial=0))):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], heads > level, [0]]).astype(np.int8)))
        runs: list[tuple[int, int]] = []
        for a, b in _at_least(edges[::2].tolist(), edges[1::2].tolist(), heads):
            parts = ceil((b - a) / _LONGEST_SHIFT)
            cuts = [a + (b - a) * part // parts for part in range(parts + 1)]
            runs.extend(pairwise(cuts))
        current: list[tuple[int, int]] = []
        for a, b in runs:
            if current and b - current[0][0] > _LONGEST_SPAN:
                days.append(current)
                current = []
            if level and b - a >= 12:
                lunch = (a + b) // 2 + level % 6 - 3
                current += [(a, lunch), (lunch + 1, b)]
            else:
                current.append((a, b))
        if current:
            days.append(current)
    return days
