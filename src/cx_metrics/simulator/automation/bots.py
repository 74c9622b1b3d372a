"""Bots: which conversations they take first, how long these last, how they end, and who comes back after them.

Everything is drawn per need and attempt, so a run with a worse model differs from one without it in exactly the
sessions that the model spoils.
"""

from __future__ import annotations

import numpy as np

from cx_metrics.simulator import world
from cx_metrics.simulator.effects import EFFECTS
from cx_metrics.simulator.frames import Array, Bools, Floats, Frame, Ints, chance
from cx_metrics.simulator.settings import Settings
from cx_metrics.simulator.world import REASON_CODES, REASONS

SETTLED, SEEMED, GAVE_UP, STUCK, NOBODY, HANDED_ON = range(6)
"""How a session ends: the matter is settled; the customer leaves and all seems well; the customer gives up; the bot
says that it cannot help; the customer asks for a person and gets none; an agent takes over."""

NOT_BACK, BACK_SOON, BACK_LATER = range(3)
"""Whether the customer of a session that settled nothing comes back: within a day by telephone, or later another
way."""

BOT_FIRST = {world.VOICE: 0.07, world.CHAT: 0.78, world.MESSAGING: 0.62, world.SELF_SERVICE: 0.45}
"""Share of conversations that a bot takes first."""
CONTAINED = {world.VOICE: 0.22, world.CHAT: 0.38, world.MESSAGING: 0.34, world.SELF_SERVICE: 1.0}
"""Share of those that the bot ends without handing over, where the matter is in its scope."""
RESOLVES = {world.VOICE: 0.60, world.CHAT: 0.64, world.MESSAGING: 0.64, world.SELF_SERVICE: 0.80}
"""Chance that a conversation that a bot ended is settled, before the reason's own chance."""
OUT_OF_SCOPE = ("CANCEL", "PRICE", "COMPLAINT", "OTHER")
CONTAINED_OUT_OF_SCOPE, RESOLVES_OUT_OF_SCOPE = 0.55, 0.35
"""Factors on both for reasons that the bot is not built for."""
GREETING_ONLY = 0.012
"""Share of chats and messages that end after the bot's greeting."""
MEAN_TURNS, MOST_TURNS = 4.2, 30
SECONDS_PER_TURN, FASTEST_TURN, LONGEST_SESSION = 21.0, 6.0, 900
FAILURES = (0.42, 0.30, 0.12, 0.16)
"""Shares of SEEMED, GAVE_UP, STUCK and NOBODY among sessions that end in the bot without settling the matter."""

BACK_SOON_SHARE, BACK_LATER_SHARE = 0.46, 0.22
"""Who comes back after such a session; the others stay away, and some of them leave for good."""
LATEST_RETURN_DAYS = 10

RELEASES = (52, 131, EFFECTS["bot_degradation"].since or 0, 284)
"""Days on which a new model version goes live; later ones follow every ``_CADENCE`` days."""
_CADENCE = 100

_SALT_FIRST, _SALT_TURNS, _SALT_PACE, _SALT_CONTAINED = 400, 401, 402, 403
_SALT_SETTLED, _SALT_FAILURE, _SALT_BACK, _SALT_LAG = 404, 405, 406, 407
_SALT_GREETING = 408
_RESOLVE = np.array([reason.resolve for reason in REASONS])
IN_SCOPE = np.array([code not in OUT_OF_SCOPE for code in REASON_CODES])
"""Whether the bots are built for a reason."""


def _by_channel(values: dict[int, float]) -> Floats:
    return np.array([values.get(channel, 0.0) for channel in range(len(world.CHANNELS))])


_BOT_FIRST, _CONTAINED, _RESOLVES = _by_channel(BOT_FIRST), _by_channel(CONTAINED), _by_channel(RESOLVES)


def key_of(needs: Frame) -> Ints:
    """Return a key per need and attempt, to draw by."""
    return np.asarray(needs["need"] * 64 + np.minimum(needs["attempt"], 63), dtype=np.int64)


def go_first(settings: Settings, key: Ints, channel: Array) -> Bools:
    """Tell which conversations a bot takes first."""
    return np.asarray(chance(key, settings.seed, _SALT_FIRST) < _BOT_FIRST[channel], dtype=np.bool_)


def lengths(settings: Settings, key: Ints, channel: Array) -> tuple[Ints, Ints]:
    """Return the customer's turns in each session, 0 for a greeting without an answer, and its seconds."""
    seed = settings.seed
    spread = -np.log1p(-chance(key, seed, _SALT_TURNS)) * (MEAN_TURNS - 0.5)
    turns = np.minimum(1 + np.floor(spread), MOST_TURNS).astype(np.int64)
    pace = FASTEST_TURN - np.log1p(-chance(key, seed, _SALT_PACE)) * (SECONDS_PER_TURN - FASTEST_TURN)
    seconds = np.minimum(8 + np.floor(turns * pace), LONGEST_SESSION).astype(np.int64)
    empty = (channel != world.VOICE) & (chance(key, seed, _SALT_GREETING) < GREETING_ONLY)
    return np.where(empty, 0, turns), np.where(empty, 0, seconds)


def end_there(settings: Settings, key: Ints, channel: Array, reason: Array) -> Bools:
    """Tell which sessions end in the bot."""
    share = _CONTAINED[channel] * np.where(
        IN_SCOPE[reason] | (channel == world.SELF_SERVICE), 1.0, CONTAINED_OUT_OF_SCOPE
    )
    return np.asarray(chance(key, settings.seed, _SALT_CONTAINED) < share, dtype=np.bool_)


def settle(settings: Settings, key: Ints, channel: Array, reason: Array, at: Ints) -> tuple[Bools, Bools]:
    """Tell which sessions that end in the bot settle the matter, and which would with a model that did not get
    worse.
    """
    likely = _RESOLVES[channel] * (0.55 + 0.5 * _RESOLVE[reason])
    likely = likely * np.where(IN_SCOPE[reason], 1.0, RESOLVES_OUT_OF_SCOPE)
    draws = chance(key, settings.seed, _SALT_SETTLED)
    return (
        np.asarray(draws < likely * loss(settings, at), dtype=np.bool_),
        np.asarray(draws < likely, dtype=np.bool_),
    )


def loss(settings: Settings, at: Array) -> Floats:
    """Return the factor on the chance to settle that the model in force at each instant has."""
    day = day_of(settings, at)
    factor = np.ones(len(day))
    for number in np.unique(day).tolist():
        effect = settings.size_of("bot_degradation", number)
        if effect is not None:
            factor[day == number] = effect
    return factor


def failures(settings: Settings, key: Ints, would_settle: Bools) -> Ints:
    """Return how sessions end that settle nothing; nobody asks for a person whom a better model had settled."""
    draws = chance(key, settings.seed, _SALT_FAILURE)
    draws = np.where(would_settle, draws * sum(FAILURES[:3]), draws)
    edges = np.cumsum(FAILURES)
    return np.asarray(SEEMED + np.searchsorted(edges[:3], draws, side="right"), dtype=np.int64)


def come_back(settings: Settings, key: Ints) -> Ints:
    """Return whether customers come back after a session that settled nothing."""
    draws = chance(key, settings.seed, _SALT_BACK)
    later = np.where(draws < BACK_SOON_SHARE + BACK_LATER_SHARE, BACK_LATER, NOT_BACK)
    return np.asarray(np.where(draws < BACK_SOON_SHARE, BACK_SOON, later), dtype=np.int64)


def days_until_back(settings: Settings, key: Ints) -> Ints:
    """Return after how many days those come back who come later; sooner is likelier."""
    draws = chance(key, settings.seed, _SALT_LAG)
    return np.asarray(1 + np.floor(LATEST_RETURN_DAYS * draws**1.5), dtype=np.int64)


def day_of(settings: Settings, at: Array) -> Ints:
    """Return the UTC day of instants, 0 for the first of the simulation."""
    return np.asarray((at - settings.period_start) // 86400, dtype=np.int64)


def release_of(day: Array) -> Ints:
    """Return the number of the model version in force on UTC days, 0 for the first."""
    last = RELEASES[-1]
    known = np.searchsorted(np.array(RELEASES), day, side="right")
    return np.asarray(known + np.maximum(day - last, 0) // _CADENCE, dtype=np.int64)
