"""Which conversations are audited, by whom, and what the auditors see of what agents did."""

from __future__ import annotations

import numpy as np

from cx_metrics.simulator import world
from cx_metrics.simulator.experience.experience import USUAL, lanes_with_gap
from cx_metrics.simulator.frames import (
    NONE,
    Array,
    Bools,
    Floats,
    Frame,
    Ints,
    chance,
    concat,
    normal,
    size,
    take,
)
from cx_metrics.simulator.quality.form_items import ALL_ITEMS, ITEMS, PREDICTION, performed
from cx_metrics.simulator.settings import Settings
from cx_metrics.simulator.workforce.workforce import BACK_OFFICE, SUPERVISOR, Workforce

CANDIDATE_FIELDS = dict.fromkeys(
    ("number", "agent", "first_agent", "lane", "resolved", "complaint", "ended", "talk", "answered"), "int64"
) | dict.fromkeys(("satisfaction", "gap"), "float64")
"""A conversation that may be audited; ``answered`` is when its customer answered a survey, NONE for never."""

AUDIT_FIELDS = CANDIDATE_FIELDS | dict.fromkeys(
    ("audit", "sampling", "judged", "spell", "evaluator"), "int64"
)

SAMPLINGS = ("random", "targeted", "calibration")
RANDOM, TARGETED, CALIBRATION = range(3)
RANDOM_PER_WEEK, MATCHED_PER_WEEK, TARGETED_PER_WEEK = 0.70, 0.75, 0.25
"""Audits per agent and week: of any conversation, of one whose customer has answered a survey, and of one that is a
complaint or sounded unhappy. The second kind is drawn at random among answered ones; it makes quality and
satisfaction comparable on the same contacts (definitions.md M23), and the tool calls it random as well.
"""
CALIBRATED = 0.05
"""Calibrated conversations per agent and week; each is audited by two or three people."""
UNHAPPY = 2.6
FIRST_AGENT_JUDGED = 0.30
"""Share of audits of conversations with several agents that judge the first of them."""
OWN_AUDITORS = (0.50, 0.85)
"""Share of audits done by supervisors of the site rather than the back office: in house, at outsourcers."""

OVERLOOKS, LENIENCY = 0.18, 0.10
"""Chance that a failed item is passed, and its standard deviation over auditors."""
FALSE_ALARMS = 0.03
"""Chance that a performed item is failed."""
GAP_OVERLOOKS, GAP_FALSE_ALARMS = 0.75, 0.008
"""The same for the supervisors of the outsourcer with the effect vendor_quality_gap."""
PREDICTION_NOISE = 0.55
SATISFIED_SINCE = 3.2

_SALT_RANDOM, _SALT_MATCHED, _SALT_TARGETED, _SALT_HOW_MANY, _SALT_CALIBRATED = 310, 311, 312, 313, 316
_SALT_JUDGED, _SALT_EVALUATOR, _SALT_OWN, _SALT_LENIENT, _SALT_SEEN, _SALT_PREDICTED = (
    317,
    318,
    319,
    320,
    321,
    322,
)
_SKIPPED = np.array([item.skipped for item in ITEMS])
_SALT_SKIPPED = 323


def sample(settings: Settings, candidates: Frame, week: int, until: int) -> Frame:
    """Choose the audits of a week: ``audit`` is their number, ``judged`` the agent, ``spell`` 1 for a first one.

    ``until`` is the second up to which survey answers are known.
    """
    seed, number, agent = settings.seed, candidates["number"], candidates["agent"]
    unhappy = (candidates["complaint"] == 1) | (candidates["satisfaction"] < UNHAPPY)
    answered = (candidates["answered"] != NONE) & (candidates["answered"] < until)
    free = np.ones(len(number), dtype=np.bool_)
    parts = []
    for kind, (salt, rate, able, sampling) in enumerate(
        (
            (_SALT_RANDOM, RANDOM_PER_WEEK, free, RANDOM),
            (_SALT_MATCHED, MATCHED_PER_WEEK, answered, RANDOM),
            (_SALT_TARGETED, TARGETED_PER_WEEK, unhappy, TARGETED),
        )
    ):
        rows = np.flatnonzero(free & able)
        rows = rows[np.lexsort((chance(number[rows], seed, salt), agent[rows]))]
        share = chance(agent[rows] * 100_000 + week, seed, _SALT_HOW_MANY + kind)
        rows = rows[_place_within(agent[rows]) < np.floor(rate + share)]
        free[rows] = False
        parts.append(_audits(take(candidates, rows), 0, sampling))
    wanted = int(
        np.floor(CALIBRATED * len(np.unique(agent)) + chance(np.array([week]), seed, _SALT_CALIBRATED)[0])
    )
    chosen = parts[0]
    draws = chance(chosen["number"], seed, _SALT_CALIBRATED)
    chosen = take(chosen, np.argsort(draws, kind="stable")[:wanted])
    three = chance(chosen["number"], seed, _SALT_CALIBRATED + 1000) < 0.5
    parts += [_audits(chosen, 1, CALIBRATION), _audits(chosen, 2, CALIBRATION)]
    parts.append(_audits(take(chosen, three), 3, CALIBRATION))
    audits = concat(parts, AUDIT_FIELDS)
    several = audits["first_agent"] != audits["agent"]
    first = several & (chance(audits["number"], seed, _SALT_JUDGED) < FIRST_AGENT_JUDGED)
    audits["judged"] = np.where(first, audits["first_agent"], audits["agent"])
    audits["spell"] = first.astype(np.int64)
    return audits


def _audits(candidates: Frame, place: int, sampling: int) -> Frame:
    """Return audits of conversations; ``place`` tells the audits of one conversation apart."""
    rows = size(candidates)
    empty = np.full(rows, NONE, dtype=np.int64)
    return {name: candidates[name] for name in CANDIDATE_FIELDS} | {
        "audit": candidates["number"] * 4 + place,
        "sampling": np.full(rows, sampling, dtype=np.int64),
        "judged": empty,
        "spell": empty,
        "evaluator": empty,
    }


def _place_within(groups: Array) -> Ints:
    """Return 0, 1, 2... within each group of equal neighbours."""
    rows = np.arange(len(groups), dtype=np.int64)
    starts = np.ones(len(groups), dtype=np.bool_)
    starts[1:] = groups[1:] != groups[:-1]
    return np.asarray(rows - np.maximum.accumulate(np.where(starts, rows, 0)))


def assign(settings: Settings, workforce: Workforce, audits: Frame, day: int) -> Ints:
    """Return the auditor of each audit: a supervisor of the site or somebody of the back office, never the judged."""
    role, hired, left = (np.array(column) for column in (workforce.role, workforce.hired, workforce.left))
    office = np.flatnonzero((role == BACK_OFFICE) & (hired <= day) & (left > day))
    seed, audit = settings.seed, audits["audit"]
    place = np.where(audits["sampling"] == CALIBRATION, audit % 4, 0)
    draw = chance(audit - place, seed, _SALT_EVALUATOR)
    outsourced = np.array([settings.vendor_of(lane.bpo) != world.IN_HOUSE for lane in world.LANES])
    evaluator = np.full(len(audit), NONE, dtype=np.int64)
    for lane in np.unique(audits["lane"]).tolist():
        rows = np.flatnonzero(audits["lane"] == lane)
        own = workforce.supervisors(lane, day)
        everybody = np.concatenate([own, office])
        by_own = chance(audit[rows], seed, _SALT_OWN) < OWN_AUDITORS[int(outsourced[lane])]
        at_site = own[np.floor(draw[rows] * len(own)).astype(np.int64)]
        elsewhere = office[np.floor(draw[rows] * len(office)).astype(np.int64)] if len(office) else at_site
        single = np.where(by_own, at_site, elsewhere)
        # A calibration is done by different people, one after the other in the list of those who may.
        start = np.floor(draw[rows] * len(everybody)).astype(np.int64)
        shared = everybody[(start + place[rows]) % len(everybody)]
        chosen = np.where(place[rows] > 0, shared, single)
        own_work = chosen == audits["judged"][rows]
        step = everybody[(start + place[rows] + 1) % len(everybody)]
        evaluator[rows] = np.where(own_work, np.where(step == chosen, NONE, step), chosen)
    return evaluator


def look(settings: Settings, workforce: Workforce, audits: Frame, day: int) -> tuple[Bools, Bools, Bools]:
    """Return per audit and item: what the agent did, what the auditor saw, and which items do not apply."""
    seed, audit = settings.seed, audits["audit"][:, None]
    done = np.zeros((len(audit), len(ITEMS)), dtype=np.bool_)
    for spell in (0, 1):
        rows = np.flatnonzero(audits["spell"] == spell)
        done[rows] = performed(settings, audits["number"][rows], audits["judged"][rows], ALL_ITEMS, spell)
    overlooks, alarms = _eyes(settings, workforce, audits, day)
    draws = chance(audit * 64 + ALL_ITEMS, seed, _SALT_SEEN)
    seen = np.where(done, draws >= alarms[:, None], draws < overlooks[:, None])
    skipped = chance(audits["number"][:, None] * 64 + ALL_ITEMS, seed, _SALT_SKIPPED) < _SKIPPED
    # The last item is the auditor's guess at a customer whose reasons to be unhappy with the vendor stay unseen.
    noise = normal(audits["audit"], seed, _SALT_PREDICTED)
    guess = 0.7 * (audits["satisfaction"] - audits["gap"]) + 0.3 * USUAL + PREDICTION_NOISE * noise
    seen[:, PREDICTION] = guess >= SATISFIED_SINCE
    done[:, PREDICTION] = audits["satisfaction"] >= SATISFIED_SINCE
    return done, seen, np.asarray(skipped, dtype=np.bool_)


def _eyes(settings: Settings, workforce: Workforce, audits: Frame, day: int) -> tuple[Floats, Floats]:
    """Return per audit how often its auditor overlooks a failed item, and fails one that was performed."""
    evaluator = audits["evaluator"]
    overlooks = OVERLOOKS + LENIENCY * normal(evaluator, settings.seed, _SALT_LENIENT)
    overlooks = np.clip(overlooks, 0.02, 0.60)
    alarms = np.full(len(evaluator), FALSE_ALARMS)
    if settings.size_of("vendor_quality_gap", day) is not None:
        is_supervisor = (evaluator != NONE) & (np.array(workforce.role)[evaluator] == SUPERVISOR)
        blind = lanes_with_gap(settings)[audits["lane"]] & is_supervisor
        overlooks = np.where(blind, GAP_OVERLOOKS, overlooks)
        alarms = np.where(blind, GAP_FALSE_ALARMS, alarms)
    return overlooks, alarms
