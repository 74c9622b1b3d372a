"""The front door: who the customer seems to be, IVR and bots, self-service, and arrivals out of hours."""

from __future__ import annotations

import numpy as np

from cx_metrics.simulator import world
from cx_metrics.simulator.demand import NEED_FIELDS
from cx_metrics.simulator.frames import (
    NONE,
    Floats,
    Frame,
    Ints,
    blank,
    concat,
    cumulate,
    pick_rows,
    size,
    take,
)
from cx_metrics.simulator.records import CONTACT_FIELDS, Day, Office, needs_of, pieces
from cx_metrics.simulator.settings import Stage
from cx_metrics.simulator.world import DESK, DOORS, REASONS

BOT_FIRST = {world.CHAT: 0.78, world.MESSAGING: 0.62}
"""Share of conversations that a bot takes first."""
CONTAINED = {world.CHAT: 0.36, world.MESSAGING: 0.32}
"""Share of those that the bot ends without handing over."""
BOT_RESOLVES, SELF_SERVICE_RESOLVES = 0.62, 0.80
IVR_HANG_UP = 0.035
TRIES_AGENT_AFTER_BOT, TRIES_AGAIN_AFTER_CLOSED = 0.66, 0.55
TEST_TRAFFIC = 0.003
SPAM_IN_EMAIL, WRONG_NUMBERS = 0.018, 0.008
SWITCHBOARD, ANONYMOUS, UNIDENTIFIED = 0.018, 0.012, 0.060
STEP_IVR, STEP_BOT = 0, 1

_IDENTITY_BY_CHANNEL = np.array(
    [cumulate(weights) for weights in (
        (0.30, 0.20, 0.22, 0.28), (0.25, 0.55, 0.20, 0.0), (0.15, 0.35, 0.50, 0.0), (0.30, 0.10, 0.60, 0.0),
        (0.20, 0.10, 0.70, 0.0), (0.2, 0.2, 0.6, 0.0), (0.2, 0.2, 0.6, 0.0), (0.05, 0.80, 0.10, 0.05),
    )]
)  # fmt: skip
_RESOLVE = np.array([reason.resolve for reason in REASONS])
_COMPLAINT = np.array([reason.complaint for reason in REASONS])
_CANCEL = np.array([reason.cancel for reason in REASONS])
_CHANNEL = np.array([door.channel for door in DOORS], dtype=np.int8)
_VOICE_DOOR = np.array(world.VOICE_DOOR, dtype=np.int8)


def _by_channel(values: dict[int, float]) -> Floats:
    return np.array([values.get(channel, 0.0) for channel in range(len(world.CHANNELS))])


_BOT_FIRST, _CONTAINED = _by_channel(BOT_FIRST), _by_channel(CONTAINED)


def enter(office: Office, day: Day, needs: Frame) -> tuple[Frame, Ints]:
    """Return the contacts that enter a queue and when, after the day's needs came in at their doors.

    Contacts that end before a queue are finished here. Some of those customers call a line on the same day.
    """
    entering, entry, calls = _enter(office, day, needs, Stage.ENTRY)
    if not size(calls):
        return entering, entry
    more, more_entry, _ = _enter(office, day, calls, Stage.SAME_DAY)
    return concat([entering, more], CONTACT_FIELDS), np.concatenate([entry, more_entry])


def _enter(office: Office, day: Day, needs: Frame, stage: Stage) -> tuple[Frame, Ints, Frame]:
    rng = office.settings.generator(stage, day.number)
    rows = size(needs)
    contacts = _identify(office, needs, rng)
    channel, door, at = contacts["channel"], contacts["door"], contacts["started"]
    uniform = rng.random((4, rows))
    ivr = np.minimum(np.floor(8 + rng.exponential(22, rows)), 240).astype(np.int64)
    bot = np.minimum(np.floor(20 + rng.exponential(70, rows)), 900).astype(np.int64)

    is_voice, is_self, is_chat = channel == world.VOICE, channel == world.SELF_SERVICE, channel == world.CHAT
    self_by_bot = is_self & (uniform[0] < 0.45)
    has_bot = (uniform[0] < _BOT_FIRST[channel]) | self_by_bot
    has_ivr = is_voice | (is_self & ~self_by_bot)
    to_queue = at + np.where(is_voice, ivr, np.where(has_bot, bot, 0))
    shut = (is_voice | is_chat) & ~day.is_open(door, to_queue)
    has_bot |= shut & is_chat
    hangs_up = is_voice & ~shut & (uniform[1] < IVR_HANG_UP)
    contained = has_bot & ~is_self & (uniform[1] < _CONTAINED[channel])
    lead = np.where(has_ivr, np.where(is_self, ivr * 3, ivr), 0) + np.where(has_bot, bot, 0)
    ends_here = is_self | shut | hangs_up | contained
    # A written contact keeps its bot's piece until it is finished, which may be days later.
    bot_now = has_bot & (ends_here | is_chat)
    for mask, kind, step in ((has_ivr, world.IVR, STEP_IVR), (bot_now, world.BOT, STEP_BOT)):
        day.pieces.append(pieces(contacts["number"][mask], step, kind, at[mask], (at + lead)[mask]))

    served, turned_away = is_self | contained, shut & ~contained
    quality = np.where(is_self, SELF_SERVICE_RESOLVES, BOT_RESOLVES) * (
        0.55 + 0.5 * _RESOLVE[contacts["reason"]]
    )
    contacts["resolved"][served] = (uniform[2] < quality)[served]
    contacts["resolved"][turned_away | hangs_up] = 0
    contacts["channel"][contained] = world.SELF_SERVICE
    contacts["queue"][ends_here & ~(shut & is_voice)] = NONE
    contacts["ended"][ends_here] = (at + lead)[ends_here]
    contacts["worked_until"][ends_here] = contacts["ended"][ends_here]
    contacts["disconnect"][ends_here] = np.where(turned_away, world.OTHER_END, world.BY_CALLER)[ends_here]
    contacts["reason_known"] &= ~ends_here | served | (uniform[3] < 0.3)
    contacts["complaint"][ends_here] = NONE
    contacts["cancel"][ends_here & (contacts["cancel"] == 0)] = NONE
    finished = take(contacts, ends_here)
    day.contacts.append(finished)
    calls = _turn_to_agents(office, day, finished, rng, stage)
    return take(contacts, ~ends_here), (at + lead)[~ends_here], calls


def _turn_to_agents(
    office: Office, day: Day, finished: Frame, rng: np.random.Generator, stage: Stage
) -> Frame:
    """Return the calls that customers make soon after self-service failed; plan those that come on later
    days.
    """
    failed = (finished["resolved"] == 0) & ~finished["test"] & (finished["exclusion"] == NONE)
    closed = finished["disconnect"] == world.OTHER_END
    tries = rng.random(size(finished)) < np.where(closed, TRIES_AGAIN_AFTER_CLOSED, TRIES_AGENT_AFTER_BOT)
    again, closed = take(finished, failed & tries), closed[failed & tries]
    follow = needs_of(again)
    follow["door"] = np.where(closed, again["door"], _VOICE_DOOR[again["region"]]).astype(np.int8)
    soon = again["ended"] + 120 + np.floor(rng.exponential(1500, size(again))).astype(np.int64)
    today = (
        day.is_open(follow["door"], soon) & (_CHANNEL[follow["door"]] == world.VOICE) & (stage is Stage.ENTRY)
    )
    office.plan(take(follow, ~today), np.full(int((~today).sum()), day.number + 1))
    calls = take(follow, today)
    calls["at"] = soon[today]
    return concat([calls], NEED_FIELDS)


def _identify(office: Office, needs: Frame, rng: np.random.Generator) -> Frame:
    """Return one inbound contact per need, with its number, identity and flags."""
    rows = size(needs)
    contacts = blank(CONTACT_FIELDS, rows)
    for name in ("customer", "reason", "product", "campaign", "door", "region", "need", "attempt"):
        contacts[name] = needs[name].copy()
    door = needs["door"]
    channel = _CHANNEL[door]
    contacts["number"] = office.numbers(rows)
    contacts["channel"] = channel.copy()
    contacts["direction"][:] = world.INBOUND
    contacts["method"] = np.where(channel == world.CHAT, world.BY_API, world.BY_CUSTOMER).astype(np.int8)
    contacts["queue"] = np.where(door < DESK, door, NONE).astype(np.int8)
    contacts["started"] = needs["at"].copy()

    uniform = rng.random((7, rows))
    first, is_voice = needs["attempt"] == 0, channel == world.VOICE
    test = first & (uniform[0] < TEST_TRAFFIC)
    unwanted = np.where(channel == world.EMAIL, SPAM_IN_EMAIL, np.where(is_voice, WRONG_NUMBERS, 0.0))
    excluded = first & ~test & (uniform[1] < unwanted)
    contacts["test"] = test
    contacts["exclusion"][excluded] = np.where(is_voice, world.WRONG_NUMBER, world.SPAM)[excluded]

    switchboard = np.where(is_voice, SWITCHBOARD, 0.0)
    shown = np.full(rows, world.SHOWN_CUSTOMER, dtype=np.int8)
    shown[uniform[2] < switchboard + ANONYMOUS + UNIDENTIFIED] = world.SHOWN_NOTHING
    shown[uniform[2] < switchboard + ANONYMOUS] = world.SHOWN_ANONYMOUS
    shown[uniform[2] < switchboard] = world.SHOWN_SWITCHBOARD
    shown[test | excluded] = world.SHOWN_NOTHING
    identity = pick_rows(_IDENTITY_BY_CHANNEL, channel, uniform[3]).astype(np.int8)
    identity[shown == world.SHOWN_SWITCHBOARD] = world.CALLER_ID
    identity[(shown == world.SHOWN_NOTHING) | (shown == world.SHOWN_ANONYMOUS)] = world.NOT_IDENTIFIED
    contacts["shown"], contacts["identity"] = shown, identity

    reason = contacts["reason"]
    angrier = np.minimum(_COMPLAINT[reason] * (1.0 + 0.8 * np.minimum(needs["attempt"], 3)), 0.95)
    wanted = ~test & ~excluded
    contacts["complaint"] = ((uniform[4] < angrier) & wanted).astype(np.int8)
    contacts["cancel"] = ((uniform[5] < _CANCEL[reason]) & wanted).astype(np.int8)
    contacts["product_known"] = (uniform[6] < 0.86) & wanted
    contacts["reason_known"] = ~test
    return contacts
