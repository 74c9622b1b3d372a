"""The front door: who the customer seems to be, IVR and bots, self-service, and arrivals out of hours."""

from __future__ import annotations

import numpy as np

from cx_metrics.simulator import world
from cx_metrics.simulator.automation import bots
from cx_metrics.simulator.contacts.demand import NEED_FIELDS
from cx_metrics.simulator.contacts.records import CONTACT_FIELDS, Day, Office, needs_of, pieces
from cx_metrics.simulator.frames import (
    NONE,
    Bools,
    Floats,
    Frame,
    Ints,
    blank,
    chance,
    concat,
    cumulate,
    pick_rows,
    size,
    take,
)
from cx_metrics.simulator.settings import Settings, Stage
from cx_metrics.simulator.world import DESK, DOORS, REASONS

MENU_RESOLVES, NEW_MENU_RESOLVES, NEW_MENU_SINCE = 0.70, 0.84, 45
"""Chance that self-service by telephone settles the matter, before and from the day on which its menus are redesigned."""
IVR_HANG_UP = 0.035
TRIES_AGENT_AFTER_MENU, TRIES_AGAIN_AFTER_CLOSED = 0.66, 0.55
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


_OTHER_DOORS = np.array(world.OTHER_DOORS, dtype=np.int8)
_SALT_IVR, _SALT_HANG_UP, _SALT_REASON, _SALT_TRIES, _SALT_SOON, _SALT_ELSEWHERE, _SALT_MENU = range(410, 417)
_SALT_TEST, _SALT_UNWANTED, _SALT_SHOWN, _SALT_IDENTITY, _SALT_COMPLAINT, _SALT_CANCEL, _SALT_PRODUCT = range(
    417, 424
)


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
    settings, key = office.settings, bots.key_of(needs)
    contacts = _identify(office, needs)
    channel, door, at, reason = (contacts[name] for name in ("channel", "door", "started", "reason"))
    ivr = 8 - 22 * np.log1p(-chance(key, settings.seed, _SALT_IVR))
    ivr = np.minimum(np.floor(ivr), 240).astype(np.int64)
    turns, bot = bots.lengths(settings, key, channel)

    is_voice, is_self, is_chat = channel == world.VOICE, channel == world.SELF_SERVICE, channel == world.CHAT
    has_bot = bots.go_first(settings, key, channel)
    hangs_up = is_voice & (chance(key, settings.seed, _SALT_HANG_UP) < IVR_HANG_UP)
    has_bot &= ~hangs_up
    has_ivr = is_voice | (is_self & ~has_bot)
    shut = (is_voice | is_chat) & ~day.is_open(
        door, at + np.where(has_ivr, ivr, 0) + np.where(has_bot, bot, 0)
    )
    has_bot = (has_bot & ~(shut & is_voice)) | (shut & is_chat)
    hangs_up &= ~shut
    contained = has_bot & ~is_self & (bots.end_there(settings, key, channel, reason) | (turns == 0))
    ivr_end = at + np.where(has_ivr, np.where(is_self, ivr * 3, ivr), 0)
    lead_end = ivr_end + np.where(has_bot, bot, 0)
    ends_here = is_self | shut | hangs_up | contained
    day.pieces.append(pieces(contacts["number"][has_ivr], STEP_IVR, world.IVR, at[has_ivr], ivr_end[has_ivr]))
    # A written contact keeps its bot's piece until it is finished, which may be days later.
    bot_now = has_bot & (ends_here | is_chat | is_voice)
    day.pieces.append(
        pieces(contacts["number"][bot_now], STEP_BOT, world.BOT, ivr_end[bot_now], lead_end[bot_now])
    )

    served, turned_away = is_self | contained, shut & ~contained
    _note_results(settings, key, contacts, served, has_bot, turns)
    contacts["resolved"][turned_away | hangs_up] = 0
    contacts["bot_end"][has_bot & turned_away] = bots.NOBODY
    contacts["channel"][contained] = world.SELF_SERVICE
    contacts["queue"][ends_here & ~(shut & is_voice)] = NONE
    contacts["ended"][ends_here] = lead_end[ends_here]
    contacts["worked_until"][ends_here] = contacts["ended"][ends_here]
    contacts["disconnect"][ends_here] = np.where(turned_away, world.OTHER_END, world.BY_CALLER)[ends_here]
    contacts["reason_known"] &= ~ends_here | served | (chance(key, settings.seed, _SALT_REASON) < 0.3)
    contacts["complaint"][ends_here] = NONE
    contacts["cancel"][ends_here & (contacts["cancel"] == 0)] = NONE
    finished = take(contacts, ends_here)
    day.contacts.append(finished)
    calls = _turn_to_agents(office, day, finished, stage)
    return take(contacts, ~ends_here), lead_end[~ends_here], calls


def _note_results(
    settings: Settings, key: Ints, contacts: Frame, served: Bools, has_bot: Bools, turns: Ints
) -> None:
    """Note what self-service and bots settled, and what they would have settled with the model or the menus that
    the company had before or could have kept.
    """
    channel, reason, at = _CHANNEL[contacts["door"]], contacts["reason"], contacts["started"]
    settled, otherwise = bots.settle(settings, key, channel, reason, at)
    settled, otherwise = settled & (turns > 0), otherwise & (turns > 0)
    by_menu = served & ~has_bot
    ease = 0.55 + 0.5 * _RESOLVE[reason]
    draws = chance(key, settings.seed, _SALT_MENU)
    is_new = bots.day_of(settings, at) >= NEW_MENU_SINCE
    with_new, with_old = draws < NEW_MENU_RESOLVES * ease, draws < MENU_RESOLVES * ease
    settled = np.where(by_menu, np.where(is_new, with_new, with_old), settled)
    otherwise = np.where(by_menu, with_old, otherwise)
    contacts["resolved"][served] = settled[served]
    contacts["otherwise"][served] = otherwise[served]
    contacts["turns"] = np.where(has_bot, turns, NONE).astype(np.int16)
    end = np.where(settled, bots.SETTLED, bots.failures(settings, key, otherwise))
    end = np.where(turns > 0, end, bots.GAVE_UP)
    contacts["bot_end"] = np.where(has_bot, np.where(served, end, bots.HANDED_ON), NONE).astype(np.int8)


def _turn_to_agents(office: Office, day: Day, finished: Frame, stage: Stage) -> Frame:
    """Return the calls that customers make soon after self-service failed; plan those that come on later
    days.
    """
    settings, key = office.settings, bots.key_of(finished)
    failed = (finished["resolved"] == 0) & ~finished["test"] & (finished["exclusion"] == NONE)
    closed = finished["disconnect"] == world.OTHER_END
    by_bot = (finished["bot_end"] != NONE) & ~closed
    tries = chance(key, settings.seed, _SALT_TRIES) < np.where(
        closed, TRIES_AGAIN_AFTER_CLOSED, TRIES_AGENT_AFTER_MENU
    )
    back = np.where(by_bot, bots.come_back(settings, key), np.where(tries, bots.BACK_SOON, bots.NOT_BACK))
    back = np.where(failed, back, bots.NOT_BACK)
    finished["bot_back"] = back.astype(np.int8)
    _plan_later(office, day, take(finished, back == bots.BACK_LATER))

    soonest = back == bots.BACK_SOON
    again, closed, key = take(finished, soonest), closed[soonest], key[soonest]
    follow = needs_of(again)
    follow["door"] = np.where(closed, again["door"], _VOICE_DOOR[again["region"]]).astype(np.int8)
    wait = -1500 * np.log1p(-chance(key, settings.seed, _SALT_SOON))
    soon = again["ended"] + 120 + np.floor(wait).astype(np.int64)
    today = (
        day.is_open(follow["door"], soon) & (_CHANNEL[follow["door"]] == world.VOICE) & (stage is Stage.ENTRY)
    )
    office.plan(take(follow, ~today), np.full(int((~today).sum()), day.number + 1))
    calls = take(follow, today)
    calls["at"] = soon[today]
    return concat([calls], NEED_FIELDS)


def _plan_later(office: Office, day: Day, contacts: Frame) -> None:
    """Let customers whom a bot did not help get in touch some days later, another way than before."""
    if not size(contacts):
        return
    settings, key = office.settings, bots.key_of(contacts)
    follow = needs_of(contacts)
    voice, draws = _VOICE_DOOR[contacts["region"]], chance(key, settings.seed, _SALT_ELSEWHERE)
    other = _OTHER_DOORS[contacts["region"]]
    written = np.where(other[:, 0] == contacts["door"], other[:, 1], other[:, 0])
    by_voice = (_CHANNEL[contacts["door"]] != world.VOICE) & (draws < 0.7)
    follow["door"] = np.where(by_voice, voice, written).astype(np.int8)
    office.plan(follow, day.number + bots.days_until_back(settings, key))


def _identify(office: Office, needs: Frame) -> Frame:
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

    uniform = _draws(office.settings, bots.key_of(needs))
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


def _draws(settings: Settings, key: Ints) -> tuple[Floats, ...]:
    """Return the draws of who a contact seems to be and how it sounds."""
    return tuple(
        chance(key, settings.seed, salt)
        for salt in (
            _SALT_TEST, _SALT_UNWANTED, _SALT_SHOWN, _SALT_IDENTITY, _SALT_COMPLAINT, _SALT_CANCEL, _SALT_PRODUCT
        )
    )  # fmt: skip
