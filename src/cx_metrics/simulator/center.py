"""One day of the center: needs come in, are routed and worked on, and lead to records and to later contacts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from cx_metrics.simulator import clock, routing, world
from cx_metrics.simulator.demand import NEED_FIELDS, Demand, empty_plan
from cx_metrics.simulator.frames import (
    NONE,
    Array,
    Bools,
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
from cx_metrics.simulator.population import Population
from cx_metrics.simulator.routing import Crew
from cx_metrics.simulator.settings import WARM_UP_DAYS, Settings, Stage
from cx_metrics.simulator.workforce import Workforce
from cx_metrics.simulator.world import DESK, DOORS, LANES, REASONS

CONTACT_FIELDS = {
    "number": "int64",
    "initial": "int64",
    "customer": "int64",
    "shown": "int8",
    "identity": "int8",
    "channel": "int8",
    "direction": "int8",
    "method": "int8",
    "purpose": "int8",
    "queue": "int8",
    "reason": "int8",
    "reason_known": "bool",
    "product": "int8",
    "product_known": "bool",
    "campaign": "int8",
    "started": "int64",
    "ended": "int64",
    "worked_until": "int64",
    "disconnect": "int8",
    "logged": "int8",
    "cancel": "int8",
    "complaint": "int8",
    "offered": "int8",
    "accepted": "int8",
    "applications": "int8",
    "test": "bool",
    "exclusion": "int8",
    "door": "int8",
    "region": "int8",
    "need": "int64",
    "attempt": "int16",
    "resolved": "int8",
}
"""A contact record. Codes are positions in the lists of ``world``; instants are seconds since 1970 UTC.

``worked_until`` is the end of the last work on it, after-contact work included. Not in any table: ``customer`` where
``shown`` hides it, ``reason`` where it is not known, ``door``, ``region``, ``need``, ``attempt``, and ``resolved``,
which is the truth about whether this contact settled the need (NONE where nobody dealt with it).
"""

PIECE_FIELDS = {
    "number": "int64",
    "step": "int32",
    "kind": "int8",
    "agent": "int64",
    "queue": "int8",
    "start": "int64",
    "end": "int64",
    "transfer": "int8",
    "tier": "int8",
}
"""A segment of a contact record before it has its number; ``step`` orders pieces that start at the same second."""

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
    "hold": "int64",
    "wrap": "int64",
    "share_before_hold": "float64",
    "after": "int8",
    "consults": "bool",
    "colleague": "int64",
    "missed_agent": "int64",
    "missed_at": "int64",
}

CONTAINED = {world.CHAT: 0.36, world.MESSAGING: 0.32}
"""Share of bot conversations that the bot ends without handing over."""
BOT_FIRST = {world.CHAT: 0.78, world.MESSAGING: 0.62}
"""Share of conversations that a bot takes first."""
IVR_HANG_UP = 0.035
BOT_RESOLVES, SELF_SERVICE_RESOLVES = 0.62, 0.80
OFFER_AFTER, OFFER_WHEN = 60, 110
TAKES_CALLBACK, CALLBACK_REACHED = 0.38, 0.80
REDIALS = 0.52
MISSED_RING = 0.012
DROPPED = 0.010
SAME_DAY_REPEAT = 0.030
MOVES_UP, MOVES_HERE, MOVES_OUT = 0.062, 0.030, 0.006
HOLDS = 0.24
RETURNS_UNRESOLVED, RETURNS_ABANDONED = 0.70, 0.35
CHASES = 0.06
TEST_TRAFFIC = 0.003
SWITCHBOARD, ANONYMOUS, UNIDENTIFIED = 0.012, 0.012, 0.060
FOLLOW_UPS, COURTESY_CALLS, SURVEY_CALLS, COLLECTION_CALLS = 0.05, 0.010, 0.008, 0.08
SALES_CALLS_PER_NEED = 0.016
INTERNAL_PER_NEED = 0.009
MONITORED = 0.010
LONGEST_RETURN_DAYS = 35

_IDENTITY_BY_CHANNEL = np.array(
    [cumulate(weights) for weights in (
        (0.30, 0.20, 0.22, 0.28), (0.25, 0.55, 0.20, 0.0), (0.15, 0.35, 0.50, 0.0), (0.30, 0.10, 0.60, 0.0),
        (0.20, 0.10, 0.70, 0.0), (0.2, 0.2, 0.6, 0.0), (0.2, 0.2, 0.6, 0.0), (0.05, 0.80, 0.10, 0.05),
    )]
)  # fmt: skip
_TALK = np.array([reason.talk for reason in REASONS])
_RESOLVE = np.array([reason.resolve for reason in REASONS])
_TRANSFER = np.array([reason.transfer for reason in REASONS])
_COMPLAINT = np.array([reason.complaint for reason in REASONS])
_CANCEL = np.array([reason.cancel for reason in REASONS])
_CHANNEL = np.array([door.channel for door in DOORS], dtype=np.int8)
_TIER = np.array([lane.tier for lane in LANES], dtype=np.int8)
_VOICE_DOOR = np.array(world.VOICE_DOOR, dtype=np.int8)
_OTHER_DOORS = np.array(world.OTHER_DOORS, dtype=np.int8)

TURNS = {
    world.EMAIL: cumulate((0.62, 0.25, 0.09, 0.04)),
    world.MESSAGING: cumulate((0.14, 0.22, 0.24, 0.18, 0.13, 0.09)),
    world.SOCIAL: cumulate((0.52, 0.30, 0.13, 0.05)),
}
MOST_TURNS = 6
_PAUSE = {world.EMAIL: (18_000, 1.1), world.MESSAGING: (420, 1.2), world.SOCIAL: (2_700, 1.1)}
_STEP_IVR, _STEP_BOT, _LEG_STEPS = 0, 1, 10


@dataclass
class Written:
    """The open contacts of one written queue, which last for days."""

    contacts: Frame = field(default_factory=lambda: blank(CONTACT_FIELDS, 0))
    pieces: Frame = field(default_factory=lambda: blank(PIECE_FIELDS, 0))
    due: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    turn: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    total: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    work: Ints = field(default_factory=lambda: np.zeros((0, MOST_TURNS), dtype=np.int64))
    pause: Ints = field(default_factory=lambda: np.zeros((0, MOST_TURNS), dtype=np.int64))


@dataclass
class Day:
    """What is being collected about one day: finished records, their pieces, and needs planned for later days."""

    number: int
    crews: list[Crew]
    is_open: Array
    contacts: list[Frame] = field(default_factory=list)
    pieces: list[Frame] = field(default_factory=list)


class Center:
    """The state that goes from day to day: open written contacts, planned returns, numbers given out."""

    def __init__(self, settings: Settings, population: Population, demand: Demand, workforce: Workforce) -> None:
        """Start an empty center; call ``one_day`` for consecutive days from -WARM_UP_DAYS on."""
        self.settings = settings
        self.population = population
        self.demand = demand
        self.workforce = workforce
        self.written = {lane: Written() for lane in world.DEFERRED_LANES}
        self._count = 0
        self._planned: dict[int, list[Frame]] = {}
        self._calls: dict[int, list[Frame]] = {}

    def one_day(self, number: int) -> tuple[Frame, Frame]:
        """Simulate one operating day; return the contact records that it finished, and their pieces."""
        day = Day(number, self.workforce.roster(number), self.demand.is_open(number))
        planned = concat(self._planned.pop(number, []), NEED_FIELDS) if number in self._planned else empty_plan()
        needs, shut = self.demand.arrivals(number, planned)
        if size(shut):
            self._planned.setdefault(number + 1, []).append(shut)
        entering, entry, spawned = self._enter(day, needs, Stage.ENTRY)
        if size(spawned):
            more, more_entry, _ = self._enter(day, spawned, Stage.SAME_DAY)
            entering = concat([entering, more], CONTACT_FIELDS)
            entry = np.concatenate([entry, more_entry])
        self._live(day, entering, entry)
        self._deferred(day, entering, entry)
        self._outbound(day)
        self._internal(day)
        return concat(day.contacts, CONTACT_FIELDS), concat(day.pieces, PIECE_FIELDS)

    def still_open(self) -> tuple[Frame, Frame]:
        """Return the written contacts that are not finished yet, and their pieces so far."""
        states = [self.written[lane] for lane in world.DEFERRED_LANES]
        return (
            concat([state.contacts for state in states], CONTACT_FIELDS),
            concat([state.pieces for state in states], PIECE_FIELDS),
        )

    # The front door: identity, IVR, bots, opening hours

    def _enter(self, day: Day, needs: Frame, stage: Stage) -> tuple[Frame, Ints, Frame]:
        """Turn needs into contacts; return those that enter a queue, when, and calls that follow on the same day."""
        rng = self.settings.generator(stage, day.number)
        rows = size(needs)
        contacts = self._new_contacts(needs, rng)
        channel, door, at = contacts["channel"], contacts["door"], contacts["started"]
        uniform = rng.random((4, rows))
        ivr = np.minimum(np.floor(8 + rng.exponential(22, rows)), 240).astype(np.int64)
        bot = np.minimum(np.floor(20 + rng.exponential(70, rows)), 900).astype(np.int64)

        is_voice, is_self = channel == world.VOICE, channel == world.SELF_SERVICE
        bot_first, contained_if_bot = np.zeros(rows), np.zeros(rows)
        for code in (world.CHAT, world.MESSAGING):
            bot_first[channel == code] = BOT_FIRST[code]
            contained_if_bot[channel == code] = CONTAINED[code]
        live = is_voice | (channel == world.CHAT)
        shut = live & ~self._is_open(day, door, at + np.where(is_voice, ivr, 0))
        self_by_bot = is_self & (uniform[0] < 0.45)
        has_bot = (uniform[0] < bot_first) | self_by_bot | (shut & (channel == world.CHAT))
        has_ivr = is_voice | (is_self & ~self_by_bot)
        hangs_up = is_voice & ~shut & (uniform[1] < IVR_HANG_UP)
        contained = has_bot & ~is_self & (uniform[1] < contained_if_bot)
        lead = np.where(has_ivr, np.where(is_self, ivr * 3, ivr), 0) + np.where(has_bot, bot, 0)
        ends_here = is_self | shut | hangs_up | contained

        for mask, kind, step in ((has_ivr, world.IVR, _STEP_IVR), (has_bot, world.BOT, _STEP_BOT)):
            piece = _pieces(contacts["number"][mask], step, kind, at[mask], at[mask] + lead[mask])
            day.pieces.append(piece)

        served = is_self | contained
        contacts["channel"][contained] = world.SELF_SERVICE
        quality = np.where(is_self, SELF_SERVICE_RESOLVES, BOT_RESOLVES)
        contacts["resolved"][served] = (uniform[2] < quality * (0.55 + 0.5 * _RESOLVE[contacts["reason"]]))[served]
        contacts["resolved"][(shut & ~contained) | hangs_up] = 0
        contacts["queue"][ends_here & ~(shut & is_voice)] = NONE
        contacts["ended"][ends_here] = (at + lead)[ends_here]
        contacts["worked_until"][ends_here] = contacts["ended"][ends_here]
        contacts["disconnect"][ends_here] = np.where(shut & ~contained, world.OTHER_END, world.BY_CALLER)[ends_here]
        contacts["reason_known"] &= ~ends_here | served | (uniform[3] < 0.3)
        contacts["complaint"][ends_here] = NONE
        contacts["cancel"][ends_here & (contacts["cancel"] == 0)] = NONE
        finished = take(contacts, ends_here)
        day.contacts.append(finished)

        # Whoever was not helped without an agent tries to reach one, often within the hour.
        again = take(finished, (finished["resolved"] == 0) & ~finished["test"] & (finished["exclusion"] == NONE))
        wants = rng.random(size(again)) < np.where(again["disconnect"] == world.OTHER_END, 0.55, 0.66)
        again = take(again, wants)
        soon = again["ended"] + 120 + np.floor(rng.exponential(1500, size(again))).astype(np.int64)
        follow = _needs_of(again)
        follow["door"] = np.where(
            again["disconnect"] == world.OTHER_END, again["door"], _VOICE_DOOR[again["region"]]
        ).astype(np.int8)
        today = self._is_open(day, follow["door"], soon) & (_CHANNEL[follow["door"]] == world.VOICE)
        if stage is Stage.ENTRY:
            spawned = take(follow, today)
            spawned["at"] = soon[today]
            self._plan(take(follow, ~today), day.number, rng, first=1)
        else:
            spawned = empty_plan()
            self._plan(follow, day.number, rng, first=1)
        entering = ~ends_here
        return take(contacts, entering), (at + lead)[entering], spawned

    def _new_contacts(self, needs: Frame, rng: np.random.Generator) -> Frame:
        """Return one inbound contact per need, with its number, identity and flags."""
        rows = size(needs)
        contacts = blank(CONTACT_FIELDS, rows)
        for name in ("customer", "reason", "product", "campaign", "door", "region", "need", "attempt"):
            contacts[name] = needs[name].copy()
        door = needs["door"]
        contacts["number"] = self._numbers(rows)
        contacts["channel"] = _CHANNEL[door].copy()
        contacts["direction"][:] = world.INBOUND
        contacts["method"] = np.where(_CHANNEL[door] == world.CHAT, world.BY_API, world.BY_CUSTOMER).astype(np.int8)
        contacts["queue"] = np.where(door < DESK, door, NONE).astype(np.int8)
        contacts["started"] = needs["at"].copy()
        uniform = rng.random((7, rows))
        first = needs["attempt"] == 0
        contacts["test"] = first & (uniform[0] < TEST_TRAFFIC)
        unwanted = np.where(door == 6, 0.018, np.where(contacts["channel"] == world.VOICE, 0.008, 0.0))
        excluded = first & ~contacts["test"] & (uniform[1] < unwanted)
        contacts["exclusion"][excluded] = np.where(door == 6, world.SPAM, world.WRONG_NUMBER)[excluded]
        voice = contacts["channel"] == world.VOICE
        shown = np.full(rows, world.SHOWN_CUSTOMER, dtype=np.int8)
        switchboard = np.where(voice, SWITCHBOARD * 1.6, 0.0)
        anonymous = np.where(voice, ANONYMOUS * 1.2, ANONYMOUS * 0.8)
        lost = uniform[2]
        shown[lost < switchboard + anonymous + UNIDENTIFIED] = world.SHOWN_NOTHING
        shown[lost < switchboard + anonymous] = world.SHOWN_ANONYMOUS
        shown[lost < switchboard] = world.SHOWN_SWITCHBOARD
        shown[contacts["test"] | excluded] = world.SHOWN_NOTHING
        contacts["shown"] = shown
        identity = pick_rows(_IDENTITY_BY_CHANNEL, contacts["channel"], uniform[3]).astype(np.int8)
        identity[shown == world.SHOWN_SWITCHBOARD] = world.CALLER_ID
        identity[(shown == world.SHOWN_NOTHING) | (shown == world.SHOWN_ANONYMOUS)] = world.NOT_IDENTIFIED
        contacts["identity"] = identity
        reason = contacts["reason"]
        worse = 1.0 + 0.8 * np.minimum(needs["attempt"], 3)
        contacts["complaint"] = (uniform[4] < np.minimum(_COMPLAINT[reason] * worse, 0.95)).astype(np.int8)
        contacts["cancel"] = (uniform[5] < _CANCEL[reason]).astype(np.int8)
        contacts["complaint"][contacts["test"] | excluded] = 0
        contacts["cancel"][contacts["test"] | excluded] = 0
        contacts["product_known"] = (uniform[6] < 0.86) & ~contacts["test"] & ~excluded
        contacts["reason_known"] = ~contacts["test"]
        return contacts

    def _is_open(self, day: Day, door: Array, at: Array) -> Bools:
        """Tell whether doors are open at given seconds of the day."""
        starts = np.array([self.demand.grid(i, day.number).start for i in range(len(DOORS))], dtype=np.int64)
        cell = (at - starts[door]) // clock.HALF_HOUR
        inside = (cell >= 0) & (cell < clock.CELLS)
        return np.asarray(inside & day.is_open[door, np.clip(cell, 0, clock.CELLS - 1)], dtype=np.bool_)

    # Live queues

    def _live(self, day: Day, entering: Frame, entry: Ints) -> None:
        """Run the live queues in order of transfers, and settle their contacts."""
        live = np.isin(entering["door"], world.LIVE_LANES)
        contacts, entered = take(entering, live), entry[live]
        legs: list[Frame] = []
        moving: list[tuple[Ints, Ints, Ints]] = []
        for lane in world.LIVE_LANES:
            mine = np.flatnonzero(contacts["door"][: len(entered)] == lane)
            at, leg = entered[mine], np.zeros(len(mine), dtype=np.int64)
            arrived = [(to, when, nth) for to, when, nth, target in _split(moving) if target == lane]
            if arrived:
                mine = np.concatenate([mine, *[to for to, _, _ in arrived]])
                at = np.concatenate([at, *[when for _, when, _ in arrived]])
                leg = np.concatenate([leg, *[nth for _, _, nth in arrived]])
            order = np.argsort(at, kind="stable")
            run, contacts = self._run_lane(day, lane, contacts, mine[order], at[order], leg[order])
            up = np.flatnonzero((run["outcome"] == routing.ANSWERED) & (run["after"] == routing.MOVE_UP))
            target = LANES[lane].sends_to
            if len(up) and target is not None:
                when = _talk_end(run)[up]
                can = self._is_open(day, np.full(len(up), target), when)
                run["after"][up[~can]] = routing.NOTHING
                up, when = up[can], when[can]
                moved, nth = run["contact"][up], run["leg"][up] + 1
                if LANES[lane].opens_records:
                    contacts, moved = self._open_records(contacts, moved, when, target, world.BY_TRANSFER)
                moving.append((moved, when, np.stack([nth, np.full(len(up), target)])))
            legs.append(run)
        together = concat(legs, LEG_FIELDS)
        self._settle(day, contacts, together)

    def _run_lane(
        self, day: Day, lane: int, contacts: Frame, mine: Ints, at: Ints, leg: Ints
    ) -> tuple[Frame, Frame]:
        """Run one queue; return its legs, and all contacts with the new ones that its day brought about."""
        door = LANES[lane]
        rng = self.settings.generator(Stage.LIVE, day.number, lane)
        arrivals = len(mine)
        rows = arrivals + arrivals // 2 + 12
        reason = contacts["reason"][mine]
        simple = contacts["test"][mine] | (contacts["exclusion"][mine] != NONE)
        uniform = rng.random((7, rows))
        is_voice = door.channel == world.VOICE
        ring = rng.integers(3, 11, rows) if is_voice else rng.integers(1, 5, rows)
        noise = rng.lognormal(-0.18, 0.6, rows)
        mean = door.handle * _TALK[reason] * (1.0 + 0.12 * np.minimum(contacts["attempt"][mine], 2))
        mean = np.where(simple, 25.0, mean)
        wrap = np.floor(5 + rng.exponential(door.wrap - 5, rows)).astype(np.int64)
        patience = np.floor(rng.exponential(door.patience, rows)).astype(np.int64) + 2
        patience[:arrivals] += np.where(leg > 0, 150, 0)

        after = np.full(rows, routing.NOTHING, dtype=np.int64)
        transfer = _TRANSFER[reason]
        up = MOVES_UP * transfer if door.sends_to is not None else np.zeros(arrivals)
        weights = (up, np.full(arrivals, MOVES_HERE), np.full(arrivals, MOVES_OUT),
                   np.full(arrivals, DROPPED if is_voice else DROPPED / 2),
                   SAME_DAY_REPEAT * (1.6 - _RESOLVE[reason]))  # fmt: skip
        edge = np.zeros(arrivals)
        for what, weight in zip(
            (routing.MOVE_UP, routing.MOVE_HERE, routing.MOVE_OUT, routing.DROP, routing.SOON_AGAIN),
            weights,
            strict=True,
        ):
            hit = (uniform[0, :arrivals] >= edge) & (uniform[0, :arrivals] < edge + weight) & ~simple
            after[:arrivals][hit] = what
            edge = edge + weight
        after[:arrivals][(leg > 0) & (after[:arrivals] != routing.MOVE_OUT)] = routing.NOTHING
        consults = np.zeros(rows, dtype=np.bool_)
        consults[:arrivals] = np.where(
            after[:arrivals] == routing.MOVE_UP, uniform[1, :arrivals] < 0.30, uniform[1, :arrivals] < 0.015
        ) & ~simple
        consults &= is_voice
        holds = (uniform[2] < (HOLDS if is_voice else 0.0)) | consults
        holds[:arrivals] &= ~simple
        hold = np.where(holds, np.floor(12 + rng.exponential(70, rows) + np.where(consults, 40, 0)), 0).astype(np.int64)
        pause = np.where(after == routing.DROP, 45 + rng.exponential(60, rows), 900 + rng.exponential(6000, rows))
        redial = np.where(uniform[3] < REDIALS, 25 + rng.exponential(420, rows), NONE)
        closes = self._last_opening(day, lane)
        outcome = routing.serve_live(
            at.tolist(),
            routing.LiveDraws(
                patience=patience.tolist(),
                ring=ring.tolist(),
                mean=mean.tolist(),
                noise=noise.tolist(),
                hold=hold.tolist(),
                wrap=wrap.tolist(),
                after=(drawn := after.tolist()),
                delay=np.floor(pause).astype(np.int64).tolist(),
                redial=np.floor(redial).astype(np.int64).tolist(),
                takes_callback=(uniform[4] < TAKES_CALLBACK).tolist(),
                is_reached=(uniform[5] < CALLBACK_REACHED).tolist(),
                is_missed=(uniform[6] < MISSED_RING).tolist(),
            ),
            day.crews[lane],
            closes=closes,
            offer_after=OFFER_AFTER,
            offer_when=OFFER_WHEN if door.offers_callback else routing.NEVER,
        )
        used = len(outcome.kind)
        legs = blank(LEG_FIELDS, used)
        legs["kind"] = np.array(outcome.kind, dtype=np.int8)
        legs["lane"][:] = lane
        legs["entered"] = np.array(outcome.entered, dtype=np.int64)
        legs["exit"] = np.array(outcome.exit, dtype=np.int64)
        legs["outcome"] = np.array(outcome.outcome, dtype=np.int8)
        legs["agent"] = np.array(outcome.agent, dtype=np.int64)
        legs["talk"] = np.array(outcome.talk, dtype=np.int64)
        legs["ring"], legs["hold"], legs["wrap"] = ring[:used], hold[:used], wrap[:used]
        legs["after"] = np.array(drawn[:used], dtype=np.int8)
        legs["consults"] = consults[:used]
        legs["share_before_hold"] = 0.35 + 0.4 * rng.random(used)
        boss = self.workforce.supervisors(lane, day.number)
        legs["colleague"] = boss[rng.integers(0, len(boss), used)]
        for row, agent, when in outcome.missed:
            legs["missed_agent"][row], legs["missed_at"][row] = agent, when
        contacts = self._attach(contacts, legs, outcome, mine, leg, lane, rng)
        offered = np.array(outcome.is_offered, dtype=np.bool_)
        if door.offers_callback:
            asked = legs["contact"][(legs["kind"] != routing.CALLBACK)]
            contacts["offered"][asked] = np.maximum(contacts["offered"][asked], 0)
            contacts["offered"][legs["contact"][offered]] = 1
            accepted = legs["outcome"] == routing.TOOK_CALLBACK
            contacts["accepted"][legs["contact"][offered]] = 0
            contacts["accepted"][legs["contact"][accepted]] = 1
        return legs, contacts

    def _attach(
        self,
        contacts: Frame,
        legs: Frame,
        outcome: routing.LiveLegs,
        mine: Ints,
        leg: Ints,
        lane: int,
        rng: np.random.Generator,
    ) -> Frame:
        """Give every leg its contact; open new records for redials, repeats, callbacks and (some) transfers."""
        arrivals = len(mine)
        of, nth = mine.tolist(), leg.tolist()
        before = size(contacts)
        source: list[int] = []
        first: list[int] = []
        kinds: list[int] = []
        stays = not LANES[lane].opens_records
        root = list(range(before)) if legs["kind"].size > arrivals else []
        for row in range(arrivals, len(outcome.kind)):
            parent = outcome.parent[row]
            kind = outcome.kind[row]
            if kind == routing.TRANSFER and stays:
                of.append(of[parent])
                nth.append(nth[parent] + 1)
                continue
            of.append(before + len(source))
            nth.append(0)
            source.append(root[of[parent]])
            root.append(source[-1])
            first.append(of[parent])
            kinds.append(kind)
        legs["contact"] = np.array(of, dtype=np.int64)
        legs["leg"] = np.array(nth, dtype=np.int64)
        if not source:
            return contacts
        fresh = take(contacts, np.array(source))
        kind_of = np.array(kinds)
        rows = np.array([row for row in range(arrivals, len(of)) if of[row] >= before], dtype=np.int64)
        born = np.unique(np.array(of)[rows], return_index=True)[1]
        rows = rows[born]
        entered = legs["entered"][rows]
        fresh["number"] = self._numbers(len(source))
        fresh["initial"][:] = NONE
        fresh["offered"][:] = NONE
        fresh["accepted"][:] = NONE
        again = np.isin(kind_of, (routing.REDIAL, routing.RECONNECT, routing.REPEAT))
        lead = np.where(again & (LANES[lane].channel == world.VOICE), rng.integers(6, 22, len(source)), 0)
        fresh["started"] = entered - lead
        fresh["queue"][:] = lane
        fresh["attempt"] = fresh["attempt"] + (kind_of == routing.REPEAT).astype(np.int16)
        fresh["method"] = np.where(
            kind_of == routing.CALLBACK,
            world.BY_CALLBACK,
            np.where(kind_of == routing.TRANSFER, world.BY_TRANSFER, fresh["method"]),
        ).astype(np.int8)
        together = concat([contacts, fresh], CONTACT_FIELDS)
        same = np.flatnonzero(~again)
        for i in same.tolist():
            origin = first[i]
            number = int(together["initial"][origin])
            together["initial"][before + i] = number if number != NONE else together["number"][origin]
        self._leads = (fresh["number"][again & (lead > 0)], fresh["started"][again & (lead > 0)], entered[again & (lead > 0)])
        return together

    def _open_records(
        self, contacts: Frame, moved: Ints, when: Ints, lane: int, method: int
    ) -> tuple[Frame, Ints]:
        """Open a new record for contacts that move to another queue, on platforms that do so."""
        fresh = take(contacts, moved)
        fresh["number"] = self._numbers(len(moved))
        known = contacts["initial"][moved]
        fresh["initial"] = np.where(known != NONE, known, contacts["number"][moved])
        fresh["started"] = when.copy()
        fresh["method"][:] = method
        fresh["queue"][:] = lane
        fresh["offered"][:] = NONE
        fresh["accepted"][:] = NONE
        before = size(contacts)
        return concat([contacts, fresh], CONTACT_FIELDS), before + np.arange(len(moved), dtype=np.int64)

    def _last_opening(self, day: Day, lane: int) -> int:
        cells = np.flatnonzero(day.is_open[lane])
        start = self.demand.grid(lane, day.number).start
        return int(start + (cells[-1] + 1) * clock.HALF_HOUR) if len(cells) else start

    def _numbers(self, rows: int) -> Ints:
        numbers = np.arange(self._count, self._count + rows, dtype=np.int64)
        self._count += rows
        return numbers
