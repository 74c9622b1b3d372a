"""Written queues: e-mail, messaging and social, answered message by message in working hours, over several
days.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from cx_metrics.simulator import world
from cx_metrics.simulator.contacts import routing
from cx_metrics.simulator.contacts.entry import STEP_BOT
from cx_metrics.simulator.contacts.live import plan_calls
from cx_metrics.simulator.contacts.records import CONTACT_FIELDS, PIECE_FIELDS, Day, Office, needs_of, pieces
from cx_metrics.simulator.frames import NONE, Array, Frame, Ints, blank, concat, cumulate, pick, size, take
from cx_metrics.simulator.settings import Stage
from cx_metrics.simulator.world import LANES, REASONS

TURNS = {
    world.EMAIL: (0.62, 0.25, 0.09, 0.04),
    world.MESSAGING: (0.14, 0.22, 0.24, 0.18, 0.13, 0.09),
    world.SOCIAL: (0.52, 0.30, 0.13, 0.05),
}
"""Shares of contacts with 1, 2, 3... answers by an agent."""
MOST_TURNS = 6
_PAUSE = {world.EMAIL: (18_000, 1.1), world.MESSAGING: (420, 1.2), world.SOCIAL: (2_700, 1.1)}
"""Median seconds until the customer writes again, and the spread of its logarithm."""
_OWNER_WAIT = {world.EMAIL: 28_800, world.MESSAGING: 7_200, world.SOCIAL: 14_400}
"""How long a customer's answer may wait for the agent who wrote before."""
_TRIAGE = {world.EMAIL: (7_200, 0.9), world.MESSAGING: (60, 0.8), world.SOCIAL: (900, 0.9)}
"""Median seconds, and spread of the logarithm, until a new message is sorted and given out."""
CHASES = 0.06
"""Share of e-mails whose sender calls on the next day without waiting for the answer."""
HANDED_ON = 0.05
RETURNS_UNRESOLVED, FOLLOW_UP_PROMISED = 0.62, 0.06
_STEP_QUEUE, _STEP_MESSAGE = 9, 10

_TALK = np.array([reason.talk for reason in REASONS])
_RESOLVE = np.array([reason.resolve for reason in REASONS])


def _grid() -> Ints:
    return np.zeros((0, MOST_TURNS), dtype=np.int64)


def _column() -> Ints:
    return np.zeros(0, dtype=np.int64)


@dataclass
class Open:
    """The open contacts of one written queue: one row each in every column, and one entry per turn in the
    grids.
    """

    contacts: Frame = field(default_factory=lambda: blank(CONTACT_FIELDS, 0))
    entered: Ints = field(default_factory=_column)
    due: Ints = field(default_factory=_column)
    turn: Ints = field(default_factory=_column)
    owner: Ints = field(default_factory=_column)
    total: Ints = field(default_factory=_column)
    hands_on: Ints = field(default_factory=_column)
    work: Ints = field(default_factory=_grid)
    pause: Ints = field(default_factory=_grid)
    agent: Ints = field(default_factory=_grid)
    start: Ints = field(default_factory=_grid)
    end: Ints = field(default_factory=_grid)

    _COLUMNS = (
        "entered",
        "due",
        "turn",
        "owner",
        "total",
        "hands_on",
        "work",
        "pause",
        "agent",
        "start",
        "end",
    )

    def add(self, more: Open) -> None:
        """Put other open contacts below these."""
        self.contacts = concat([self.contacts, more.contacts], CONTACT_FIELDS)
        for name in self._COLUMNS:
            setattr(self, name, np.concatenate([getattr(self, name), getattr(more, name)]))

    def split(self, rows: Array) -> Open:
        """Take the chosen rows out and return them."""
        out = Open(take(self.contacts, rows), **{name: getattr(self, name)[rows] for name in self._COLUMNS})
        self.contacts = take(self.contacts, ~rows)
        for name in self._COLUMNS:
            setattr(self, name, getattr(self, name)[~rows])
        return out

    def pieces(self, lane: int) -> Frame:
        """Return the bot's part, the wait for the first answer (open while it goes on), and messages."""
        number, started = self.contacts["number"], self.contacts["started"]
        by_bot = self.entered > started
        waits_on = self.turn == 0
        first = np.where(waits_on, NONE, self.start[:, 0])
        parts = [
            pieces(number[by_bot], STEP_BOT, world.BOT, started[by_bot], self.entered[by_bot]),
            pieces(number, _STEP_QUEUE, world.QUEUE, self.entered, first, lane=lane),
        ]
        row, turn = np.nonzero(np.arange(MOST_TURNS) < self.turn[:, None])
        start, end, agent = self.start[row, turn], self.end[row, turn], self.agent[row, turn]
        part = pieces(number[row], _STEP_MESSAGE + turn, world.MESSAGE, start, end, agent=agent, lane=lane)
        moved = (
            (turn == 0) & (self.turn[row] > 1) & (self.hands_on[row] != NONE) & (self.agent[row, 1] != agent)
        )
        part["transfer"] = np.where(moved, self.hands_on[row], NONE).astype(np.int8)
        parts.append(part)
        return concat(parts, PIECE_FIELDS)


class WrittenQueues:
    """The written queues with their backlog."""

    def __init__(self, office: Office) -> None:
        """Start with empty queues."""
        self.office = office
        self.open = {lane: Open() for lane in world.DEFERRED_LANES}

    def run(self, day: Day, contacts: Frame, entry: Ints) -> None:
        """Add the contacts that enter on a day, let the agents work, and finish what is done."""
        for lane in world.DEFERRED_LANES:
            mine = contacts["door"] == lane
            rng = self.office.settings.generator(Stage.DEFERRED, day.number, lane)
            self._add(day, lane, take(contacts, mine), entry[mine], rng)
            self._work(day, lane)
            self._finish(day, lane, rng)

    def backlog(self) -> dict[int, float]:
        """Return the seconds of work that wait in every queue, counting the next message of each open
        contact.
        """
        return {
            lane: float(state.work[np.arange(len(state.turn)), state.turn].sum())
            for lane, state in self.open.items()
        }

    def still_open(self) -> tuple[Frame, Frame]:
        """Return the contacts that are not finished, and their pieces so far."""
        return (
            concat([state.contacts for state in self.open.values()], CONTACT_FIELDS),
            concat([state.pieces(lane) for lane, state in self.open.items()], PIECE_FIELDS),
        )

    def _add(self, day: Day, lane: int, contacts: Frame, entry: Ints, rng: np.random.Generator) -> None:
        rows = size(contacts)
        channel = LANES[lane].channel
        simple = contacts["test"] | (contacts["exclusion"] != NONE)
        total = 1 + pick(cumulate(TURNS[channel]), rng.random(rows))
        total = np.where(simple, 1, total)
        mean = LANES[lane].handle * _TALK[contacts["reason"]]
        work = mean[:, None] * rng.lognormal(-0.125, 0.5, (rows, MOST_TURNS))
        work[:, 1:] *= 0.8
        work = np.where(simple[:, None], 20.0, work)
        median, spread = _PAUSE[channel]
        triage = _TRIAGE[channel]
        pause = 30 + median * rng.lognormal(0.0, spread, (rows, MOST_TURNS))
        handed = rng.random(rows) < HANDED_ON
        how = np.array((world.ESCALATION, world.BLIND, world.TO_QUEUE))[rng.integers(0, 3, rows)]
        grids = np.full((3, rows, MOST_TURNS), NONE, dtype=np.int64)
        self.open[lane].add(
            Open(
                contacts,
                entered=entry,
                due=entry + np.floor(triage[0] * rng.lognormal(0.0, triage[1], rows)).astype(np.int64),
                turn=np.zeros(rows, dtype=np.int64),
                owner=np.full(rows, NONE, dtype=np.int64),
                total=total.astype(np.int64),
                hands_on=np.where(handed, how, NONE).astype(np.int64),
                work=np.floor(work).astype(np.int64),
                pause=np.floor(pause).astype(np.int64),
                agent=grids[0],
                start=grids[1],
                end=grids[2],
            )
        )
        if channel == world.EMAIL:
            chasing = take(contacts, (rng.random(rows) < CHASES) & ~simple)
            chase = needs_of(chasing)
            chase["door"] = np.array(world.VOICE_DOOR, dtype=np.int8)[chasing["region"]]
            self.office.plan(chase, np.full(size(chasing), day.number + 1))

    def _work(self, day: Day, lane: int) -> None:
        state = self.open[lane]
        if not size(state.contacts):
            return
        due, turn, owner = state.due.tolist(), state.turn.tolist(), state.owner.tolist()
        done = routing.serve_deferred(
            due,
            turn,
            owner,
            state.total.tolist(),
            state.work.tolist(),
            state.pause.tolist(),
            day.written_crew(lane),
            until=self.office.workforce.lane_grid(lane, day.number).end,
            owner_wait=_OWNER_WAIT[LANES[lane].channel],
        )
        state.due, state.turn = np.array(due, dtype=np.int64), np.array(turn, dtype=np.int64)
        state.owner = np.array(owner, dtype=np.int64)
        day.spend_idle(done)
        state.agent[done.contact, done.turn] = done.agent
        state.start[done.contact, done.turn] = done.start
        state.end[done.contact, done.turn] = done.end

    def _finish(self, day: Day, lane: int, rng: np.random.Generator) -> None:
        state = self.open[lane]
        ready = state.turn >= state.total
        if not ready.any():
            return
        closed = state.split(ready)
        contacts = closed.contacts
        rows = size(contacts)
        uniform = rng.random((6, rows))
        contacts["ended"] = closed.end[np.arange(rows), closed.total - 1]
        contacts["worked_until"] = contacts["ended"].copy()
        contacts["disconnect"] = np.where(uniform[0] < 0.85, world.BY_STAFF, NONE).astype(np.int8)
        simple = contacts["test"] | (contacts["exclusion"] != NONE)
        reason = contacts["reason"]
        chance = _RESOLVE[reason] + 0.02 * np.minimum(closed.total, 3) - 0.06
        chance = np.clip(chance + self.office.workforce.skill(closed.owner, day.number), 0.05, 0.98)
        contacts["resolved"] = (uniform[1] < chance).astype(np.int8)
        tick = uniform[2] < np.where(contacts["resolved"] == 1, 0.95, 0.50)
        contacts["logged"] = np.where((uniform[3] < 0.80) & ~simple, tick, NONE).astype(np.int8)
        used = 1 + rng.binomial(7, np.clip(0.12 * _TALK[reason], 0.0, 0.9))
        contacts["applications"] = np.where(uniform[4] < 0.80, used, NONE).astype(np.int8)
        contacts["reason_known"] &= uniform[5] < 0.97
        day.contacts.append(contacts)
        day.pieces.append(closed.pieces(lane))

        unsettled = (contacts["resolved"] == 0) & ~simple
        promised = unsettled & (uniform[4] < FOLLOW_UP_PROMISED)
        comes_back = unsettled & ~promised & (rng.random(rows) < RETURNS_UNRESOLVED)
        self.office.plan_returns(take(contacts, comes_back), day.number, rng)
        plan_calls(self.office, day, contacts, promised, (contacts["resolved"] == 1) & ~simple, rng)
