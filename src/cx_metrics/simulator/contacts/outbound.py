"""Contacts that no customer starts: the outbound desk, calls between employees, supervisors who listen in."""

from __future__ import annotations

import numpy as np

from cx_metrics.simulator import world
from cx_metrics.simulator.contacts import routing
from cx_metrics.simulator.contacts.records import (
    CALL_FIELDS,
    CONTACT_FIELDS,
    PIECE_FIELDS,
    Day,
    Office,
    pieces,
)
from cx_metrics.simulator.frames import NONE, Array, Frame, Ints, blank, concat, cumulate, pick, size, take
from cx_metrics.simulator.settings import Stage
from cx_metrics.simulator.world import DESK, LANES, REASONS

SALES_CALLS_PER_NEED = 0.016
INTERNAL_PER_NEED = 0.009
MONITORED = 0.012
REACHED = {
    world.TO_FOLLOW_UP: 0.78,
    world.TO_COURTESY: 0.60,
    world.TO_SURVEY: 0.52,
    world.TO_SALES: 0.38,
    world.TO_COLLECT: 0.45,
}
_TALK_SECONDS = {
    world.TO_FOLLOW_UP: 190,
    world.TO_COURTESY: 80,
    world.TO_SURVEY: 140,
    world.TO_SALES: 210,
    world.TO_COLLECT: 160,
}
TRIES_AGAIN = 0.6
_LONGEST_MONITORING = 600
_WINDOWS = ((0, 18_000), (18_000, 36_000), (0, 18_000))
"""When customers of each region may be called: seconds after the desk opens."""
_RESOLVE = np.array([reason.resolve for reason in REASONS])
_VOICE_LANES = tuple(i for i, lane in enumerate(LANES[:DESK]) if lane.channel == world.VOICE)


def _by_purpose(values: dict[int, float] | dict[int, int]) -> Array:
    return np.array([values.get(purpose, 0) for purpose in range(len(world.PURPOSES))], dtype=np.float64)


_REACHED, _SECONDS = _by_purpose(REACHED), _by_purpose(_TALK_SECONDS)


def call_out(office: Office, day: Day) -> None:
    """Make a day's planned outbound calls and sales calls; what does not fit in moves to the next day."""
    rng = office.settings.generator(Stage.OUTBOUND, day.number)
    calls = concat([office.planned_calls(day.number), _sales_calls(office, day, rng)], CALL_FIELDS)
    rows = size(calls)
    crew = day.written_crew(DESK)
    if not rows:
        return
    if not crew.agents:
        office.plan_calls(calls, np.full(rows, day.number + 1))
        return
    opens = day.door_starts[0] + 5 * 3600
    first, last = np.array(_WINDOWS)[calls["region"]].T
    due = opens + first + np.floor((last - first) * rng.random(rows)).astype(np.int64)
    is_reached = rng.random(rows) < _REACHED[calls["purpose"]]
    dial = rng.integers(7, 28, rows)
    wrap = np.floor(np.where(is_reached, 6 + rng.exponential(22, rows), 4)).astype(np.int64)
    talk = np.where(is_reached, 10 + _SECONDS[calls["purpose"]] * rng.lognormal(-0.125, 0.5, rows), 0).astype(
        np.int64
    )
    # Dialling and talking do not depend on the agent here, so the desk works at one speed.
    crew.speed = [1.0] * len(crew.agents)
    turn = [0] * rows
    done = routing.serve_deferred(
        due.tolist(),
        turn,
        [NONE] * rows,
        [1] * rows,
        (dial + talk + wrap)[:, None].tolist(),
        np.zeros((rows, 1), dtype=np.int64).tolist(),
        crew,
        until=office.workforce.lane_grid(DESK, day.number).end,
        owner_wait=0,
    )
    day.spend_idle(done)
    made = np.array(done.contact, dtype=np.int64)
    left_over = np.array(turn) == 0
    office.plan_calls(take(calls, left_over), np.full(int(left_over.sum()), day.number + 1))
    if not len(made):
        return
    agent, start = np.array(done.agent, dtype=np.int64), np.array(done.start, dtype=np.int64)
    calls, is_reached, dial, talk, wrap = (
        take(calls, made),
        is_reached[made],
        dial[made],
        talk[made],
        wrap[made],
    )
    records = _outbound_records(office, calls)
    number = records["number"]
    records["started"] = start
    records["ended"] = start + dial + talk
    records["worked_until"] = np.maximum(start + dial + talk + wrap, start + 10)
    records["disconnect"] = np.where(is_reached, world.BY_CALLER, world.OTHER_END).astype(np.int8)
    follow_up = calls["purpose"] == world.TO_FOLLOW_UP
    settled = rng.random(len(made)) < 0.15 + 0.85 * _RESOLVE[calls["reason"]]
    records["resolved"] = np.where(follow_up & is_reached, settled, NONE).astype(np.int8)
    records["logged"] = np.where(follow_up & is_reached, settled, NONE).astype(np.int8)
    day.contacts.append(records)
    answer = start + dial
    day.pieces.append(pieces(number, 0, world.RING, start, answer, agent=agent, lane=DESK))
    day.pieces.append(
        pieces(number[is_reached], 1, world.TALK, answer[is_reached], (answer + talk)[is_reached],
               agent=agent[is_reached], lane=DESK)
    )  # fmt: skip
    day.pieces.append(
        pieces(number, 2, world.WRAP, answer + talk, records["worked_until"], agent=agent, lane=DESK)
    )
    again = follow_up & ~is_reached & (rng.random(len(made)) < TRIES_AGAIN)
    office.plan_calls(take(calls, again), np.full(int(again.sum()), day.number + 1))
    still = follow_up & is_reached & ~settled
    office.plan_returns(take(records, still & (rng.random(len(made)) < 0.6)), day.number, rng)


def _sales_calls(office: Office, day: Day, rng: np.random.Generator) -> Frame:
    rows = int(rng.poisson(office.settings.needs_per_day * SALES_CALLS_PER_NEED))
    calls = blank(CALL_FIELDS, rows)
    calls["region"] = pick(cumulate(world.REGION_SHARES), rng.random(rows)).astype(np.int8)
    calls["customer"] = office.population.choose(calls["region"], rng.random(rows), day.number)
    calls["region"] = office.population.customers["region"][calls["customer"]]
    calls["purpose"][:] = world.TO_SALES
    calls["reason"][:] = world.UPGRADE
    calls["product"] = office.population.customers["product"][calls["customer"]]
    calls["campaign"] = rng.integers(0, len(world.SALES_CAMPAIGNS), rows).astype(np.int8)
    calls["attempt"][:] = 0
    return calls


def _outbound_records(office: Office, calls: Frame) -> Frame:
    records = blank(CONTACT_FIELDS, size(calls))
    for name in (
        "customer",
        "region",
        "reason",
        "product",
        "need",
        "queue",
        "campaign",
        "purpose",
        "attempt",
    ):
        records[name] = calls[name].copy()
    records["number"] = office.numbers(size(calls))
    records["channel"][:] = world.VOICE
    records["direction"][:] = world.OUTBOUND
    records["method"][:] = world.BY_AGENT
    records["shown"][:] = world.SHOWN_CUSTOMER
    records["identity"][:] = world.CRM
    records["reason_known"][:] = True
    records["product_known"][:] = True
    records["door"] = np.array(world.VOICE_DOOR, dtype=np.int8)[calls["region"]]
    return records


def talk_inside(office: Office, day: Day) -> None:
    """Write calls between employees, and supervisors who listen to customers' calls."""
    rng = office.settings.generator(Stage.INTERNAL, day.number)
    rows = int(rng.poisson(office.settings.needs_per_day * INTERNAL_PER_NEED))
    lane = np.array(_VOICE_LANES)[rng.integers(0, len(_VOICE_LANES), rows)]
    opens = day.door_starts[lane] + 5 * 3600
    start = opens + np.floor(rng.random(rows) * 8 * 3600).astype(np.int64)
    end = start + 20 + np.floor(rng.exponential(150, rows)).astype(np.int64)
    _inside(office, day, world.BY_AGENT, lane, start, end, NONE, rng)

    talks = concat(
        [part for part in day.pieces if size(part) and part["kind"][0] == world.TALK], PIECE_FIELDS
    )
    heard = np.isin(talks["queue"], _VOICE_LANES) & (talks["end"] - talks["start"] > 60)
    heard &= rng.random(size(talks)) < MONITORED
    talk = take(talks, heard)
    until = np.minimum(talk["end"], talk["start"] + _LONGEST_MONITORING)
    _inside(office, day, world.BY_MONITOR, talk["queue"], talk["start"] + 15, until, talk["queue"], rng)


def _inside(
    office: Office,
    day: Day,
    method: int,
    lane: Array,
    start: Ints,
    end: Ints,
    queue: Array | int,
    rng: np.random.Generator,
) -> None:
    rows = len(start)
    records = blank(CONTACT_FIELDS, rows)
    records["number"] = office.numbers(rows)
    records["channel"][:] = world.VOICE
    records["direction"][:] = world.INTERNAL
    records["method"][:] = method
    records["shown"][:] = world.SHOWN_NOTHING
    records["queue"][:] = queue
    records["started"] = start
    records["ended"] = end
    records["worked_until"] = end
    records["disconnect"][:] = world.BY_STAFF
    who = np.zeros(rows, dtype=np.int64)
    for code in np.unique(lane).tolist():
        mine = lane == code
        bosses = office.workforce.supervisors(code, day.number)
        who[mine] = bosses[rng.integers(0, len(bosses), int(mine.sum()))]
    day.contacts.append(records)
    day.pieces.append(pieces(records["number"], 0, world.TALK, start, end, agent=who, lane=lane))
