"""How many agents a load needs, and the shifts that a staffing curve is cut into."""

from __future__ import annotations

from itertools import pairwise
from math import ceil, exp

import numpy as np

from cx_metrics.simulator import world
from cx_metrics.simulator.frames import Floats, Ints

SERVICE_TARGET = 0.79
"""Share of contacts to be answered in time that the staffing forecast aims at, without abandonment."""
_IN_TIME = {world.VOICE: 20, world.CHAT: 60}
_SHORTEST_SHIFT = 6
_LONGEST_SHIFT = 18
_LONGEST_SPAN = 19
_BLENDED = 0.6
_WRITTEN_PIECE = 280


def usable(heads: Floats, work: Floats, busy_seconds: float) -> Floats:
    """Return the agents' worth of time between live contacts in which a piece of written work fits.

    Idle spells are taken as exponential; only those longer than a piece of work are of use, and not all of
    them.
    """
    load = np.clip(work / heads, 1e-6, 0.99)
    ratio = _WRITTEN_PIECE * load / (busy_seconds * (1 - load))
    return np.asarray((heads - work).clip(0.0) * (1 + ratio) * np.exp(-ratio) * _BLENDED)


def busy_seconds(door: world.Door) -> float:
    """Return how long a contact of a door keeps an agent busy."""
    return door.handle * 1.10 + 20 + door.wrap + 7


def staffing_table(door: world.Door) -> tuple[Floats, Floats]:
    """Return loads in erlangs, and the heads that answer the target share of each in time (Erlang C)."""
    loads = np.geomspace(0.005, 2000.0, 220)
    in_time = _IN_TIME.get(door.channel, 20)
    capacity = door.capacity if door.channel == world.CHAT else 1
    heads = np.array([_heads(float(load), in_time / busy_seconds(door), capacity) for load in loads])
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


def shifts_of(heads: Ints) -> list[list[tuple[int, int]]]:
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
