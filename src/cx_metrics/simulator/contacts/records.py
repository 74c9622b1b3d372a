"""What the stages of a day share: the columns of contact records and their pieces, and the state between
days.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from cx_metrics.simulator import clock, world
from cx_metrics.simulator.contacts.demand import NEED_FIELDS, Demand
from cx_metrics.simulator.contacts.population import Population
from cx_metrics.simulator.contacts.routing import Crew, Messages, gaps
from cx_metrics.simulator.frames import NONE, Array, Bools, Frame, Ints, blank, concat, size, take
from cx_metrics.simulator.settings import Settings
from cx_metrics.simulator.workforce.workforce import Workforce
from cx_metrics.simulator.world import DOORS

CONTACT_FIELDS = {
    "number": "int64",
    "initial": "int64",
    "customer": "int64",
    "shown": "int8",
    "identity": "int8",
    "channel": "int8",
    "direction": "int8",
    "method": "int8",
    "purpose": "int8",
    "queue": "int8",
    "reason": "int8",
    "reason_known": "bool",
    "product": "int8",
    "product_known": "bool",
    "campaign": "int8",
    "started": "int64",
    "ended": "int64",
    "worked_until": "int64",
    "disconnect": "int8",
    "logged": "int8",
    "cancel": "int8",
    "complaint": "int8",
    "offered": "int8",
    "accepted": "int8",
    "applications": "int8",
    "test": "bool",
    "exclusion": "int8",
    "door": "int8",
    "region": "int8",
    "need": "int64",
    "attempt": "int16",
    "resolved": "int8",
    "turns": "int16",
    "bot_end": "int8",
    "bot_back": "int8",
    "otherwise": "int8",
}
"""A contact record. Codes are positions in the lists of ``world``; instants are seconds since 1970 UTC.

``worked_until`` is the end of the last work on it, after-contact work included. Latent, in no table:
``customer`` where ``shown`` hides it, ``reason`` where it is not known, ``door``, ``region``, ``need``,
``attempt``, and ``resolved``: the truth about whether this record settled the need (NONE where it could not,
as when a later record continues it). Of bots, see ``bots``: ``turns`` of the customer (NONE without a bot),
``bot_end`` how the session ended, ``bot_back`` whether the customer comes back where self-service or a bot ended
it, ``otherwise`` whether it had settled the need with the other model or menus.
"""

PIECE_FIELDS = {
    "number": "int64",
    "step": "int32",
    "kind": "int8",
    "agent": "int64",
    "queue": "int8",
    "start": "int64",
    "end": "int64",
    "transfer": "int8",
    "tier": "int8",
}
"""A segment of a contact record before it has its own number; ``step`` orders pieces that start at the same
second.
"""

CALL_FIELDS = {
    "purpose": "int8",
    "customer": "int64",
    "region": "int8",
    "reason": "int8",
    "product": "int8",
    "need": "int64",
    "queue": "int8",
    "campaign": "int8",
    "attempt": "int16",
}
"""An outbound call to be made."""

LONGEST_RETURN_DAYS = 35
_SAME_DOOR = 0.72
_TIER = np.array([lane.tier for lane in world.LANES], dtype=np.int8)
_CHANNEL = np.array([door.channel for door in DOORS], dtype=np.int8)
_VOICE_DOOR = np.array(world.VOICE_DOOR, dtype=np.int8)
_OTHER_DOORS = np.array(world.OTHER_DOORS, dtype=np.int8)


@dataclass
class Day:
    """One operating day: who is on duty, which doors are open when, and the records that it finishes.

    ``busy`` are the spans in which agents of live queues worked on contacts, ``idle`` the time left between
    them, ``written`` the written and outbound work of all agents.
    """

    number: int
    crews: list[Crew]
    doors_open: Bools
    door_starts: Ints
    contacts: list[Frame] = field(default_factory=list)
    pieces: list[Frame] = field(default_factory=list)
    busy: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    idle: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    idle_speed: dict[int, float] = field(default_factory=dict)
    written: list[Messages] = field(default_factory=list)

    def is_open(self, door: Array, at: Array) -> Bools:
        """Tell whether doors are open at given seconds of this day."""
        cell = (at - self.door_starts[door]) // clock.HALF_HOUR
        inside = (cell >= 0) & (cell < clock.CELLS)
        return np.asarray(inside & self.doors_open[door, np.clip(cell, 0, clock.CELLS - 1)], dtype=np.bool_)

    def written_crew(self, lane: int) -> Crew:
        """Return who can do the work of a written queue or the desk: its own agents, and others between
        contacts.
        """
        own = self.crews[lane]
        crew = Crew(list(own.agents), list(own.windows), list(own.speed), [False] * len(own.agents))
        for blended in world.BLENDS[lane][0]:
            for agent in dict.fromkeys(self.crews[blended].agents):
                if self.idle.get(agent):
                    crew.agents.append(agent)
                    crew.windows.append(self.idle[agent])
                    crew.speed.append(self.idle_speed[agent])
                    crew.must_fit.append(True)
        return crew

    def spend_idle(self, done: Messages) -> None:
        """Take the time of written work out of the agents' time between contacts."""
        self.written.append(done)
        spent: dict[int, list[tuple[int, int]]] = {}
        for agent, start, end in zip(done.agent, done.start, done.end, strict=True):
            if agent in self.idle:
                spent.setdefault(agent, []).append((start, end))
        for agent, work in spent.items():
            self.idle[agent] = gaps(self.idle[agent], work)

    def last_opening(self, door: int) -> int:
        """Return when a door closes for the day, or the start of the day when it does not open."""
        cells = np.flatnonzero(self.doors_open[door])
        return int(
            self.door_starts[door] + (cells[-1] + 1) * clock.HALF_HOUR
            if len(cells)
            else self.door_starts[door]
        )


class Office:
    """Everything that outlives a day: the world that was drawn, the numbers given out, contacts planned for
    later.
    """

    def __init__(
        self, settings: Settings, population: Population, demand: Demand, workforce: Workforce
    ) -> None:
        """Start with nothing planned."""
        self.settings = settings
        self.population = population
        self.demand = demand
        self.workforce = workforce
        self._numbers = 0
        self._needs: dict[int, list[Frame]] = {}
        self._calls: dict[int, list[Frame]] = {}

    def open_day(self, number: int, backlog: dict[int, float]) -> Day:
        """Return a new day with its roster, given the written work that waits; call for consecutive days."""
        starts = np.array([self.demand.grid(i, number).start for i in range(len(DOORS))], dtype=np.int64)
        return Day(number, self.workforce.roster(number, backlog), self.demand.is_open(number), starts)

    def numbers(self, rows: int) -> Ints:
        """Return numbers for new contact records."""
        first = self._numbers
        self._numbers += rows
        return np.arange(first, first + rows, dtype=np.int64)

    def plan(self, needs: Frame, days: Array) -> None:
        """Let needs come in again on given days."""
        _file(self._needs, needs, days)

    def planned(self, day: int) -> Frame:
        """Return the needs that come in again on a day, once."""
        return concat(self._needs.pop(day, []), NEED_FIELDS)

    def plan_calls(self, calls: Frame, days: Array) -> None:
        """Put outbound calls on the desk's list of given days."""
        _file(self._calls, calls, days)

    def planned_calls(self, day: int) -> Frame:
        """Return the outbound calls of a day, once."""
        return concat(self._calls.pop(day, []), CALL_FIELDS)

    def plan_returns(self, contacts: Frame, day: int, rng: np.random.Generator) -> None:
        """Let customers whose need is not settled get in touch again after some days, mostly the same way."""
        rows = size(contacts)
        if not rows:
            return
        needs = needs_of(contacts)
        uniform = rng.random((2, rows))
        lag = 1 + np.floor(rng.lognormal(0.35, 0.95, rows)).astype(np.int64)
        region = contacts["region"]
        voice = _VOICE_DOOR[region]
        same = np.where(_CHANNEL[needs["door"]] == world.VOICE, voice, needs["door"])
        same = np.where(_CHANNEL[needs["door"]] == world.SELF_SERVICE, voice, same)
        other = _OTHER_DOORS[region, (uniform[1] < 0.5).astype(np.int64)]
        other = np.where((same != voice) & (uniform[1] < 0.7), voice, other)
        needs["door"] = np.where(uniform[0] < _SAME_DOOR, same, other).astype(np.int8)
        self.plan(needs, day + np.minimum(lag, LONGEST_RETURN_DAYS))


def _file(drawer: dict[int, list[Frame]], rows: Frame, days: Array) -> None:
    for day in np.unique(days).tolist() if len(days) else ():
        drawer.setdefault(day, []).append(take(rows, days == day))


def needs_of(contacts: Frame) -> Frame:
    """Return the needs behind contacts, to come in once more at the same door at some time of a later day."""
    needs = blank(NEED_FIELDS, size(contacts))
    for name in ("door", "customer", "region", "reason", "product", "need"):
        needs[name] = contacts[name].copy()
    needs["attempt"] = contacts["attempt"] + np.int16(1)
    return needs


def calls_about(contacts: Frame, purpose: int) -> Frame:
    """Return outbound calls to the customers of contacts."""
    calls = blank(CALL_FIELDS, size(contacts))
    for name in ("customer", "region", "reason", "product", "need", "queue", "attempt"):
        calls[name] = contacts[name].copy()
    calls["purpose"][:] = purpose
    if purpose != world.TO_FOLLOW_UP:
        calls["queue"][:] = NONE
    return calls


def pieces(
    number: Array,
    step: int | Array,
    kind: int,
    start: Array,
    end: Array,
    *,
    agent: Array | None = None,
    lane: Array | int | None = None,
) -> Frame:
    """Return one piece per contact record; an agent's piece carries the tier of its lane."""
    piece = blank(PIECE_FIELDS, len(number))
    piece["number"] = number.copy()
    piece["step"][:] = step
    piece["kind"][:] = kind
    piece["start"] = start.copy()
    piece["end"] = end.copy()
    if agent is not None:
        piece["agent"] = agent.copy()
    if lane is not None:
        lanes = np.broadcast_to(np.asarray(lane, dtype=np.int8), len(number))
        piece["queue"] = np.where(lanes < world.DESK, lanes, NONE).astype(np.int8)
        if agent is not None and kind != world.CONSULT:
            piece["tier"] = _TIER[lanes]
    return piece
