"""Agents: who works where, hires and leavers, how many are needed when, and the roster of every day."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, exp, floor

import numpy as np

from cx_metrics.simulator import clock, world
from cx_metrics.simulator.contacts.demand import Demand
from cx_metrics.simulator.contacts.routing import Crew
from cx_metrics.simulator.frames import Array, Bools, Floats, Ints, chance
from cx_metrics.simulator.settings import WARM_UP_DAYS, Settings, Stage
from cx_metrics.simulator.workforce.roster import DaySheet, Shift, Windows, take_breaks, work_longer
from cx_metrics.simulator.workforce.staffing import busy_seconds, shifts_of, staffing_table, usable
from cx_metrics.simulator.world import LANES

AGENT, SUPERVISOR, BACK_OFFICE = range(3)
ROLES = ("agent", "supervisor", "back_office")
LEAVE_KINDS = ("voluntary", "involuntary", "internal_move", "season_end")
SEASON_END = 3

_YEARLY_LEAVERS = {True: 0.20, False: 0.33}
"""Yearly chance to leave in house and at an outsourcer, before occupancy and the first 90 days raise it. In all,
many centers lose 15 to 30 % a year, outsourcers 56 % (definitions M15: S52 V, S55c V)."""
_YEARLY_MOVES = 0.05
_TRAINING_DAYS = 14
_WORKING_DAYS = 5
_ABSENCE = 0.055
_ONLY_IF_NEEDED = 2
"""Supervisors take a shift only where fewer colleagues than this would be on duty."""
_SALT_TIGHTNESS = 501
_TIGHTEST, _LOOSEST = 0.92, 1.09
"""Agents planned per agent needed: planners are wrong by a few percent, another way every month and lane."""
LAG_FROM, LAG_UNTIL = 30, 90
"""Days back of the planned occupancy that makes agents leave: one to three months (M15)."""
BUSY_ABOVE = 70.0
"""Occupancy in points above which agents leave sooner."""
_STAYS = 1 << 30
_CLEARING_SECONDS = 600
"""How long the last shift stays after closing to serve those who still wait."""

MESSAGES_PER_CONTACT = {world.EMAIL: 1.55, world.MESSAGING: 3.2, world.SOCIAL: 1.7}
_LUNCH_COVER = 0.08
_BREAK_COVER = 0.12
"""Agents planned above the first few for breaks, meetings and those who will be sick, as a share."""
_STAY_ON_QUEUE = 3
"""Agents per lane who take no planned break from the queue, only when no contact is there."""
_WRITTEN_SLACK = 1.25
_SAME_DAY_WORK, _MOST_WRITTEN = 0.9, 2.0
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
        self._tables = [staffing_table(lane) for lane in LANES[: world.DESK]]
        self._is_planned = False
        self._pools = self._pool_sizes()
        self._is_planned = True
        self._workload: dict[int, Floats] = {}
        self._occupancy: dict[int, Floats] = {}
        self.sheet = DaySheet(-WARM_UP_DAYS - 1, [])
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
        leaves = np.where(in_house, _YEARLY_LEAVERS[True], _YEARLY_LEAVERS[False]) / 365
        leaves = leaves * np.where(tenure < 90, 1.8, 1.0) * np.where(role == AGENT, 1.0, 0.25)
        leaves = leaves * np.where(role == AGENT, self.leave_factors(day)[self.home], 1.0)
        # A row per person, so that one leaver more does not change the draws of the others.
        draws = rng.random((len(role), 4)).T
        here = (tenure >= 1) & (left == _STAYS)
        for person in np.flatnonzero(here & (draws[0] < leaves)).tolist():
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
        self.roles, self.hired_on, self.left_on = self._role, self._hired, self._left
        self.first_lane = self._home.copy()
        self._moving: dict[int, list[Move]] = {}
        for move in self.moves:
            if move.since > self.hired[move.person]:
                self._moving.setdefault(move.since, []).append(move)

    def _is_in_house(self, lane: int) -> bool:
        return self.settings.vendor_of(LANES[lane].bpo) == world.IN_HOUSE

    def is_in_house(self, people: Array) -> Bools:
        """Tell who is on the company's own payroll; nobody changes the employer."""
        own = np.array([self._is_in_house(lane) for lane in range(len(LANES))])
        return np.asarray(own[self.first_lane[people]], dtype=np.bool_)

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

    def base_leave_hazard(self, person: int) -> float:
        """Return the yearly chance to leave of a trained person, without occupancy."""
        yearly = _YEARLY_LEAVERS[self._is_in_house(self.home[person])]
        return yearly if self.role[person] == AGENT else yearly * 0.25

    def leave_factors(self, day: int) -> Floats:
        """Return by how much occupancy raises the chance to leave, per lane."""
        size = self.settings.size_of("occupancy_attrition", day)
        if size is None:
            return np.ones(len(LANES))
        above = np.maximum(100 * self.planned_occupancy(day) - BUSY_ABOVE, 0.0)
        return np.asarray(1.0 + size * above)

    def planned_occupancy(self, day: int) -> Floats:
        """Return each lane's planned share of busy time, one to three months before a day.

        Work and agents follow from the forecast and the plan that the rosters are made of, not from the luck of
        the day, so that a year's people can be drawn in advance.
        """
        if day in self._occupancy:
            return self._occupancy[day]
        window = range(day - LAG_UNTIL, day - LAG_FROM)
        for earlier in window:
            if earlier not in self._workload:
                self._workload[earlier] = self._plan(earlier)
        for gone in [known for known in self._workload if known < window.start]:
            del self._workload[gone]
        work, heads = np.sum([self._workload[earlier] for earlier in window], axis=0)
        self._occupancy[day] = np.asarray(work / np.maximum(heads, 1e-9))
        return self._occupancy[day]

    def _plan(self, day: int) -> Floats:
        """Return the planned busy and the planned present agents, each summed over a day's half hours by lane."""
        is_open = np.array([self.lane_open(lane, day) for lane in range(len(LANES))])
        needed, work, spare = self._needs(day, None)
        for lane, (blended, part) in world.BLENDS.items():
            if not is_open[lane].any():
                continue
            seconds = self._written_seconds(lane, day, None)
            own = needed[lane] * is_open[lane]
            between = max(0.0, seconds / clock.HALF_HOUR - float(own.sum()) / _WRITTEN_SLACK)
            usable = spare[list(blended)] * is_open[list(blended)]
            share = min(1.0, between / max(float(usable.sum()) * part, 1e-9))
            for i in blended:
                work[i] += spare[i] * is_open[i] * part * share
            work[lane] = own / _WRITTEN_SLACK
        # Those who are there for others' breaks are not ready for contacts themselves while they have theirs.
        live = np.isin(np.arange(len(LANES)), world.LIVE_LANES)[:, None]
        present = np.where(live, needed / (1 + _LUNCH_COVER + _BREAK_COVER), needed)
        present = np.maximum(present, [[self._least(lane)] for lane in range(len(LANES))])
        return np.array([(work * is_open).sum(axis=1), (present * is_open).sum(axis=1)])

    def _tightness(self, lane: int, day: int) -> float:
        """Return the agents planned per agent needed, which differs by lane and month."""
        if not self._is_planned:
            return 1.0
        date = self.settings.day(day)
        key = np.array([lane * 100_000 + date.year * 12 + date.month])
        draw = float(chance(key, self.settings.seed, _SALT_TIGHTNESS)[0])
        return _TIGHTEST + (_LOOSEST - _TIGHTEST) * draw

    # Staffing

    def required(self, day: int, backlog: dict[int, float] | None = None) -> Floats:
        """Return the agents needed, lane by half hour of the day, before rounding to heads.

        ``backlog`` are the seconds of written work that wait when the day starts; without it, an average
        day's.
        """
        return self._needs(day, backlog)[0]

    def _needs(self, day: int, backlog: dict[int, float] | None) -> tuple[Floats, Floats, Floats]:
        """Return, lane by half hour, agents needed, agents busy with live contacts, and agents' worth of time
        between them.
        """
        expected = self.demand.expected(day)
        needed = np.zeros((len(LANES), clock.CELLS))
        work = np.zeros((len(LANES), clock.CELLS))
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
            erlangs = rate * busy_seconds(door) / clock.HALF_HOUR
            heads_needed = np.interp(erlangs, loads, heads)
            heads_needed = heads_needed * self._tightness(i, day)
            needed[i] = (
                heads_needed
                + _LUNCH_COVER * np.maximum(heads_needed - 1.0, 0.0)
                + _BREAK_COVER * np.maximum(heads_needed - _STAY_ON_QUEUE, 0.0)
            )
            work[i] = erlangs / door.capacity
            spare[i] = usable(np.maximum(needed[i], 1.0), work[i], busy_seconds(door))
        for i, (blended, part) in world.BLENDS.items():
            is_open = self.lane_open(i, day)
            if is_open.any():
                idle = float(spare[list(blended)].sum(axis=0)[is_open].mean()) * part
                seconds = self._written_seconds(i, day, backlog) * _WRITTEN_SLACK
                needed[i] = max(0.0, seconds / (float(is_open.sum()) * clock.HALF_HOUR) - idle)
        return needed, work, spare

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
                weekly[lane] += (len(shifts_of(heads)) + dropped) / 4
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
        healthy = rng.random(known) >= _ABSENCE * (self.settings.size_of("overtime_month", day) or 1.0)
        order = rng.random(known)
        employed = (self._role[:known] != BACK_OFFICE) & (self._left[:known] > day)
        employed &= self._hired[:known] <= day
        trained = self._hired[:known] + _TRAINING_DAYS <= day
        free = employed & trained
        trainees = np.flatnonzero(employed & ~trained & (self._role[:known] == AGENT))
        self.sheet = DaySheet(day, [], [], trainees.tolist())
        needed = self.required(day, backlog)
        plans: list[tuple[list[Windows], list[int]]] = []
        for lane in range(len(LANES)):
            is_open = self.lane_open(lane, day)
            heads = np.floor(needed[lane] + rounding[lane]).astype(np.int64)
            heads = np.where(is_open, np.maximum(heads, self._least(lane)), 0)
            shifts = shifts_of(heads)
            plans.append((shifts, self._ranked(lane, free, order, len(shifts))))
        on_call = free & healthy
        return [self._crew(lane, day, *plan, on_call, healthy, order) for lane, plan in enumerate(plans)]

    def _ranked(self, lane: int, free: Array, order: Floats, wanted: int) -> list[int]:
        """Return who of those free is to work in a lane, and take them off the list: the own team first, then
        people with a second skill, then the rest of the site; supervisors only where nobody else would be there.
        """
        if not wanted:
            return []
        known = len(free)
        home = self._home[:known] == lane
        second = self._second[:known] == lane
        worked = self._week_days[:known]
        site = self._site[self._home[:known]] == self._site[lane]
        rank = np.where(home, 0, np.where(second, 20, 60)) + worked + order
        is_supervisor = self._role[:known] == SUPERVISOR
        rank = rank + np.where(worked >= _WORKING_DAYS, 40, 0) + np.where(is_supervisor, 200, 0)
        able = np.flatnonzero(free & site & (worked <= _WORKING_DAYS))
        able = able[np.argsort(rank[able], kind="stable")][:wanted]
        able = able[~is_supervisor[able] | (np.arange(len(able)) < _ONLY_IF_NEEDED)]
        free[able] = False
        return [int(person) for person in able]

    def _crew(
        self,
        lane: int,
        day: int,
        shifts: list[Windows],
        planned: list[int],
        on_call: Array,
        healthy: Array,
        order: Floats,
    ) -> Crew:
        """Return who is on duty: those planned who are not sick, a colleague called in for the first shifts of a
        lane, and colleagues who work longer for the others.
        """
        crew = Crew()
        if not shifts:
            return crew
        closes = max(b for shift in shifts for _, b in shift)
        grid = self.lane_grid(lane, day)
        here: list[tuple[int, int, Windows, bool]] = []
        missing = list(shifts[len(planned) :])
        for position, (person, shift) in enumerate(zip(planned, shifts, strict=False)):
            is_extra = bool(self._week_days[person] >= _WORKING_DAYS)
            self._week_days[person] += 1
            if healthy[person]:
                here.append((position, person, shift, is_extra))
                continue
            self.sheet.absent.append((person, sum(b - a for a, b in shift) * clock.HALF_HOUR))
            instead = self._ranked(lane, on_call, order, 1) if position < _STAY_ON_QUEUE else []
            for colleague in instead:
                self._week_days[colleague] += 1
                here.append((position, colleague, shift, True))
            if not instead:
                missing.append(shift)
        added = work_longer([shift for _, _, shift, _ in here], missing)
        week, weekday = divmod(self.settings.day(day).toordinal() - 1, 7)
        clearing = _CLEARING_SECONDS if lane in world.LIVE_LANES else 0
        for (position, person, shift, is_extra), longer in zip(here, added, strict=True):
            windows = [
                (
                    grid.start + a * clock.HALF_HOUR,
                    grid.start + b * clock.HALF_HOUR + (clearing if b == closes else 0),
                )
                for a, b in shift
            ]
            duty = Shift(person, lane, windows, longer=longer * clock.HALF_HOUR, is_extra=is_extra)
            take_breaks(duty, week, weekday, position, leaves_queue=position >= _STAY_ON_QUEUE)
            self.sheet.shifts.append(duty)
            speed = self.pace[person] * (1.0 + 0.30 * exp(-(day - self.hired[person]) / 60))
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
