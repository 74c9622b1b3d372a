"""Coaching by supervisors, and what agents say when they are asked how they are doing."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from cx_metrics.simulator import world
from cx_metrics.simulator.columns import INSTANT, NUMBER, TEXT, coded, ids, instants, numbers
from cx_metrics.simulator.contacts.records import Office
from cx_metrics.simulator.finished import FinishedDay, Tables
from cx_metrics.simulator.frames import (
    NONE,
    Array,
    Bools,
    Floats,
    Frame,
    Ints,
    chance,
    concat,
    cumulate,
    normal,
    pick,
    take,
)
from cx_metrics.simulator.quality.quality import Quality
from cx_metrics.simulator.workforce.workforce import AGENT

SCHEMAS: dict[str, pa.Schema] = {
    "coaching_sessions": pa.schema(
        [
            ("coaching_id", TEXT),
            ("agent_id", TEXT),
            ("coach_id", TEXT),
            ("held_at", INSTANT),
            ("minutes", NUMBER),
        ]
    ),
    "agent_feedback": pa.schema(
        [
            ("feedback_id", TEXT),
            ("agent_id", TEXT),
            ("asked_at", INSTANT),
            ("engagement_score", NUMBER),
            ("theme", TEXT),
        ]
    ),
}

HELD, HELD_WHEN_POOR = 0.74, 0.93
"""Chance of the month's session, and of each of the two sessions after poor audits."""
POOR_SCORE = 0.855
NOT_HELD = 0.04
NO_LENGTH = 0.03
SESSION_DAYS = (6, 20)
"""Days of the month of the first and the second session; each agent has an own day from there on."""

PULSE_DAY = 15
ANSWERS_PULSE = 0.72
ENGAGEMENT = 76.0
PER_LOAD, PER_YEAR = -26.0, -2.2
"""Points of engagement per unit of load (work done, relative to colleagues) and per year of service."""
HONEYMOON = 7.0
PERSON_SPREAD, PULSE_SPREAD = 9.0, 7.0
THEMES = ("workload", "schedules", "tools", "pay", "supervisor", "policies")
_THEME_SHARES = (0.18, 0.20, 0.22, 0.15, 0.10, 0.15)
OVERWORKED = 1.12
NAMES_THEME = 0.70
LOAD_MEMORY = 0.06

_SALT_HELD, _SALT_DAY, _SALT_TIME, _SALT_LENGTH, _SALT_COACH = 350, 351, 352, 353, 354
_SALT_ANSWERS, _SALT_PERSON, _SALT_PULSE, _SALT_THEME, _SALT_NAMES = 360, 361, 362, 363, 364
_MORNING = 9 * 3600
_SESSIONS = dict.fromkeys(("session", "agent", "coach", "held"), "int64") | {"minutes": "float64"}
_PULSES = dict.fromkeys(("pulse", "agent", "asked", "theme"), "int64") | {"score": "float64"}


class Coaching:
    """Holds one-to-one sessions every month, and asks every agent once a month."""

    def __init__(self, office: Office, quality: Quality) -> None:
        """Start with agents who have worked as much as their colleagues."""
        self.settings = office.settings
        self.workforce = office.workforce
        self.quality = quality
        self.load: Floats = np.ones(len(office.workforce.role))
        self._lane = np.zeros(len(office.workforce.role), dtype=np.int64)
        self._sessions: list[Frame] = []
        self._pulses: list[Frame] = []

    def one_day(self, day: FinishedDay) -> None:
        """Take in how much everybody worked; hold the day's sessions and the month's pulse."""
        self._note_load(day)
        if day.number < 0:
            return
        today = self.settings.day(day.number)
        month = today.year * 12 + today.month
        here = self._here(day.number)
        for turn, first in enumerate(SESSION_DAYS):
            self._coach(here, day.number, month, turn, today.day - first)
        if today.day == PULSE_DAY:
            self._ask(here, day.number, month)

    def _here(self, number: int) -> Ints:
        """Return the agents at work, without those in training."""
        role, hired, left = (
            np.array(column) for column in (self.workforce.role, self.workforce.hired, self.workforce.left)
        )
        return np.flatnonzero((role == AGENT) & (hired + 14 <= number) & (left > number))

    def _note_load(self, day: FinishedDay) -> None:
        """Compare the seconds that each agent worked on contacts today with those of an average colleague."""
        for lane, crew in enumerate(day.crews):
            self._lane[np.array(crew.agents, dtype=np.int64)] = lane
        kinds = (world.TALK, world.HOLD, world.WRAP, world.MESSAGE, world.CONSULT)
        pieces = day.pieces
        mine = (pieces["agent"] != NONE) & np.isin(pieces["kind"], kinds)
        seconds = np.maximum(pieces["end"] - pieces["start"], 0)[mine]
        agents = pieces["agent"][mine]
        worked = np.bincount(agents, weights=seconds, minlength=len(self.load))
        on_duty = np.flatnonzero(worked)
        if len(on_duty):
            # Work done while others of the same lane do less is what wears people out.
            total = np.bincount(self._lane[on_duty], weights=worked[on_duty], minlength=len(world.LANES))
            heads = np.bincount(self._lane[on_duty], minlength=len(world.LANES))
            usual = 0.5 * (total / np.maximum(heads, 1))[self._lane[on_duty]] + 0.5 * worked[on_duty].mean()
            share = worked[on_duty] / np.maximum(usual, 1.0)
            self.load[on_duty] += LOAD_MEMORY * (share - self.load[on_duty])

    def _coach(self, here: Ints, number: int, month: int, turn: int, place: int) -> None:
        seed = self.settings.seed
        keys = (here * 100_000 + month) * 2 + turn
        own_day = np.floor(9 * chance(keys, seed, _SALT_DAY)).astype(np.int64)
        poor = self.quality.score[here] < POOR_SCORE
        often = np.where(poor, HELD_WHEN_POOR, HELD if turn == 0 else 0.0)
        rows = np.flatnonzero((own_day == place) & (chance(keys, seed, _SALT_HELD) < often))
        if not len(rows):
            return
        agents, keys = here[rows], keys[rows]
        held = self._start_of(agents, number) + np.floor(25_000 * chance(keys, seed, _SALT_TIME)).astype(
            np.int64
        )
        length = np.array((20, 30, 30, 45, 60))[
            np.floor(5 * chance(keys, seed, _SALT_LENGTH)).astype(np.int64)
        ]
        coach = np.full(len(agents), NONE, dtype=np.int64)
        draw = chance(agents, seed, _SALT_COACH)
        for lane in np.unique(self._lane[agents]).tolist():
            mine = self._lane[agents] == lane
            coaches = self.workforce.supervisors(lane, number)
            coach[mine] = coaches[np.floor(draw[mine] * len(coaches)).astype(np.int64)]
        planned_only = chance(keys, seed, _SALT_HELD + 2000) < NOT_HELD
        not_noted = chance(keys, seed, _SALT_LENGTH + 2000) < NO_LENGTH
        self._sessions.append(
            {
                "session": keys,
                "agent": agents,
                "coach": coach,
                "held": np.where(planned_only, NONE, held),
                "minutes": np.where(planned_only | not_noted, np.nan, length),
            }
        )

    def _ask(self, here: Ints, number: int, month: int) -> None:
        seed = self.settings.seed
        keys = here * 100_000 + month
        years = (number - np.array(self.workforce.hired)[here]) / 365.25
        load = self.load[here] - 1.0
        score = (
            ENGAGEMENT
            + PER_LOAD * load
            + PER_YEAR * np.minimum(years, 6.0)
            + HONEYMOON * np.exp(-years / 0.4)
            + PERSON_SPREAD * normal(here, seed, _SALT_PERSON)
            + PULSE_SPREAD * normal(keys, seed, _SALT_PULSE)
        )
        answers = chance(keys, seed, _SALT_ANSWERS) < ANSWERS_PULSE
        theme = pick(cumulate(_THEME_SHARES), chance(keys, seed, _SALT_THEME))
        overworked = (self.load[here] > OVERWORKED) & (chance(keys, seed, _SALT_THEME + 2000) < 0.6)
        theme = np.where(overworked, THEMES.index("workload"), theme)
        names = answers & (chance(keys, seed, _SALT_NAMES) < NAMES_THEME)
        self._pulses.append(
            {
                "pulse": keys,
                "agent": here,
                "asked": self._start_of(here, number),
                "theme": np.where(names, theme, NONE),
                "score": np.where(answers, np.clip(np.rint(score), 0, 100), np.nan),
            }
        )

    def _start_of(self, agents: Ints, number: int) -> Ints:
        """Return nine in the morning, by the clock of each agent's lane."""
        starts = np.array([self.workforce.lane_grid(lane, number).start for lane in range(len(world.LANES))])
        return np.asarray(starts[self._lane[agents]] + _MORNING, dtype=np.int64)

    def drain(self) -> Tables:
        """Return sessions and answers since the last call, those known at the extract."""
        sessions, pulses = concat(self._sessions, _SESSIONS), concat(self._pulses, _PULSES)
        self._sessions, self._pulses = [], []
        known_until = self.settings.known_until
        sessions = take(sessions, sessions["held"] <= known_until)
        pulses = take(pulses, pulses["asked"] <= known_until)
        return {"coaching_sessions": _sessions_table(sessions), "agent_feedback": _pulses_table(pulses)}

    def close(self) -> Tables:
        """Return nothing: all is known at once."""
        return {}


def _sessions_table(frame: Frame) -> pa.Table:
    present = _all(frame["session"])
    columns = {
        "coaching_id": ids("CO", frame["session"], present, digits=11),
        "agent_id": ids("A", frame["agent"], present, digits=5),
        "coach_id": ids("A", frame["coach"], present, digits=5),
        "held_at": instants(frame["held"]),
        "minutes": numbers(frame["minutes"], ~np.isnan(frame["minutes"])),
    }
    return pa.table(columns, schema=SCHEMAS["coaching_sessions"])


def _pulses_table(frame: Frame) -> pa.Table:
    present = _all(frame["pulse"])
    columns = {
        "feedback_id": ids("AF", frame["pulse"], present, digits=10),
        "agent_id": ids("A", frame["agent"], present, digits=5),
        "asked_at": instants(frame["asked"]),
        "engagement_score": numbers(frame["score"], ~np.isnan(frame["score"])),
        "theme": coded(THEMES, frame["theme"]),
    }
    return pa.table(columns, schema=SCHEMAS["agent_feedback"])


def _all(column: Array) -> Bools:
    return np.ones(len(column), dtype=np.bool_)
