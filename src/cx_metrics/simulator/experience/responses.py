"""Survey responses: who answers how late, how far they get, who changes an answer or answers twice."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from cx_metrics.simulator import world
from cx_metrics.simulator.columns import INSTANT, NUMBER, TEXT, coded, ids, instants, numbers
from cx_metrics.simulator.defects.deliveries import keys_of
from cx_metrics.simulator.defects.spoiling import left_alone, listed, spoiled
from cx_metrics.simulator.experience.comments import SENTENCES, THEMES, comments
from cx_metrics.simulator.experience.questions import MAIN, PRODUCT, QUESTIONS, answers, order_of
from cx_metrics.simulator.frames import NONE, Array, Floats, Frame, Ints, blank, chance, concat, normal, take
from cx_metrics.simulator.settings import Settings

ANSWERS_SCHEMA = pa.schema(
    [
        ("response_id", TEXT),
        ("question_id", TEXT),
        ("invitation_id", TEXT),
        ("customer_id", TEXT),
        ("contact_id", TEXT),
        ("answered_at", INSTANT),
        ("score", NUMBER),
        ("verbatim", TEXT),
        ("theme", TEXT),
        ("product_line_id", TEXT),
        ("updated_at", INSTANT),
    ]
)

GOES_ON = 0.94
"""Chance to go on after each question; who does not, breaks off."""
SKIPS = 0.015
LATE = 0.035
"""Share of answers 9 to 40 days after the invitation; a survey closes after 14 days by default."""
REVISES, ANSWERS_TWICE = 0.02, 0.012

DEFECTS = {"wrong_scale": 0.40, "answered_twice": 0.35, "changed_answer": 0.25}
_DEFECT_WORDS = {
    "wrong_scale": "score delivered as 100 plus twenty times itself, outside the question's scale",
    "answered_twice": "the same answer was delivered under another response_id as well",
    "changed_answer": "an earlier version with another score is delivered as well",
}
WRONG_SCALE, TWICE, CHANGED = range(3)
_KEY = ("response_id", "question_id")
_TWIN_KEYS = 18 * 10**14
_SALT_LAG, _SALT_BREAK, _SALT_SKIP, _SALT_REVISES, _SALT_TWICE, _SALT_LINK = 234, 235, 236, 237, 238, 239

ANSWER_FIELDS = {
    "response": "int64",
    "question": "int64",
    "key": "int64",
    "number": "int64",
    "customer": "int64",
    "answered": "int64",
    "updated": "int64",
    "score": "float64",
    "first_score": "float64",
    "sentence": "int64",
    "theme": "int64",
    "product": "int64",
}


def respond(settings: Settings, invited: Frame) -> Frame:
    """Return the answers of all who answer, question by question."""
    seed = settings.seed
    told = take(invited, invited["answers"])
    answered = told["sent"] + answer_lag(told["key"], seed)
    rows = _fill_in(settings, told, answered, second=False)
    twice = chance(told["key"], seed, _SALT_TWICE) < ANSWERS_TWICE
    again = take(told, twice)
    wait = np.floor(86400 * (0.1 + 6 * chance(again["key"], seed, _SALT_TWICE + 1000)))
    rows += _fill_in(settings, again, answered[twice] + wait.astype(np.int64), second=True)
    return concat(rows, ANSWER_FIELDS)


def _fill_in(settings: Settings, told: Frame, answered: Ints, *, second: bool) -> list[Frame]:
    """Let people answer one question after the other until they break off."""
    seed, key = settings.seed, told["key"]
    response = 2 * key + int(second)
    goes_on = np.floor(np.log1p(-chance(response, seed, _SALT_BREAK)) / np.log(GOES_ON)).astype(np.int64)
    places = np.zeros(len(key), dtype=np.int64)
    given = []
    link = chance(response, seed, _SALT_LINK)
    if second:
        # Who answers twice thinks again: other noise, first questions only.
        told = told | {"key": key + 5 * 10**15}
        goes_on = np.minimum(goes_on, 1)
    revises = chance(response, seed, _SALT_REVISES)
    for question, asked in order_of(settings, told):
        rows = np.flatnonzero(asked & (places <= goes_on))
        places += asked
        if not len(rows):
            continue
        part = take(told, rows)
        score = answers(settings, part, question)
        first_score = score.copy()
        row = blank(ANSWER_FIELDS, len(rows))
        row["updated"] = answered[rows] + 2 + places[rows]
        if question in MAIN:
            row["sentence"], row["theme"] = comments(settings, response[rows], part)
            _revise(settings, row, score, question, revises[rows])
        else:
            skips = chance(response[rows] * 32 + question, seed, _SALT_SKIP) < SKIPS
            score[skips] = np.nan
            first_score[skips] = np.nan
        row["response"], row["question"][:] = response[rows], question
        row["key"] = np.where(link[rows] < 0.97, key[rows], NONE)
        row["customer"] = np.where((link[rows] * 100) % 1 < 0.96, part["customer"], NONE)
        row["number"] = part["number"]
        row["answered"] = answered[rows]
        row["score"], row["first_score"] = score, first_score
        row["product"] = np.where(question == PRODUCT, part["product"], NONE)
        given.append(row)
    return given


def _revise(settings: Settings, row: Frame, score: Floats, question: int, draw: Floats) -> None:
    """Let some change their mind days later, if that is known by the extract."""
    lowest, highest = QUESTIONS[question].lowest or 0.0, QUESTIONS[question].highest or 1.0
    later = row["updated"] + np.floor(86400 * (0.2 + 120 * draw)).astype(np.int64)
    changes = (draw < REVISES) & (later <= settings.known_until)
    up = np.where((draw * 1e4) % 1 < 0.4, 1.0, -1.0)
    score[changes] = np.clip(score + up, lowest, highest)[changes]
    row["updated"] = np.where(changes, later, row["updated"])


def answer_lag(keys: Array, seed: int) -> Ints:
    """Return the seconds from invitation to answer: median five hours, some only after a reminder."""
    hours = 5.0 * np.exp(1.3 * normal(keys, seed, _SALT_LAG))
    late = chance(keys, seed, _SALT_LAG + 2000)
    days = np.where(late < LATE, 9 + 31 * late / LATE, np.minimum(hours / 24, 13.0))
    return np.asarray(np.floor(60 + 86400 * days), dtype=np.int64)


def spoil_answers(settings: Settings, given: Frame) -> tuple[pa.Table, pa.Table]:
    """Return the answers, some on a wrong scale, twice or with an earlier version, and the list of those."""
    keys = keys_of(answers_table(given), _KEY)
    defects = spoiled(settings, keys, DEFECTS)
    has_score = ~np.isnan(given["score"])
    measured = np.array([question.instrument is not None for question in QUESTIONS])[given["question"]]
    defects[~has_score & np.isin(defects, (WRONG_SCALE, CHANGED))] = NONE
    defects[~measured & (defects == WRONG_SCALE)] = NONE
    given["score"] = np.where(defects == WRONG_SCALE, 100 + 20 * given["score"], given["score"])
    older = take(given, defects == CHANGED)
    older["updated"] = older["answered"] + 1
    lowest = np.array([question.lowest or 0.0 for question in QUESTIONS])[older["question"]]
    other = np.where(older["score"] > lowest, older["score"] - 1, older["score"] + 1)
    was_revised = older["first_score"] != older["score"]
    older["score"] = np.where(was_revised, older["first_score"], other)
    twin = take(given, defects == TWICE)
    twin["response"] = twin["response"] + _TWIN_KEYS
    twin_keys = keys_of(answers_table(twin), _KEY)
    kept = left_alone(settings, twin_keys)
    defects[defects == TWICE] = NONE
    twin, twin_keys = take(twin, kept), twin_keys.filter(pa.array(kept))
    truth = [
        listed("survey_answers", keys, defects, _DEFECT_WORDS),
        listed("survey_answers", twin_keys, np.full(len(twin_keys), TWICE), _DEFECT_WORDS),
    ]
    deliveries = pa.concat_tables(answers_table(part) for part in (given, older, twin))
    return deliveries, pa.concat_tables(truth)


def answers_table(given: Frame) -> pa.Table:
    """Return answers as the survey platform delivers them."""
    columns = {
        "response_id": ids_of("SR", given["response"]),
        "question_id": coded(tuple(question.question_id for question in QUESTIONS), given["question"]),
        "invitation_id": ids_of("SI", given["key"]),
        "customer_id": ids_of("CU", given["customer"]),
        "contact_id": ids("C", given["number"], given["number"] != NONE),
        "answered_at": instants(given["answered"]),
        "score": numbers(given["score"], ~np.isnan(given["score"])),
        "verbatim": coded(SENTENCES, given["sentence"]),
        "theme": coded(THEMES, given["theme"]),
        "product_line_id": coded(tuple(line[0] for line in world.PRODUCT_LINES), given["product"]),
        "updated_at": instants(given["updated"]),
    }
    return pa.table(columns, schema=ANSWERS_SCHEMA)


def ids_of(prefix: str, keys: Array) -> pa.Array:
    """Return ids, null for NONE."""
    return ids(prefix, keys, keys != NONE)
