"""Live queues: what chance decides per leg, the run of every queue, and what each leg leads to."""

from __future__ import annotations

import numpy as np

from cx_metrics.simulator import world
from cx_metrics.simulator.automation.technology import talk_factor
from cx_metrics.simulator.contacts import routing
from cx_metrics.simulator.contacts.records import CONTACT_FIELDS, Day, Office, calls_about, pieces
from cx_metrics.simulator.frames import NONE, Array, Frame, Ints, blank, concat, size, take
from cx_metrics.simulator.settings import Stage
from cx_metrics.simulator.world import LANES, REASONS

LEG_FIELDS = {
    "contact": "int64",
    "leg": "int64",
    "lane": "int8",
    "kind": "int8",
    "entered": "int64",
    "exit": "int64",
    "outcome": "int8",
    "agent": "int64",
    "ring": "int64",
    "talk": "int64",
    "before_hold": "int64",
    "hold": "int64",
    "wrap": "int64",
    "after": "int8",
    "consults": "bool",
    "colleague": "int64",
    "missed_agent": "int64",
    "missed_at": "int64",
    "is_continued": "bool",
}
"""One stay of a contact in a live queue and the agent's work after it; ``contact`` is a position in the
contacts.
"""

OFFER_AFTER, OFFER_WHEN = 60, 110
"""A callback is offered after so many seconds, to those who will wait longer than so many."""
TAKES_CALLBACK, CALLBACK_REACHED = 0.38, 0.80
REDIALS = 0.52
MISSED_RING = 0.012
DROPPED = 0.010
SAME_DAY_REPEAT = 0.030
MOVES_UP, MOVES_HERE, MOVES_OUT = 0.085, 0.036, 0.006
HOLDS, CONSULTS, CONSULTS_BEFORE_MOVE = 0.24, 0.015, 0.30
RETURNS_UNRESOLVED, RETURNS_ABANDONED, FOLLOW_UP_PROMISED = 0.66, 0.35, 0.16
COURTESY_CALLS, SURVEY_CALLS, COLLECTION_CALLS = 0.010, 0.008, 0.10
_DIAL_ENDS = 10
_LEG_STEPS = 10

_TALK = np.array([reason.talk for reason in REASONS])
_RESOLVE = np.array([reason.resolve for reason in REASONS])
_TRANSFER = np.array([reason.transfer for reason in REASONS])


def run(office: Office, day: Day, contacts: Frame, entry: Ints) -> None:
    """Run the live queues of a day for the contacts that enter them, and finish those contacts."""
    entered = len(entry)
    moving: dict[int, list[tuple[Ints, Ints, Ints]]] = {}
    legs: list[Frame] = []
    for lane in world.LIVE_LANES:
        own = np.flatnonzero(contacts["door"][:entered] == lane)
        parts = [(own, entry[own], np.zeros(len(own), dtype=np.int64)), *moving.pop(lane, [])]
        mine, at, nth = (np.concatenate([part[i] for part in parts]) for i in range(3))
        order = np.argsort(at, kind="stable")
        ran, contacts = _run_lane(office, day, lane, contacts, mine[order], at[order], nth[order])
        target = LANES[lane].sends_to
        if target is not None:
            up = np.flatnonzero((ran["outcome"] == routing.ANSWERED) & (ran["after"] == routing.MOVE_UP))
            can = day.is_open(np.full(len(up), target), _talk_end(ran)[up])
            ran["after"][up[~can]] = routing.NOTHING
            up = up[can]
            moved, when, nth = ran["contact"][up], _talk_end(ran)[up], ran["leg"][up] + 1
            if LANES[lane].opens_records:
                contacts, moved = _open_records(office, contacts, moved, when, target)
            moving.setdefault(target, []).append((moved, when, nth))
        legs.append(ran)
    together = concat(legs, LEG_FIELDS)
    _settle(office, day, contacts, together)
    _note_idle(day, together)


def _note_idle(day: Day, legs: Frame) -> None:
    """Leave to the written queues the time that agents of live queues had between two contacts."""
    worked = legs["agent"] != NONE
    answered = legs["outcome"] == routing.ANSWERED
    until = np.where(answered, _talk_end(legs) + legs["wrap"], legs["exit"] + legs["ring"] + _DIAL_ENDS)
    missed = legs["missed_agent"] != NONE
    for agent, start, end in zip(
        np.concatenate([legs["agent"][worked], legs["missed_agent"][missed]]).tolist(),
        np.concatenate([legs["exit"][worked], legs["missed_at"][missed]]).tolist(),
        np.concatenate(
            [until[worked], legs["missed_at"][missed] + routing.RING_LIMIT + routing.NOT_READY]
        ).tolist(),
        strict=True,
    ):
        day.busy.setdefault(agent, []).append((start, end))
    for lane in world.LIVE_LANES:
        crew = day.crews[lane]
        for agent, windows, speed in zip(crew.agents, crew.windows, crew.speed, strict=True):
            if agent not in day.idle:
                day.idle[agent] = routing.gaps(windows, day.busy.get(agent, []))
                day.idle_speed[agent] = speed


def _run_lane(
    office: Office, day: Day, lane: int, contacts: Frame, mine: Ints, at: Ints, nth: Ints
) -> tuple[Frame, Frame]:
    """Run one queue; return its legs, and all contacts with the records that its day opened."""
    door = LANES[lane]
    rng = office.settings.generator(Stage.LIVE, day.number, lane)
    arrivals = len(mine)
    rows = arrivals + arrivals // 2 + 12
    is_voice = door.channel == world.VOICE
    reason = contacts["reason"][mine]
    simple = contacts["test"][mine] | (contacts["exclusion"][mine] != NONE)
    uniform = rng.random((7, rows))

    mean = door.handle * _TALK[reason] * (1.0 + 0.12 * np.minimum(contacts["attempt"][mine], 2))
    selection = office.settings.size_of("lengthy_selection", day.number)
    if selection is not None:
        mean = mean * np.exp(selection * office.population.standing(contacts["customer"][mine]))
    mean = mean * talk_factor(office.settings, lane, day.number)
    mean = np.where(simple, 25.0, mean)
    noise = rng.lognormal(-0.18, 0.6, rows)
    ring = rng.integers(3, 11, rows) if is_voice else rng.integers(1, 5, rows)
    wrap = np.floor(5 + rng.exponential(door.wrap - 5, rows)).astype(np.int64)
    patience = np.floor(rng.exponential(door.patience, rows)).astype(np.int64) + 2
    patience[:arrivals] += np.where(nth > 0, 150, 0)
    after = _what_follows(lane, reason, simple | (nth > 0), uniform[0], rows)
    consults = uniform[1] < np.where(after == routing.MOVE_UP, CONSULTS_BEFORE_MOVE, CONSULTS)
    holds = (uniform[2] < HOLDS) | consults
    for flag in (consults, holds):
        flag[:arrivals] &= ~simple
        flag &= is_voice
    hold = np.where(holds, np.floor(12 + rng.exponential(70, rows) + 40 * consults), 0).astype(np.int64)
    pause = np.where(after == routing.DROP, 45 + rng.exponential(60, rows), 900 + rng.exponential(6000, rows))
    redial = np.where(uniform[3] < REDIALS, 25 + rng.exponential(420, rows), NONE)

    draws = routing.LiveDraws(
        patience=patience.tolist(),
        ring=ring.tolist(),
        mean=mean.tolist(),
        noise=noise.tolist(),
        hold=hold.tolist(),
        wrap=wrap.tolist(),
        after=after.tolist(),
        delay=np.floor(pause).astype(np.int64).tolist(),
        redial=np.floor(redial).astype(np.int64).tolist(),
        takes_callback=(uniform[4] < TAKES_CALLBACK).tolist(),
        is_reached=(uniform[5] < CALLBACK_REACHED).tolist(),
        is_missed=(uniform[6] < MISSED_RING).tolist(),
    )
    ran = routing.serve_live(
        at.tolist(),
        draws,
        day.crews[lane],
        closes=day.last_opening(lane),
        offer_after=OFFER_AFTER,
        offer_when=OFFER_WHEN if door.offers_callback else routing.NEVER,
    )
    used = len(ran.kind)
    legs = blank(LEG_FIELDS, used)
    for name, values in (
        ("kind", ran.kind),
        ("entered", ran.entered),
        ("exit", ran.exit),
        ("outcome", ran.outcome),
        ("agent", ran.agent),
        ("talk", ran.talk),
        ("after", draws.after[:used]),
    ):
        legs[name] = np.array(values, dtype=LEG_FIELDS[name])
    legs["lane"][:] = lane
    legs["ring"], legs["hold"], legs["wrap"], legs["consults"] = (
        ring[:used],
        hold[:used],
        wrap[:used],
        consults[:used],
    )
    legs["before_hold"] = np.floor(legs["talk"] * (0.35 + 0.4 * rng.random(used))).astype(np.int64)
    bosses = office.workforce.supervisors(lane, day.number)
    legs["colleague"] = bosses[rng.integers(0, len(bosses), used)]
    for row, agent, when in ran.missed:
        legs["missed_agent"][row], legs["missed_at"][row] = agent, when
    contacts = _attach(office, day, lane, contacts, legs, ran, mine, nth, rng)
    if door.offers_callback:
        _note_offers(contacts, legs, np.array(ran.is_offered, dtype=np.bool_))
    return legs, contacts


def _what_follows(lane: int, reason: Array, stays: Array, draws: Array, rows: int) -> Ints:
    """Decide what follows each conversation; transferred, test and unwanted contacts only end."""
    arrivals = len(reason)
    is_voice = LANES[lane].channel == world.VOICE
    flat = np.ones(arrivals)
    chances = (
        (routing.MOVE_UP, MOVES_UP * _TRANSFER[reason] * (LANES[lane].sends_to is not None)),
        (routing.MOVE_HERE, MOVES_HERE * flat),
        (routing.MOVE_OUT, MOVES_OUT * flat),
        (routing.DROP, (DROPPED if is_voice else DROPPED / 2) * flat),
        (routing.SOON_AGAIN, SAME_DAY_REPEAT * (1.6 - _RESOLVE[reason])),
    )
    after = np.full(rows, routing.NOTHING, dtype=np.int64)
    edge = np.zeros(arrivals)
    for what, chance in chances:
        hit = (draws[:arrivals] >= edge) & (draws[:arrivals] < edge + chance) & ~stays
        after[:arrivals][hit] = what
        edge = edge + chance
    return after


def _attach(
    office: Office,
    day: Day,
    lane: int,
    contacts: Frame,
    legs: Frame,
    ran: routing.LiveLegs,
    mine: Ints,
    nth: Ints,
    rng: np.random.Generator,
) -> Frame:
    """Give every leg its contact, and open records for redials, repeats, callbacks and (on some platforms)
    transfers.
    """
    before, arrivals = size(contacts), len(mine)
    of, leg = mine.tolist(), nth.tolist()
    source: list[int] = []
    origin: list[int] = []
    born: list[int] = []
    for row in range(arrivals, len(ran.kind)):
        parent = ran.parent[row]
        if ran.kind[row] == routing.TRANSFER and not LANES[lane].opens_records:
            of.append(of[parent])
            leg.append(leg[parent] + 1)
            continue
        origin.append(of[parent])
        source.append(of[parent] if of[parent] < before else source[of[parent] - before])
        of.append(before + len(born))
        leg.append(0)
        born.append(row)
    legs["contact"] = np.array(of, dtype=np.int64)
    legs["leg"] = np.array(leg, dtype=np.int64)
    legs["is_continued"][np.array(ran.parent[arrivals:], dtype=np.int64)] = True
    if not born:
        return contacts

    kind, entered = legs["kind"][born], legs["entered"][born]
    calls_again = np.isin(kind, (routing.REDIAL, routing.RECONNECT, routing.REPEAT))
    lead = np.where(calls_again & (LANES[lane].channel == world.VOICE), rng.integers(6, 22, len(born)), 0)
    fresh = take(contacts, np.array(source))
    fresh["number"] = office.numbers(len(born))
    fresh["started"] = entered - lead
    fresh["queue"][:] = lane
    fresh["initial"][:] = NONE
    fresh["offered"][:] = NONE
    fresh["accepted"][:] = NONE
    fresh["method"][kind == routing.CALLBACK] = world.BY_CALLBACK
    fresh["method"][kind == routing.TRANSFER] = world.BY_TRANSFER
    redialled = calls_again & (fresh["method"] == world.BY_TRANSFER)
    fresh["method"][redialled] = world.BY_CUSTOMER
    together = concat([contacts, fresh], CONTACT_FIELDS)
    for i, (of_contact, what) in enumerate(zip(origin, kind.tolist(), strict=True)):
        together["attempt"][before + i] = together["attempt"][of_contact] + (what == routing.REPEAT)
        if not calls_again[i]:
            first = int(together["initial"][of_contact])
            together["initial"][before + i] = first if first != NONE else together["number"][of_contact]
    ivr = lead > 0
    day.pieces.append(pieces(fresh["number"][ivr], 0, world.IVR, fresh["started"][ivr], entered[ivr]))
    return together


def _open_records(office: Office, contacts: Frame, moved: Ints, when: Ints, lane: int) -> tuple[Frame, Ints]:
    """Open a new record for contacts that move to another queue; return all contacts and where the new ones
    are.
    """
    fresh = take(contacts, moved)
    known = fresh["initial"]
    fresh["initial"] = np.where(known != NONE, known, fresh["number"])
    fresh["number"] = office.numbers(len(moved))
    fresh["started"] = when.copy()
    fresh["method"][:] = world.BY_TRANSFER
    fresh["queue"][:] = lane
    fresh["offered"][:] = NONE
    fresh["accepted"][:] = NONE
    return concat([contacts, fresh], CONTACT_FIELDS), size(contacts) + np.arange(len(moved), dtype=np.int64)


def _note_offers(contacts: Frame, legs: Frame, offered: Array) -> None:
    asked = legs["contact"][legs["kind"] != routing.CALLBACK]
    contacts["offered"][asked] = np.maximum(contacts["offered"][asked], 0)
    contacts["offered"][legs["contact"][offered]] = 1
    contacts["accepted"][legs["contact"][offered]] = 0
    contacts["accepted"][legs["contact"][legs["outcome"] == routing.TOOK_CALLBACK]] = 1


def _talk_end(legs: Frame) -> Ints:
    return np.asarray(legs["exit"] + legs["ring"] + legs["talk"] + legs["hold"], dtype=np.int64)


def _settle(office: Office, day: Day, contacts: Frame, legs: Frame) -> None:
    """Finish the contacts of all legs: their pieces, how they ended, whether the need is settled, what comes
    next.
    """
    rng = office.settings.generator(Stage.LIVE_RESULTS, day.number)
    rows = size(contacts)
    uniform = rng.random((8, rows))
    answered = legs["outcome"] == routing.ANSWERED
    not_reached = legs["outcome"] == routing.NOT_REACHED
    talk_end = _talk_end(legs)
    ended = np.where(answered, talk_end, legs["exit"] + np.where(not_reached, legs["ring"], 0))
    worked = ended + np.where(answered, legs["wrap"], np.where(not_reached, _DIAL_ENDS, 0))
    _leg_pieces(day, contacts, legs, talk_end, rng)

    last = np.zeros(rows, dtype=np.int64)
    last[legs["contact"]] = np.arange(size(legs))
    had_agent = np.zeros(rows, dtype=np.bool_)
    had_agent[legs["contact"][answered]] = True
    np.maximum.at(contacts["worked_until"], legs["contact"], worked)
    contacts["ended"] = ended[last]
    final, what = legs["outcome"][last], legs["after"][last]
    served = final == routing.ANSWERED
    handed_on = served & np.isin(what, (routing.MOVE_UP, routing.MOVE_HERE))
    cut_off = served & (what == routing.DROP)
    simple = contacts["test"] | (contacts["exclusion"] != NONE)
    by_staff = handed_on | (served & (uniform[0] < 0.36))
    contacts["disconnect"] = np.where(
        cut_off,
        world.TELECOM_PROBLEM,
        np.where(
            np.isin(final, (routing.NOT_REACHED, routing.UNSERVED)),
            world.OTHER_END,
            np.where(by_staff, world.BY_STAFF, world.BY_CALLER),
        ),
    ).astype(np.int8)

    reason = contacts["reason"]
    lane = legs["lane"][last]
    chance = _RESOLVE[reason] + 0.06 * (lane == world.SPECIALISTS)
    chance = chance + 0.03 * np.minimum(contacts["attempt"], 2) - 0.02 * (contacts["channel"] == world.CHAT)
    agent = legs["agent"][last]
    chance[served] += office.workforce.skill(agent[served], day.number)
    chance = np.where(np.isin(what, (routing.SOON_AGAIN, routing.DROP)), 0.0, np.clip(chance, 0.05, 0.98))
    resolved = (uniform[1] < chance).astype(np.int8)
    contacts["resolved"] = np.where(served, resolved, 0).astype(np.int8)
    contacts["resolved"][handed_on | (final == routing.TOOK_CALLBACK)] = NONE
    ticked = served & ~handed_on & ~simple & (uniform[2] < 0.88)
    tick = uniform[3] < np.where(contacts["resolved"] == 1, 0.96, 0.55)
    contacts["logged"] = np.where(ticked, tick, NONE).astype(np.int8)
    used = 1 + rng.binomial(7, np.clip(0.14 * _TALK[reason], 0.0, 0.9))
    contacts["applications"] = np.where(had_agent & (uniform[4] < 0.85), used, NONE).astype(np.int8)
    contacts["reason_known"] &= uniform[5] < np.where(had_agent, 0.96, 0.40)
    contacts["complaint"] = np.where(had_agent & (uniform[6] < 0.93), contacts["complaint"], NONE).astype(
        np.int8
    )
    contacts["cancel"] = np.where(had_agent, contacts["cancel"], NONE).astype(np.int8)
    contacts["product_known"] &= had_agent | (uniform[5] < 0.40)
    day.contacts.append(contacts)

    open_end = (contacts["resolved"] == 0) & ~simple & ~legs["is_continued"][last]
    promised = open_end & served & (uniform[7] < FOLLOW_UP_PROMISED)
    returns = np.where(served, RETURNS_UNRESOLVED, RETURNS_ABANDONED)
    comes_back = open_end & ~promised & (rng.random(rows) < returns)
    office.plan_returns(take(contacts, comes_back), day.number, rng)
    plan_calls(office, day, contacts, promised, served & (contacts["resolved"] == 1) & ~simple, rng)


def plan_calls(
    office: Office, day: Day, contacts: Frame, promised: Array, resolved: Array, rng: np.random.Generator
) -> None:
    """Plan the outbound calls that contacts lead to: promised answers, courtesy, surveys, collections."""
    draws = rng.random(size(contacts))
    lag = rng.integers(1, 3, size(contacts))
    collects = resolved & (contacts["reason"] == world.PAY_FAILED) & (draws > 1 - COLLECTION_CALLS)
    for purpose, mask in (
        (world.TO_FOLLOW_UP, promised),
        (world.TO_COURTESY, resolved & (draws < COURTESY_CALLS)),
        (world.TO_SURVEY, resolved & (draws >= COURTESY_CALLS) & (draws < COURTESY_CALLS + SURVEY_CALLS)),
        (world.TO_COLLECT, collects),
    ):
        if mask.any():
            office.plan_calls(calls_about(take(contacts, mask), purpose), day.number + lag[mask])


def _leg_pieces(day: Day, contacts: Frame, legs: Frame, talk_end: Ints, rng: np.random.Generator) -> None:
    """Write the pieces of all legs, and the records of supervisors who listened in."""
    number = contacts["number"][legs["contact"]]
    base = _LEG_STEPS * (legs["leg"] + 1)
    lane, agent = legs["lane"], legs["agent"]
    answered = legs["outcome"] == routing.ANSWERED
    dialled = answered | (legs["outcome"] == routing.NOT_REACHED)
    missed = legs["missed_agent"] != NONE
    held = answered & (legs["hold"] > 0)
    asked = held & legs["consults"]
    exits, ring_end = legs["exit"], legs["exit"] + legs["ring"]
    missed_end = legs["missed_at"] + routing.RING_LIMIT
    hold_start = ring_end + legs["before_hold"]
    hold_end = hold_start + legs["hold"]
    first_talk_end = np.where(held, hold_start, talk_end)
    wrap_end = np.where(answered, talk_end + legs["wrap"], ring_end + _DIAL_ENDS)
    wrap_start = np.where(answered, talk_end, ring_end)

    draws = rng.random(size(legs))
    transfer = np.full(size(legs), NONE, dtype=np.int8)
    up = answered & (legs["after"] == routing.MOVE_UP)
    kinds = np.where(draws < 0.55, world.ESCALATION, np.where(draws < 0.85, world.TO_QUEUE, world.BLIND))
    transfer[up] = np.where(legs["consults"], world.CONSULTED, kinds)[up]
    here = answered & (legs["after"] == routing.MOVE_HERE)
    transfer[here] = np.where(draws < 0.5, world.BLIND, world.TO_QUEUE)[here]
    transfer[answered & (legs["after"] == routing.MOVE_OUT)] = world.EXTERNAL

    for mask, step, kind, start, end, who in (
        (~missed, 0, world.QUEUE, legs["entered"], exits, None),
        (missed, 0, world.QUEUE, legs["entered"], legs["missed_at"], None),
        (missed, 1, world.RING, legs["missed_at"], missed_end, legs["missed_agent"]),
        (missed, 2, world.QUEUE, missed_end, np.maximum(exits, missed_end), None),
        (dialled, 3, world.RING, exits, ring_end, agent),
        (answered, 4, world.TALK, ring_end, first_talk_end, agent),
        (held, 5, world.HOLD, hold_start, hold_end, agent),
        (asked, 6, world.CONSULT, hold_start, hold_end, legs["colleague"]),
        (held, 7, world.TALK, hold_end, talk_end, agent),
        (dialled, 8, world.WRAP, wrap_start, wrap_end, agent),
    ):
        if not mask.any():
            continue
        part = pieces(
            number[mask],
            base[mask] + step,
            kind,
            start[mask],
            end[mask],
            agent=None if who is None else who[mask],
            lane=lane[mask],
        )
        if kind == world.TALK:
            hands_on = held if step == 4 else np.zeros_like(held)
            part["transfer"] = np.where(hands_on[mask], NONE, transfer[mask]).astype(np.int8)
        day.pieces.append(part)
