"""Time sheets: what every agent did from log-in to log-out, second by second.

The roster says when an agent is there and what is planned; contacts take precedence, so breaks start late and
shifts end late; what is left is time in which the agent was available.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from cx_metrics.simulator import clock, world
from cx_metrics.simulator.columns import FLAG, INSTANT, TEXT, coded, ids, instants
from cx_metrics.simulator.contacts.records import Office
from cx_metrics.simulator.defects.deliveries import keys_of
from cx_metrics.simulator.defects.spoiling import listed, spoiled
from cx_metrics.simulator.finished import FinishedDay
from cx_metrics.simulator.frames import NONE, Array, Bools, Frame, Ints, blank, concat, size, take
from cx_metrics.simulator.workforce.roster import (
    AVAILABLE,
    IN_CONTACT,
    OFFLINE,
    STATES,
    TRAINING,
    Shift,
    Windows,
)
from cx_metrics.simulator.workforce.workforce import SUPERVISOR

SCHEMAS: dict[str, pa.Schema] = {
    "agent_states": pa.schema(
        [
            ("agent_id", TEXT),
            ("started_at", INSTANT),
            ("ended_at", INSTANT),
            ("state", TEXT),
            ("is_paid", FLAG),
        ]
    ),
}

STATE_FIELDS = {"agent": "int64", "start": "int64", "end": "int64", "state": "int8"}
_MEAL = len(STATES)
"""State of an unpaid break."""
_NAMES = (*STATES, "break")
_UNPAID = (_MEAL, OFFLINE)
JOINED_BELOW = 20
"""Seconds between two contacts that no system would show as time available."""
_LONGEST_MEAL = 3600
_DAY = 400_000
"""Seconds that keep the agents apart on one axis of time."""
_TRAINING_DAY = ((9.0, 12.5, TRAINING), (12.5, 13.0, _MEAL), (13.0, 17.5, TRAINING))
"""Local hours of new people's first two weeks."""
_WISH_MARGIN = 60
DEFECTS = {"never_ended": 0.5, "overlapping": 0.5}
_NEVER_ENDED, _OVERLAPS = range(len(DEFECTS))
_DEFECT_WORDS = {
    "never_ended": "the end of the state was lost",
    "overlapping": "the state ends after the next one has begun",
}
OVERLAP_SECONDS = 240
"""How late the end of an overlapping state is noted."""


@dataclass(frozen=True)
class Worked:
    """What became of a day's shifts: one entry per shift in every array, in seconds.

    ``late`` is the time after the planned end, ``longer`` the overtime that was asked for; ``is_extra`` marks a
    shift on a day off.
    """

    person: Ints
    lane: Ints
    paid: Ints
    contact: Ints
    available: Ints
    late: Ints
    longer: Ints
    is_extra: Bools


class TimeSheets:
    """Writes agent_states, and tells payroll and vendors how long everybody worked."""

    def __init__(self, office: Office) -> None:
        """Start with empty sheets."""
        self.office = office
        self._rows: list[Frame] = []

    def one_day(self, day: FinishedDay) -> Worked:
        """Write down a day; return the time worked per shift."""
        shifts = self.office.workforce.sheet.shifts
        people = np.array([shift.person for shift in shifts], dtype=np.int64)
        order = np.argsort(people, kind="stable")
        shifts, people = [shifts[i] for i in order.tolist()], people[order]
        origin = min((shift.windows[0][0] for shift in shifts), default=0) - 86400
        opens = np.array([shift.windows[0][0] for shift in shifts], dtype=np.int64)
        closes = np.array([shift.windows[-1][1] for shift in shifts], dtype=np.int64)
        supervises = np.array(self.office.workforce.role)[people] == SUPERVISOR
        who, start, end = _contacts_of(day, people, opens, closes, supervises, origin)
        last = closes.copy()
        np.maximum.at(last, who, end + origin - who * _DAY)
        base = _planned(shifts, last, origin, who, start, end)
        rows = _lay_over(base, who, start, end)
        length, state, row = rows["end"] - rows["start"], rows["state"], rows["agent"]
        paid = np.where(np.isin(state, _UNPAID), 0, length)

        def total(seconds: Array) -> Ints:
            return np.bincount(row, seconds, len(shifts)).astype(np.int64)

        worked = Worked(
            person=people,
            lane=np.array([shift.lane for shift in shifts], dtype=np.int64),
            paid=total(paid),
            contact=total(np.where(state == IN_CONTACT, length, 0)),
            available=total(np.where(state == AVAILABLE, length, 0)),
            late=last - closes,
            longer=np.array([shift.longer for shift in shifts], dtype=np.int64),
            is_extra=np.array([shift.is_extra for shift in shifts], dtype=np.bool_),
        )
        if day.number >= 0:
            shown = rows | {"agent": people[row]}
            shown["start"] = rows["start"] - row * _DAY + origin
            shown["end"] = rows["end"] - row * _DAY + origin
            self._rows += [shown, self._training(day.number)]
        return worked

    def _training(self, number: int) -> Frame:
        """Return the days of those who are still being trained."""
        if self.office.settings.day(number).weekday() > 4:
            return blank(STATE_FIELDS, 0)
        trainees = self.office.workforce.sheet.trainees
        rows = blank(STATE_FIELDS, len(trainees) * len(_TRAINING_DAY))
        for i, person in enumerate(trainees):
            midnight = self.office.workforce.lane_grid(self.office.workforce.home[person], number).start
            for j, (since, until, state) in enumerate(_TRAINING_DAY):
                at = i * len(_TRAINING_DAY) + j
                rows["agent"][at], rows["state"][at] = person, state
                rows["start"][at] = midnight + int((since - clock.DAY_STARTS_AT) * 3600)
                rows["end"][at] = midnight + int((until - clock.DAY_STARTS_AT) * 3600)
        return rows

    def drain(self) -> dict[str, pa.Table]:
        """Return the states since the last call, as they are known at the extract, and what is wrong with them."""
        rows = concat(self._rows, STATE_FIELDS)
        self._rows = []
        known_until = self.office.settings.known_until
        rows = take(rows, rows["start"] < known_until)
        agent_id = ids("A", rows["agent"], np.ones(size(rows), dtype=np.bool_), digits=5)
        tables: dict[str, pa.Table] = {}
        ended = rows["end"] <= known_until
        if self.office.settings.defects:
            keyed = pa.table({"agent_id": agent_id, "started_at": instants(rows["start"])})
            keys = keys_of(keyed, ("agent_id", "started_at"))
            defects = spoiled(self.office.settings, keys, DEFECTS)
            defects = np.where(ended, defects, NONE)
            tables["truth/defects"] = listed("agent_states", keys, defects, _DEFECT_WORDS)
            ended &= defects != _NEVER_ENDED
            rows["end"] = rows["end"] + np.where(defects == _OVERLAPS, OVERLAP_SECONDS, 0)
        columns = {
            "agent_id": agent_id,
            "started_at": instants(rows["start"]),
            "ended_at": instants(rows["end"], ended),
            "state": coded(_NAMES, rows["state"]),
            "is_paid": pa.array(~np.isin(rows["state"], _UNPAID)),
        }
        return {"agent_states": pa.table(columns, schema=SCHEMAS["agent_states"]), **tables}


def _contacts_of(
    day: FinishedDay, people: Ints, opens: Ints, closes: Ints, supervises: Bools, origin: int
) -> tuple[Ints, Ints, Ints]:
    """Return the spans in which those on shift were on contacts, without overlaps: position in ``people``, start
    and end on the common axis.

    A supervisor's consultations and listening in count only within the shift; an agent's contact goes on after it.
    """
    if not len(people):
        nobody = np.zeros(0, dtype=np.int64)
        return nobody, nobody, nobody
    # Messages of earlier days come with the record that they end; those days had their own sheets.
    spoken = (day.pieces["agent"] != NONE) & (day.pieces["kind"] != world.MESSAGE)
    agent = np.concatenate([day.pieces["agent"][spoken], day.written["agent"]])
    start = np.concatenate([day.pieces["start"][spoken], day.written["start"]])
    end = np.concatenate([day.pieces["end"][spoken], day.written["end"]])
    who = np.minimum(np.searchsorted(people, agent), len(people) - 1)
    mine = people[who] == agent
    who, start, end = who[mine], start[mine], end[mine]
    start = np.maximum(start, opens[who])
    end = np.where(supervises[who], np.minimum(end, closes[who]), end)
    mine = end > start
    who, start, end = who[mine], start[mine] - origin, end[mine] - origin
    order = np.argsort(who * _DAY + start, kind="stable")
    who, start, end = who[order], (who * _DAY + start)[order], (who * _DAY + end)[order]
    if not len(who):
        return who, start, end
    reached = np.maximum.accumulate(end)
    first = np.ones(len(who), dtype=np.bool_)
    first[1:] = (start[1:] > reached[:-1] + JOINED_BELOW) | (who[1:] != who[:-1])
    rows = np.flatnonzero(first)
    return who[rows], start[rows], np.maximum.reduceat(end, rows)


def _planned(shifts: list[Shift], last: Ints, origin: int, who: Ints, start: Ints, end: Ints) -> Frame:
    """Return each shift as planned, until its last contact: a gapless sequence of rows on the common axis."""
    rows: list[tuple[int, int, int, int]] = []
    edges = np.searchsorted(who, np.arange(len(shifts) + 1))
    for i, shift in enumerate(shifts):
        parts = [(opens, closes, AVAILABLE) for opens, closes in shift.windows]
        planned = {since: state for since, _, state in shift.plan}
        for (_, since), (until, _) in zip(shift.windows, shift.windows[1:], strict=False):
            usual = _MEAL if until - since <= _LONGEST_MEAL else OFFLINE
            if until > since:
                parts.append((since, until, planned.get(since, usual)))
        if last[i] > shift.windows[-1][1]:
            parts.append((shift.windows[-1][1], int(last[i]), AVAILABLE))
        shifted = i * _DAY - origin
        if shift.wishes:
            mine = slice(edges[i], edges[i + 1])
            busy = list(zip((start[mine] - shifted).tolist(), (end[mine] - shifted).tolist(), strict=True))
            parts = _grant(parts, shift, busy)
        rows += [(i, since + shifted, until + shifted, state) for since, until, state in sorted(parts)]
    columns = np.array(rows, dtype=np.int64).reshape(-1, 4)
    return {name: columns[:, i] for i, name in enumerate(STATE_FIELDS)}


def _grant(parts: list[tuple[int, int, int]], shift: Shift, busy: Windows) -> list[tuple[int, int, int]]:
    """Give breaks and meetings a place where no contact is there, spread over the shift; some find none."""
    opens, closes = shift.windows[0][0], shift.windows[-1][1]
    for i, (state, seconds) in enumerate(shift.wishes):
        wanted = opens + (closes - opens) * (i + 1) // (len(shift.wishes) + 1)
        places = [
            (abs(max(since, min(wanted, until - seconds)) - wanted), max(since, min(wanted, until - seconds)))
            for since, until in _free(parts, busy)
            if until - since >= seconds + 2 * _WISH_MARGIN
        ]
        if not places:
            continue
        at = min(places)[1]
        for j, (since, until, what) in enumerate(parts):
            if what == AVAILABLE and since <= at and at + seconds <= until:
                split = [(since, at, AVAILABLE), (at, at + seconds, state), (at + seconds, until, AVAILABLE)]
                parts[j : j + 1] = [part for part in split if part[1] > part[0]]
                break
    return parts


def _free(parts: list[tuple[int, int, int]], busy: Windows) -> Windows:
    """Return the time available between contacts."""
    free: Windows = []
    for opens, closes, state in parts:
        at = opens
        if state != AVAILABLE:
            continue
        for start, end in busy:
            if end <= at:
                continue
            if start >= closes:
                break
            if start > at:
                free.append((at, start))
            at = max(at, end)
        if at < closes:
            free.append((at, closes))
    return free


def _lay_over(base: Frame, who: Ints, start: Ints, end: Ints) -> Frame:
    """Return the planned rows with contacts laid over them, neighbours of the same state joined."""
    if not size(base):
        return blank(STATE_FIELDS, 0)
    cuts = np.unique(np.concatenate([base["start"], base["end"], start, end]))
    since, until = cuts[:-1], cuts[1:]
    place = np.searchsorted(base["start"], since, side="right") - 1
    inside = until <= base["end"][np.maximum(place, 0)]
    state = base["state"][np.maximum(place, 0)].copy()
    if len(start):
        contact = np.searchsorted(start, since, side="right") - 1
        state[(contact >= 0) & (since < end[np.maximum(contact, 0)])] = IN_CONTACT
    agent = base["agent"][np.maximum(place, 0)]
    since, until, state, agent = since[inside], until[inside], state[inside], agent[inside]
    first = np.ones(len(since), dtype=np.bool_)
    first[1:] = (state[1:] != state[:-1]) | (agent[1:] != agent[:-1])
    rows = np.flatnonzero(first)
    ends = np.append(rows[1:] - 1, len(since) - 1)
    return {
        "agent": agent[rows],
        "start": since[rows],
        "end": until[ends],
        "state": state[rows].astype(np.int8),
    }
