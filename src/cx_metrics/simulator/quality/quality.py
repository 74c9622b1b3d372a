"""Quality: every week auditors fill in the form for a few conversations of every agent; some results are disputed."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from cx_metrics.simulator.columns import (
    FLAG,
    INSTANT,
    NUMBER,
    TEXT,
    coded,
    contact_ids,
    from_rows,
    ids,
    instants,
    numbers,
)
from cx_metrics.simulator.contacts.records import Office
from cx_metrics.simulator.defects.deliveries import keys_of
from cx_metrics.simulator.defects.spoiling import listed, spoiled
from cx_metrics.simulator.experience.experience import Experience, asked_about
from cx_metrics.simulator.experience.surveys import Surveys
from cx_metrics.simulator.finished import FinishedDay, Tables
from cx_metrics.simulator.frames import NONE, Bools, Floats, Frame, blank, chance, concat, size, take
from cx_metrics.simulator.quality import audits as audit_rules
from cx_metrics.simulator.quality.audits import AUDIT_FIELDS, CANDIDATE_FIELDS, RANDOM, SAMPLINGS
from cx_metrics.simulator.quality.form_items import (
    COMPETENCIES,
    FORM_ID,
    FORM_VERSIONS,
    ITEM_IDS,
    ITEMS,
    PREDICTION,
    SECOND_VERSION_SINCE,
)
from cx_metrics.simulator.settings import Settings

SCHEMAS: dict[str, pa.Schema] = {
    "qa_form_items": pa.schema(
        [
            ("form_id", TEXT),
            ("form_version", TEXT),
            ("item_id", TEXT),
            ("label", TEXT),
            ("weight", NUMBER),
            ("critical_class", TEXT),
            ("competency", TEXT),
            ("is_predicted_satisfaction", FLAG),
        ]
    ),
    "qa_evaluations": pa.schema(
        [
            ("evaluation_id", TEXT),
            ("contact_id", TEXT),
            ("agent_id", TEXT),
            ("evaluator_id", TEXT),
            ("form_id", TEXT),
            ("form_version", TEXT),
            ("sampling", TEXT),
            ("submitted_at", INSTANT),
            ("minutes_spent", NUMBER),
            ("status", TEXT),
            ("updated_at", INSTANT),
        ]
    ),
    "qa_answers": pa.schema(
        [
            ("evaluation_id", TEXT),
            ("item_id", TEXT),
            ("points", NUMBER),
            ("max_points", NUMBER),
            ("is_not_applicable", FLAG),
        ]
    ),
}
TRUTH_SCHEMAS: dict[str, pa.Schema] = {
    "truth/qa_items": pa.schema(
        [
            ("form_id", TEXT),
            ("form_version", TEXT),
            ("item_id", TEXT),
            ("moves_satisfaction", FLAG),
            ("satisfaction_effect", NUMBER),
        ]
    ),
    "truth/qa_answers": pa.schema(
        [("evaluation_id", TEXT), ("item_id", TEXT), ("was_done", FLAG)],
    ),
}
"""Which items move satisfaction, by how many points of five; and what the audited agents really did."""

STATUSES = ("submitted", "disputed", "draft", "deleted")
SUBMITTED, DISPUTED, DRAFT, DELETED = range(4)
DISPUTES, DRAFTS, DELETIONS = 0.06, 0.010, 0.005
GIVEN_BACK, RECONSIDERED = 0.70, 0.20
"""Chance that a disputed item is passed after all: where the agent had done it, and where not."""
NOT_ANSWERED = 0.003
NO_TIME_NOTED = 0.05
MEMORY = 0.30
"""Weight of the newest audit in the score that coaches look at."""
USUAL_SCORE = 0.88

DEFECTS = {"wrong_agent": 0.5, "unknown_form_version": 0.5}
_DEFECT_WORDS = {
    "wrong_agent": "agent_id of the auditor, who was not on the contact",
    "unknown_form_version": "form_version that the form does not have",
}
WRONG_AGENT, UNKNOWN_VERSION = range(2)
ANSWER_DEFECTS = {"points_above_maximum": 1.0}
_ANSWER_WORDS = {"points_above_maximum": "three points more than the item can give"}

_SALT_SUBMITTED, _SALT_MINUTES, _SALT_STATUS, _SALT_DISPUTE, _SALT_RESOLVED = 330, 331, 332, 333, 334
_SALT_NO_ANSWER, _SALT_HALF, _SALT_BACK = 335, 336, 337
_POINTS = np.array([item.points for item in ITEMS], dtype=np.float64)
_WEIGHTS = np.array([item.weights for item in ITEMS], dtype=np.float64).T
_SUNDAY = 6
_FORM_FIELDS = (
    AUDIT_FIELDS
    | dict.fromkeys(("version", "status", "settled", "submitted", "updated"), "int64")
    | {"minutes": "float64"}
)


class Quality:
    """Audits the conversations of each week on its Sunday; ``score`` is how coaches see every agent, from 0 to 1."""

    def __init__(self, office: Office, experience: Experience, surveys: Surveys) -> None:
        """Start with agents whom nobody has audited."""
        self.settings = office.settings
        self.workforce = office.workforce
        self.experience = experience
        self.surveys = surveys
        self.score: Floats = np.full(len(office.workforce.role), USUAL_SCORE)
        self._week: list[Frame] = []
        self._evaluations: list[Frame] = []
        self._answers: list[tuple[Frame, Floats, Bools, Bools]] = []
        self._has_form = False

    def one_day(self, day: FinishedDay) -> None:
        """Note the day's conversations; on Sundays, audit those of the week."""
        self._note(day)
        if self.settings.day(day.number).weekday() == _SUNDAY:
            candidates = concat(self._week, CANDIDATE_FIELDS)
            self._week = []
            if day.number >= 0 and size(candidates):
                self._audit(candidates, day.number)

    def _note(self, day: FinishedDay) -> None:
        rows = np.flatnonzero(asked_about(day))
        if not len(rows):
            return
        seen = blank(CANDIDATE_FIELDS, len(rows))
        for name in ("number", "resolved", "complaint", "ended"):
            seen[name] = day.records[name][rows].astype(np.int64)
        for name in ("satisfaction", "gap"):
            seen[name] = self.experience.today[name][rows]
        seen["agent"], seen["first_agent"] = day.work["last_agent"][rows], day.work["first_agent"][rows]
        seen["lane"] = day.work["lane"][rows].astype(np.int64)
        seen["talk"] = (day.work["talk"] + day.work["writing"])[rows]
        told = self.surveys.answered
        order = np.argsort(told["number"])
        if len(order):
            place = np.searchsorted(told["number"], seen["number"], sorter=order)
            found = order[np.minimum(place, len(order) - 1)]
            same = told["number"][found] == seen["number"]
            seen["answered"] = np.where(same, told["answered"][found], NONE)
        self._week.append(seen)

    def _audit(self, candidates: Frame, number: int) -> None:
        settings, seed = self.settings, self.settings.seed
        ends = settings.period_start + (number + 1) * 86400
        week = settings.day(number).toordinal() // 7
        form = audit_rules.sample(settings, candidates, week, ends)
        form["evaluator"] = audit_rules.assign(settings, self.workforce, form, number)
        form = take(form, form["evaluator"] != NONE)
        audit = form["audit"]
        workdays = np.floor(5 * chance(audit, seed, _SALT_SUBMITTED)) * 86400
        hours = 32_400 + np.floor(28_000 * chance(audit, seed, _SALT_SUBMITTED + 1000))
        form["submitted"] = (ends + workdays + hours).astype(np.int64)
        form["version"] = np.full(len(audit), int(number >= SECOND_VERSION_SINCE), dtype=np.int64)
        spent = 7 + 1.6 * form["talk"] / 60 + 6 * chance(audit, seed, _SALT_MINUTES)
        noted = chance(audit, seed, _SALT_MINUTES + 1000) >= NO_TIME_NOTED
        form["minutes"] = np.where(noted, np.minimum(spent, 90.0).round(1), np.nan)
        done, seen, skipped = audit_rules.look(settings, self.workforce, form, number)
        keys = audit[:, None] * 64 + np.arange(len(ITEMS))
        silent = skipped | (chance(keys, seed, _SALT_NO_ANSWER) < NOT_ANSWERED)
        half = chance(keys, seed, _SALT_HALF) < 0.5
        failed = np.where(silent, np.nan, np.where(half & (_POINTS > 1), _POINTS / 2, 0.0))
        passed = np.where(silent, np.nan, _POINTS)
        is_draft = self._settle(form)
        self._remember(form, np.where(seen, passed, failed), is_draft)
        seen = self._reconsider(form, done, seen)
        points = np.where(seen, passed, failed)
        self._evaluations.append(form)
        self._answers.append((form, points, skipped, done))

    def _settle(self, form: Frame) -> Bools:
        """Let agents dispute some results; return which audits never count."""
        seed, audit, known_until = self.settings.seed, form["audit"], self.settings.known_until
        draw = chance(audit, seed, _SALT_STATUS)
        disputed = draw < DISPUTES
        days = 0.05 + 3 * chance(audit, seed, _SALT_DISPUTE)
        disputed_at = form["submitted"] + np.floor(86400 * days).astype(np.int64)
        days = 2 + 7 * chance(audit, seed, _SALT_RESOLVED)
        settled_at = disputed_at + np.floor(86400 * days).astype(np.int64)
        pending, settled = disputed & (disputed_at <= known_until), disputed & (settled_at <= known_until)
        form["status"] = np.where(pending & ~settled, DISPUTED, SUBMITTED)
        for low, share, status in ((0.5, DRAFTS, DRAFT), (0.6, DELETIONS, DELETED)):
            form["status"][(draw >= low) & (draw < low + share)] = status
        form["updated"] = np.where(pending, disputed_at, form["submitted"] + 30)
        form["updated"] = np.where(settled, settled_at, form["updated"])
        form["submitted"] = np.where(settled, settled_at, form["submitted"])
        form["settled"] = settled.astype(np.int64)
        return np.asarray(np.isin(form["status"], (DRAFT, DELETED)))

    def _reconsider(self, form: Frame, done: Bools, seen: Bools) -> Bools:
        """Return what counts as seen once a dispute is settled."""
        draws = chance(form["audit"][:, None] * 64 + np.arange(len(ITEMS)), self.settings.seed, _SALT_BACK)
        passed = draws < np.where(done, GIVEN_BACK, RECONSIDERED)
        passed[:, PREDICTION] = False
        return np.asarray(seen | ((form["settled"] == 1)[:, None] & passed), dtype=np.bool_)

    def _remember(self, form: Frame, points: Floats, never_counts: Bools) -> None:
        """Keep the scores that coaches look at: of audits drawn at random, as first submitted."""
        rows = np.flatnonzero((form["sampling"] == RANDOM) & ~never_counts)
        weights = np.where(np.isnan(points), 0.0, _WEIGHTS[form["version"]])[rows]
        scores = (weights * np.nan_to_num(points[rows] / _POINTS)).sum(axis=1) / weights.sum(axis=1)
        people, place = np.unique(form["judged"][rows], return_inverse=True)
        if len(people):
            mean = np.bincount(place, weights=scores) / np.bincount(place)
            self.score[people] += MEMORY * (mean - self.score[people])

    def drain(self) -> Tables:
        """Return the audits since the last call, those known at the extract."""
        tables: dict[str, pa.Table] = {}
        if not self._has_form:
            tables |= form_tables(self.settings)
            self._has_form = True
        form = concat(self._evaluations, _FORM_FIELDS)
        known = self.settings.known_until
        form = take(form, form["updated"] <= known)
        answers = _answers_frame(self._answers, known)
        self._evaluations, self._answers = [], []
        tables["qa_evaluations"] = _evaluations_table(form)
        tables["qa_answers"] = _answers_table(answers)
        columns = {name: tables["qa_answers"][name] for name in ("evaluation_id", "item_id")}
        columns["was_done"] = pa.array(answers["done"] == 1)
        tables["truth/qa_answers"] = pa.table(columns, schema=TRUTH_SCHEMAS["truth/qa_answers"])
        if self.settings.defects:
            self._spoil(form, answers, tables)
        return tables

    def _spoil(self, form: Frame, answers: Frame, tables: dict[str, pa.Table]) -> None:
        """Name the wrong agent or an unknown form, and give more points than there are."""
        keys = keys_of(tables["qa_evaluations"], ("evaluation_id",))
        defects = spoiled(self.settings, keys, DEFECTS)
        # The auditor took no part.
        form["judged"] = np.where(defects == WRONG_AGENT, form["evaluator"], form["judged"])
        form["version"] = np.where(defects == UNKNOWN_VERSION, len(FORM_VERSIONS), form["version"])
        answer_keys = keys_of(tables["qa_answers"], ("evaluation_id", "item_id"))
        above = spoiled(self.settings, answer_keys, ANSWER_DEFECTS)
        above[np.isnan(answers["points"])] = NONE
        answers["points"] = np.where(above == NONE, answers["points"], _POINTS[answers["item"]] + 3)
        tables["qa_evaluations"] = _evaluations_table(form)
        tables["qa_answers"] = _answers_table(answers)
        tables["truth/defects"] = pa.concat_tables(
            [
                listed("qa_evaluations", keys, defects, _DEFECT_WORDS),
                listed("qa_answers", answer_keys, above, _ANSWER_WORDS),
            ]
        )

    def close(self) -> Tables:
        """Return nothing: audits after the extract are not known."""
        return {}


def form_tables(settings: Settings) -> dict[str, pa.Table]:
    """Return the items of both versions of the form, and the truth about which of them matter."""
    rows, truth = [], []
    size_of_effect = settings.size_of("quality_items") or 0.0
    for version, version_name in enumerate(FORM_VERSIONS):
        for position, item in enumerate(ITEMS):
            key = (FORM_ID, version_name, ITEM_IDS[position])
            competency = COMPETENCIES[item.competency] if position != PREDICTION else None
            rows.append(
                (
                    *key,
                    item.label,
                    float(item.weights[version]),
                    item.critical,
                    competency,
                    position == PREDICTION,
                )
            )
            moves = item.matters and size_of_effect != 0.0
            truth.append((*key, moves, size_of_effect if moves else 0.0))
    return {
        "qa_form_items": from_rows(SCHEMAS["qa_form_items"], rows),
        "truth/qa_items": from_rows(TRUTH_SCHEMAS["truth/qa_items"], truth),
    }


def _answers_frame(parts: list[tuple[Frame, Floats, Bools, Bools]], known_until: int) -> Frame:
    """Return one row per audit and item, of audits that are known and not drafts."""
    fields = {"audit": "int64", "item": "int64", "points": "float64", "skipped": "int64", "done": "int64"}
    frames = []
    for form, points, skipped, done in parts:
        rows = np.flatnonzero((form["updated"] <= known_until) & (form["status"] != DRAFT))
        frames.append(
            {
                "audit": np.repeat(form["audit"][rows], len(ITEMS)),
                "item": np.tile(np.arange(len(ITEMS), dtype=np.int64), len(rows)),
                "points": points[rows].ravel(),
                "skipped": skipped[rows].ravel().astype(np.int64),
                "done": done[rows].ravel().astype(np.int64),
            }
        )
    return concat(frames, fields)


def _evaluation_ids(frame: Frame) -> pa.Array:
    return ids("QE", frame["audit"], np.ones(len(frame["audit"]), dtype=np.bool_))


def _evaluations_table(form: Frame) -> pa.Table:
    rows = size(form)
    everybody = np.ones(rows, dtype=np.bool_)
    columns = {
        "evaluation_id": _evaluation_ids(form),
        "contact_id": contact_ids(form["number"]),
        "agent_id": ids("A", form["judged"], everybody, digits=5),
        "evaluator_id": ids("A", form["evaluator"], everybody, digits=5),
        "form_id": pa.array([FORM_ID] * rows, TEXT),
        "form_version": coded((*FORM_VERSIONS, "9"), form["version"]),
        "sampling": coded(SAMPLINGS, form["sampling"]),
        "submitted_at": instants(form["submitted"], form["status"] != DRAFT),
        "minutes_spent": numbers(form["minutes"], ~np.isnan(form["minutes"])),
        "status": coded(STATUSES, form["status"]),
        "updated_at": instants(form["updated"]),
    }
    return pa.table(columns, schema=SCHEMAS["qa_evaluations"])


def _answers_table(answers: Frame) -> pa.Table:
    columns = {
        "evaluation_id": _evaluation_ids(answers),
        "item_id": coded(ITEM_IDS, answers["item"]),
        "points": numbers(answers["points"], ~np.isnan(answers["points"])),
        "max_points": numbers(_POINTS[answers["item"]]),
        "is_not_applicable": pa.array(answers["skipped"] == 1),
    }
    return pa.table(columns, schema=SCHEMAS["qa_answers"])
