"""Bot sessions in causal order: those of contact records, and those for which no contact record exists.

The first follow what ``bots`` decided at the front door. The others are earlier tries within half an hour, people
who only look something up, greetings without an answer, and the company's own checks.
"""

from __future__ import annotations

import numpy as np

from cx_metrics.simulator import world
from cx_metrics.simulator.automation import bots
from cx_metrics.simulator.automation.technology import CHAT_BOT, MESSAGING_BOT, VOICE_BOT
from cx_metrics.simulator.contacts.records import Office
from cx_metrics.simulator.finished import FinishedDay
from cx_metrics.simulator.frames import (
    NONE,
    Floats,
    Frame,
    Ints,
    blank,
    chance,
    concat,
    cumulate,
    pick,
    pick_rows,
    size,
    take,
)
from cx_metrics.simulator.settings import Settings, Stage
from cx_metrics.simulator.world import DOORS

VENDOR_OUTCOMES = ("resolved", "assumed_resolved", "handed_off", "abandoned", "unresolved")
RESOLVED, ASSUMED = range(2)
CLAIMS = np.array(
    [cumulate(weights) for weights in (
        (0.55, 0.41, 0.00, 0.04, 0.00),
        (0.24, 0.70, 0.00, 0.02, 0.04),
        (0.05, 0.45, 0.00, 0.46, 0.04),
        (0.04, 0.20, 0.00, 0.04, 0.72),
        (0.00, 0.14, 0.34, 0.16, 0.36),
        (0.00, 0.02, 0.96, 0.02, 0.00),
    )]
)  # fmt: skip
"""What the vendor calls a session (columns: VENDOR_OUTCOMES), by how it ended (rows: the endings of ``bots``)."""

INTENTS = ("explicit", "implicit", "none")
IMPLICIT, NO_SIGNAL = 1, 2
INTENT = {
    world.VOICE: (0.92, 0.05, 0.03),
    world.CHAT: (0.72, 0.22, 0.06),
    world.MESSAGING: (0.74, 0.20, 0.06),
    world.SELF_SERVICE: (0.20, 0.62, 0.18),
}
"""Shares of intent signals, by the door's channel."""
WOULD_ASK = (0.94, 0.60, 0.55)
"""Chance that the customer had turned to an agent without the bot, by intent signal, where a contact record exists;
who only looks something up had not."""

TRIES_BEFORE, TRIES_BEFORE_FAILURE, THIRD_TRY = 0.03, 0.11, 0.25
"""Share of conversations that had a try before, where the last one settled the matter and where not; and of those,
the share that had two."""
SHORTEST_GAP, LONGEST_GAP = 40, 900
"""Seconds between two tries."""
LOOKS_UP, GREETINGS = 0.075, 0.030
"""Sessions without a contact record per new need: people who look something up, greetings without an answer."""
IDENTIFIED, LOOKER_IDENTIFIED, GREETED_IDENTIFIED = 0.94, 0.62, 0.30
REASON_RECOGNISED = 0.90

SESSION_FIELDS = {
    "session": "int64",
    "contact": "int64",
    "customer": "int64",
    "need": "int64",
    "key": "int64",
    "technology": "int8",
    "channel": "int8",
    "reason": "int8",
    "started": "int64",
    "ended": "int64",
    "closed": "int64",
    "turns": "int16",
    "end": "int8",
    "seems": "int8",
    "claim": "int8",
    "back": "int8",
    "intent": "int8",
    "would_ask": "bool",
    "is_delivered": "bool",
    "is_known": "bool",
    "reason_known": "bool",
    "is_test": "bool",
}
"""A session before it is written. ``key`` is what its choices are drawn by, ``closed`` when the platform closes the
conversation and writes the row. ``end`` is how it ended in truth, ``seems`` how it had ended with the other model,
which the vendor's ``claim`` follows. ``is_known`` tells whether the platform knows the customer.
"""

_FROM_RECORD, _TRY, _LOOK, _GREETING, _CHECK = range(5)
_SALT_CLAIM, _SALT_INTENT, _SALT_WOULD, _SALT_KNOWN, _SALT_CLOSED = range(430, 435)
_SALT_TRIES, _SALT_GAP, _SALT_REASON_KNOWN = range(435, 438)
_CHANNEL = np.array([door.channel for door in DOORS], dtype=np.int8)
_TECHNOLOGY = np.full(len(world.CHANNELS), CHAT_BOT, dtype=np.int8)
_TECHNOLOGY[[world.VOICE, world.MESSAGING]] = VOICE_BOT, MESSAGING_BOT
_INTENT = np.array(
    [cumulate(INTENT.get(channel, INTENT[world.CHAT])) for channel in range(len(world.CHANNELS))]
)
_LOOKED_UP = cumulate([float(reason.weights[2]) for reason in world.REASONS])
_OPENS, _OPEN_FOR = 7 * 3600, 16 * 3600
_FIRST_SESSION = 6 * 3600
"""Earlier tries begin so many seconds after the start of the period at the earliest: it is the first day everywhere."""


class Sessions:
    """All sessions, numbered in the order in which they become known."""

    def __init__(self, office: Office) -> None:
        """Start with no session."""
        self.settings = office.settings
        self.population = office.population
        self._count = 0

    def of_day(self, day: FinishedDay) -> Frame:
        """Return the sessions of the records that a day finished, and those of the day without a record."""
        settings, rng = self.settings, self.settings.generator(Stage.AUTOMATION, day.number)
        of_records = _of_records(settings, day)
        parts = [
            of_records,
            _earlier_tries(settings, of_records),
            self._lookers(day, rng),
            self._greetings(day, rng),
            _check(settings, day),
        ]
        sessions = concat(parts, SESSION_FIELDS)
        sessions["session"] = self._count + np.arange(size(sessions), dtype=np.int64)
        self._count += size(sessions)
        sessions["is_delivered"] &= (sessions["closed"] <= settings.known_until) & (day.number >= 0)
        draws = chance(sessions["key"], settings.seed, _SALT_CLAIM)
        sessions["claim"] = pick_rows(CLAIMS, sessions["seems"], draws).astype(np.int8)
        return sessions

    def _lookers(self, day: FinishedDay, rng: np.random.Generator) -> Frame:
        """Return the sessions of people who look something up and had not asked anybody otherwise."""
        settings = self.settings
        rows = int(rng.poisson(settings.needs_per_day * LOOKS_UP))
        part = _contactless(settings, day, _LOOK, _times(rng, rows))
        self._choose_customers(part, day, rng, LOOKER_IDENTIFIED)
        part["reason"] = pick(_LOOKED_UP, rng.random(rows)).astype(np.int8)
        part["reason_known"] = rng.random(rows) < REASON_RECOGNISED
        turns, seconds = bots.lengths(settings, part["key"], part["channel"])
        part["turns"] = np.maximum(turns, 1).astype(np.int16)
        part["ended"] = part["started"] + np.maximum(seconds, 12)
        part["closed"] = part["ended"] + 45
        door = np.full(rows, world.SELF_SERVICE, dtype=np.int8)
        settled, otherwise = bots.settle(settings, part["key"], door, part["reason"], part["started"])
        failed = bots.failures(settings, part["key"], np.ones(rows, dtype=np.bool_))
        part["end"] = np.where(settled, bots.SETTLED, failed).astype(np.int8)
        part["seems"] = np.where(otherwise, bots.SETTLED, failed).astype(np.int8)
        part["intent"] = np.where(rng.random(rows) < 0.85, IMPLICIT, NO_SIGNAL).astype(np.int8)
        return part

    def _greetings(self, day: FinishedDay, rng: np.random.Generator) -> Frame:
        """Return the sessions in which nobody answered the greeting."""
        rows = int(rng.poisson(self.settings.needs_per_day * GREETINGS))
        part = _contactless(self.settings, day, _GREETING, _times(rng, rows))
        self._choose_customers(part, day, rng, GREETED_IDENTIFIED)
        part["turns"][:] = 0
        part["ended"] = part["started"] + rng.integers(2, 300, rows)
        part["closed"] = part["ended"] + 45
        part["end"][:] = bots.GAVE_UP
        part["seems"][:] = bots.GAVE_UP
        part["intent"][:] = NO_SIGNAL
        return part

    def _choose_customers(
        self, part: Frame, day: FinishedDay, rng: np.random.Generator, identified: float
    ) -> None:
        rows = size(part)
        region = pick(cumulate(world.REGION_SHARES), rng.random(rows))
        part["customer"] = self.population.choose(region, rng.random(rows), day.number)
        part["is_known"] = rng.random(rows) < identified


def _of_records(settings: Settings, day: FinishedDay) -> Frame:
    """Return the sessions of a day's finished records."""
    seed = settings.seed
    with_bot = day.pieces["kind"] == world.BOT
    number = day.records["number"]
    order = np.argsort(number, kind="stable")
    row = order[np.searchsorted(number, day.pieces["number"][with_bot], sorter=order)]
    records = take(day.records, row)
    channel = _CHANNEL[records["door"]]
    part = blank(SESSION_FIELDS, len(row))
    key = bots.key_of(records) * 8 + _FROM_RECORD
    for name in ("need", "customer", "turns", "reason"):
        part[name] = records[name].copy()
    part["contact"] = records["number"]
    part["key"], part["channel"], part["technology"] = key, channel, _TECHNOLOGY[channel]
    part["started"], part["ended"] = day.pieces["start"][with_bot], day.pieces["end"][with_bot]
    lag = 30 + np.floor(90 * chance(key, seed, _SALT_CLOSED)).astype(np.int64)
    part["closed"] = np.maximum(part["ended"], records["worked_until"]) + lag
    part["end"] = records["bot_end"]
    spoiled = (records["otherwise"] == 1) & (records["resolved"] == 0)
    part["seems"] = np.where(spoiled, bots.SETTLED, records["bot_end"]).astype(np.int8)
    part["back"] = records["bot_back"]
    part["intent"] = pick_rows(_INTENT, channel, chance(key, seed, _SALT_INTENT)).astype(np.int8)
    asks = chance(key, seed, _SALT_WOULD) < np.array(WOULD_ASK)[part["intent"]]
    asks |= (part["back"] > bots.NOT_BACK) | np.isin(part["end"], (bots.NOBODY, bots.HANDED_ON))
    part["would_ask"] = asks
    part["is_delivered"] = day.is_delivered[row]
    part["is_test"] = records["test"]
    shown = (records["shown"] == world.SHOWN_CUSTOMER) & ~records["test"]
    part["is_known"] = shown & (chance(key, seed, _SALT_KNOWN) < IDENTIFIED)
    recognised = chance(key, seed, _SALT_REASON_KNOWN) < REASON_RECOGNISED
    part["reason_known"] = recognised & (part["turns"] > 0)
    return part


def _earlier_tries(settings: Settings, last: Frame) -> Frame:
    """Return the tries before some sessions: the same customer and matter, up to a quarter of an hour earlier
    each.
    """
    likely = np.where(last["end"] == bots.SETTLED, TRIES_BEFORE, TRIES_BEFORE_FAILURE)
    draws = chance(last["key"], settings.seed, _SALT_TRIES)
    able = (last["turns"] > 0) & ~last["is_test"] & (last["channel"] != world.VOICE)
    parts, until = [], last["started"].copy()
    for nth, share in ((0, likely), (1, likely * THIRD_TRY)):
        chosen = able & (draws < share)
        part = take(last, chosen)
        rows = size(part)
        part["key"] = part["key"] - _FROM_RECORD + _TRY + 4 * nth
        turns, seconds = bots.lengths(settings, part["key"], part["channel"])
        spread = LONGEST_GAP - SHORTEST_GAP
        gap = SHORTEST_GAP + np.floor(spread * chance(part["key"], settings.seed, _SALT_GAP)).astype(np.int64)
        part["turns"] = np.maximum(turns, 1).astype(np.int16)
        part["ended"] = until[chosen] - gap
        part["started"] = part["ended"] - np.maximum(seconds, 12)
        until[chosen] = part["started"]
        end = bots.failures(settings, part["key"], np.ones(rows, dtype=np.bool_)).astype(np.int8)
        part["end"], part["seems"] = end, end.copy()
        part["back"][:] = bots.BACK_SOON
        part["would_ask"][:] = True
        part["contact"][:] = NONE
        part["is_delivered"] &= part["started"] >= settings.period_start + _FIRST_SESSION
        parts.append(part)
    return concat(parts, SESSION_FIELDS)


def _check(settings: Settings, day: FinishedDay) -> Frame:
    """Return the session in which the bot checks itself every morning."""
    part = _contactless(settings, day, _CHECK, np.zeros(1))
    part["turns"][:] = 2
    part["ended"] = part["started"] + 15
    part["closed"] = part["ended"] + 15
    part["end"][:] = bots.SETTLED
    part["seems"][:] = bots.SETTLED
    part["is_test"][:] = True
    return part


def _times(rng: np.random.Generator, rows: int) -> Floats:
    """Return times of the day at which people use a bot, from 0 for the morning to 1 for late in the evening."""
    return np.asarray(rng.triangular(0.0, 0.6, 1.0, rows))


def _contactless(settings: Settings, day: FinishedDay, kind: int, within: Floats) -> Frame:
    """Return sessions without a contact record, by chat, at some times of a day."""
    part = blank(SESSION_FIELDS, len(within))
    midnight = settings.period_start + day.number * 86400
    part["started"] = midnight + _OPENS + np.floor(within * _OPEN_FOR).astype(np.int64)
    place: Ints = (day.number + 64) * 10_000_000 + np.arange(len(within), dtype=np.int64)
    part["key"] = -(place * 8 + kind)
    part["channel"][:] = world.CHAT
    part["technology"][:] = CHAT_BOT
    part["back"][:] = bots.NOT_BACK
    part["is_delivered"][:] = True
    return part
