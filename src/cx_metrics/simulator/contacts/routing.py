"""Queues: the event simulation that decides who waits, who gives up and which agent answers.

Waits are never drawn. Customers arrive, agents are on duty by the roster, the one who waited longest is
served first by the agent who has been idle longest, and a customer whose patience runs out leaves. The two
loops below are the only ones that handle contacts one by one; they work on plain lists of whole seconds,
because they run a million times.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush, heapreplace

NEVER = 1 << 60

# What a leg is. A leg is one stay of a contact in one queue, with the agent's work after it.
ARRIVAL, TRANSFER, REDIAL, RECONNECT, REPEAT, CALLBACK = range(6)
# How a leg left the queue.
WAITING, ANSWERED, ABANDONED, TOOK_CALLBACK, NOT_REACHED, UNSERVED = range(6)
# What follows when the conversation ends.
NOTHING, MOVE_HERE, DROP, SOON_AGAIN, MOVE_UP, MOVE_OUT = range(6)

RING_LIMIT = 20
"""Seconds after which an unanswered agent's telephone stops ringing."""
NOT_READY = 45
_RETRY_AFTER = 1200
_SHORTEST_GAP = 150
_MARGIN = 10
_DIAL_ENDS = 10


@dataclass
class Crew:
    """Agents on duty at one queue on one day; one slot per contact that an agent may hold at once.

    ``windows`` are the (from, until) of every slot in order of time; a slot takes a contact that starts
    before ``until`` and finishes it; where ``must_fit``, written work has to end before ``until``. ``speed``
    multiplies talk time.
    """

    agents: list[int] = field(default_factory=list)
    windows: list[list[tuple[int, int]]] = field(default_factory=list)
    speed: list[float] = field(default_factory=list)
    must_fit: list[bool] = field(default_factory=list)


def gaps(windows: list[tuple[int, int]], busy: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return what is left of time windows between busy spans, which may overlap, with a margin."""
    left: list[tuple[int, int]] = []
    spans = sorted(busy)
    for opens, closes in windows:
        at = opens
        for start, end in spans:
            if end <= at:
                continue
            if start >= closes:
                break
            if start - at >= _SHORTEST_GAP:
                left.append((at, start - _MARGIN))
            at = max(at, end + _MARGIN)
        if closes - at >= _SHORTEST_GAP:
            left.append((at, closes))
    return left


@dataclass
class LiveDraws:
    """What chance has decided about each leg before the queue runs, in whole seconds.

    The first rows belong to the arrivals in order; the rows after them are spare, for legs that come out of
    the day itself (redials, reconnections, transfers back, callbacks). ``redial`` and ``delay`` are pauses
    until the next attempt, negative for none.
    """

    patience: list[int]
    ring: list[int]
    mean: list[float]
    noise: list[float]
    hold: list[int]
    wrap: list[int]
    after: list[int]
    delay: list[int]
    redial: list[int]
    takes_callback: list[bool]
    is_reached: list[bool]
    is_missed: list[bool]


@dataclass
class LiveLegs:
    """The legs of one queue and day; rows as in the draws, with the spare rows that were used after the
    arrivals.
    """

    kind: list[int]
    parent: list[int]
    entered: list[int]
    exit: list[int]
    outcome: list[int]
    agent: list[int]
    talk: list[int]
    is_offered: list[bool]
    missed: list[tuple[int, int, int]]


def serve_live(
    arrive: list[int],
    draws: LiveDraws,
    crew: Crew,
    *,
    closes: int,
    offer_after: int,
    offer_when: int,
) -> LiveLegs:
    """Run one live queue for one day, first in first out, with customers who lose patience.

    ``arrive`` are the seconds at which contacts enter the queue, in order; after ``closes`` nobody comes
    back. Customers whose wait will exceed ``offer_when`` are offered a callback after ``offer_after``
    seconds; it keeps their place in the queue. Returns when and how every leg left the queue; see LiveLegs.
    """
    arrivals = len(arrive)
    limit = len(draws.noise)
    kind = [ARRIVAL] * arrivals
    parent = [-1] * arrivals
    entered = list(arrive)
    left = [0] * limit
    outcome = [WAITING] * limit
    served_by = [-1] * limit
    talked = [0] * limit
    is_offered = [False] * limit
    missed: list[tuple[int, int, int]] = []
    mean = draws.mean
    patience, ring, noise, hold, wrap = draws.patience, draws.ring, draws.noise, draws.hold, draws.wrap
    after, redial = draws.after, draws.redial
    agents, speed = crew.agents, crew.speed

    until = [windows[0][1] for windows in crew.windows]
    turn = [0] * len(agents)
    free = [(windows[0][0], slot) for slot, windows in enumerate(crew.windows)]
    heapify(free)
    returning: list[tuple[int, int]] = []
    position = 0

    def again(what: int, of: int, when: int, expected: float) -> int:
        """Add a leg that comes out of leg ``of``; return its row, or -1 when there is no room for it."""
        row = len(kind)
        if row >= limit:
            return -1
        kind.append(what)
        parent.append(of)
        entered.append(when)
        mean.append(expected)
        return row

    while True:
        if returning and (position == arrivals or returning[0][0] <= arrive[position]):
            now, i = heappop(returning)
        elif position < arrivals:
            i = position
            now = arrive[i]
            position += 1
        else:
            break
        came = now
        while True:
            start, slot = NEVER, -1
            while free:
                ready, slot = free[0]
                start = ready if ready > now else now
                if start < until[slot]:
                    break
                heappop(free)
                turn[slot] += 1
                if turn[slot] < len(crew.windows[slot]):
                    opens, until[slot] = crew.windows[slot][turn[slot]]
                    heappush(free, (opens if opens > ready else ready, slot))
                start = NEVER
            is_callback = kind[i] == CALLBACK
            if not is_callback:
                if offer_when < start - came < NEVER // 2 and patience[i] > offer_after:
                    is_offered[i] = True
                    asked = max(came + offer_after, now)
                    row = again(CALLBACK, i, asked, mean[i]) if draws.takes_callback[i] else -1
                    if row >= 0:
                        left[i] = asked
                        outcome[i] = TOOK_CALLBACK
                        left[row] = start
                        served_by[row] = agents[slot]
                        i = row
                        is_callback = True
                if not is_callback and start - came > patience[i]:
                    left[i] = max(came + patience[i], now)
                    outcome[i] = ABANDONED
                    when = left[i] + redial[i]
                    if redial[i] >= 0 and when < closes:
                        row = again(REDIAL, i, when, mean[i])
                        if row >= 0:
                            heappush(returning, (when, row))
                    break
            if start == NEVER:
                left[i] = now
                outcome[i] = UNSERVED
                break
            left[i] = start
            served_by[i] = agents[slot]
            if is_callback and not draws.is_reached[i]:
                outcome[i] = NOT_REACHED
                heapreplace(free, (start + ring[i] + _DIAL_ENDS, slot))
                when = start + _RETRY_AFTER
                if when < closes and kind[parent[i]] != CALLBACK:
                    row = again(CALLBACK, i, when, mean[i])
                    if row >= 0:
                        heappush(returning, (when, row))
                break
            if draws.is_missed[i] and not is_callback:
                draws.is_missed[i] = False
                missed.append((i, agents[slot], start))
                heapreplace(free, (start + RING_LIMIT + NOT_READY, slot))
                now = start + RING_LIMIT
                continue
            outcome[i] = ANSWERED
            then = after[i]
            talk = int(mean[i] * noise[i] * speed[slot])
            if then == DROP:
                talk = talk // 3
            if talk < 8:
                talk = 8
            talked[i] = talk
            ends = start + ring[i] + talk + hold[i]
            heapreplace(free, (ends + wrap[i], slot))
            if then == MOVE_HERE:
                row = again(TRANSFER, i, ends, mean[i] * 0.9)
                if row >= 0:
                    heappush(returning, (ends, row))
                else:
                    after[i] = NOTHING
            elif then in (DROP, SOON_AGAIN):
                when = ends + draws.delay[i]
                again_as, factor = (RECONNECT, 0.8) if then == DROP else (REPEAT, 1.3)
                row = again(again_as, i, when, mean[i] * factor) if when < closes else -1
                if row >= 0:
                    heappush(returning, (when, row))
                elif then == SOON_AGAIN:
                    after[i] = NOTHING
            break

    used = len(kind)
    return LiveLegs(
        kind,
        parent,
        entered,
        left[:used],
        outcome[:used],
        served_by[:used],
        talked[:used],
        is_offered[:used],
        missed,
    )


@dataclass
class Messages:
    """Work on written contacts: one row per message that an agent wrote, and where every contact stands after
    it.
    """

    contact: list[int]
    turn: list[int]
    agent: list[int]
    start: list[int]
    end: list[int]


def serve_deferred(
    due: list[int],
    turn: list[int],
    owner: list[int],
    total: list[int],
    work: list[list[int]],
    pause: list[list[int]],
    crew: Crew,
    *,
    until: int,
    owner_wait: int,
) -> Messages:
    """Run one written queue for one day: the message that has waited longest is answered first, nobody gives
    up.

    ``due`` is when each open contact next needs an answer, ``turn`` how many it has had of ``total``,
    ``owner`` the agent who wrote last (negative for none); ``work`` and ``pause`` are seconds per turn. The
    owner answers again when on duty and free within ``owner_wait`` seconds, otherwise whoever is free first.
    ``due``, ``turn`` and ``owner`` are updated in place; what is not reached before ``until`` or before the
    last agent leaves stays.
    """
    done = Messages([], [], [], [], [])
    tasks = [(when, i) for i, when in enumerate(due) if when < until]
    heapify(tasks)
    windows, agents, must_fit = crew.windows, crew.agents, crew.must_fit
    ready = [slots[0][0] for slots in windows]
    ends = [slots[0][1] for slots in windows]
    step = [0] * len(agents)
    slot_of = {agent: slot for slot, agent in enumerate(agents)}
    free = [(when, slot) for slot, when in enumerate(ready)]
    heapify(free)

    def start_at(slot: int, now: int, i: int) -> int:
        """Return when a slot can start on a contact, or NEVER; moves the slot on to its next window where
        needed.
        """
        need = max(10, int(work[i][turn[i]] * crew.speed[slot])) if must_fit[slot] else 1
        while True:
            start = ready[slot] if ready[slot] > now else now
            if start + need <= ends[slot]:
                return start
            step[slot] += 1
            if step[slot] >= len(windows[slot]):
                ends[slot] = -1
                return NEVER
            opens, ends[slot] = windows[slot][step[slot]]
            if opens > ready[slot]:
                ready[slot] = opens
                heappush(free, (opens, slot))

    while tasks:
        now, i = tasks[0]
        slot = slot_of.get(owner[i], -1)
        start = start_at(slot, now, i) if slot >= 0 and ends[slot] >= 0 else NEVER
        if start > now + owner_wait:
            start = NEVER
            while free:
                when, slot = free[0]
                if when != ready[slot] or ends[slot] < 0:
                    heappop(free)
                    continue
                start = start_at(slot, now, i)
                if start < NEVER and when == ready[slot]:
                    break
            if start == NEVER:
                break
        heappop(tasks)
        number = turn[i]
        end = start + max(10, int(work[i][number] * crew.speed[slot]))
        ready[slot] = end
        heappush(free, (end, slot))
        owner[i] = agents[slot]
        done.contact.append(i)
        done.turn.append(number)
        done.agent.append(agents[slot])
        done.start.append(start)
        done.end.append(end)
        turn[i] = number + 1
        if number + 1 < total[i]:
            due[i] = end + pause[i][number]
            if due[i] < until:
                heappush(tasks, (due[i], i))
    return done
