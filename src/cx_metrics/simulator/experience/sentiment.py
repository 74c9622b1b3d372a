"""Sentiment of transcripts: what two engines make of the customer's side of a conversation.

The outsourcers' platform scores from -100 to 100, the company's own from -5 to 5. Both change their model on one day;
the company's own scores the last two weeks again with the new one.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from cx_metrics.simulator import world
from cx_metrics.simulator.columns import (
    FLAG,
    INSTANT,
    NUMBER,
    TEXT,
    coded,
    contact_ids,
    flags,
    instants,
    numbers,
)
from cx_metrics.simulator.contacts.records import Office
from cx_metrics.simulator.defects.deliveries import keys_of
from cx_metrics.simulator.defects.spoiling import listed, spoiled
from cx_metrics.simulator.experience.experience import USUAL, Experience
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
    normal,
    size,
    take,
)

SCHEMAS: dict[str, pa.Schema] = {
    "contact_sentiment": pa.schema(
        [
            ("contact_id", TEXT),
            ("engine", TEXT),
            ("engine_version", TEXT),
            ("mean_score", NUMBER),
            ("first_quarter_score", NUMBER),
            ("last_quarter_score", NUMBER),
            ("has_confusion", FLAG),
            ("has_frustration", FLAG),
            ("has_low_confidence", FLAG),
            ("scored_at", INSTANT),
        ]
    ),
}

ENGINES = ("contact_lens", "genesys")
OWN, OUTSOURCED = range(2)
VERSIONS = ("2023-10", "2024-06", "v3", "v4")
"""Versions before and after the change, of both engines."""
NEW_MODEL_SINCE = 130
SCORED_AGAIN_DAYS = 14
TRANSCRIBED = 0.80
"""Share of conversations that have a transcript."""
REACH = (5.0, 100.0)
"""The scales end at minus and plus this."""
SPREAD = (1.9, 34.0)
"""Points of the engine's scale per point of satisfaction."""
SHIFT = (0.45, -6.0)
"""What the new model adds to every score: a break that is no change of the customers."""
NOISE = (1.9, 36.0)

DEFECTS = {"other_scale": 1.0}
_DEFECT_WORDS = {"other_scale": "scores delivered at fifty times their size, outside the engine's scale"}
_SALT_TRANSCRIPT, _SALT_NOISE, _SALT_FLAG, _SALT_SCORED = 250, 251, 254, 258
_FIELDS = dict.fromkeys(
    ("number", "engine", "version", "confusion", "frustration", "doubt", "scored"), "int64"
) | dict.fromkeys(("mean", "first", "last"), "float64")
_TOLD = (
    dict.fromkeys(("number", "resolved", "ended", "day"), "int64")
    | dict.fromkeys(("satisfaction", "effort"), "float64")
    | dict.fromkeys(("again", "bot", "outsourced"), "bool")
)
_OUTSOURCED_LANE = np.array([lane.bpo is not None for lane in world.LANES])


class Sentiment:
    """Scores the transcripts of every day."""

    def __init__(self, office: Office, experience: Experience) -> None:
        """Start with nothing scored."""
        self.settings = office.settings
        self.experience = experience
        self._told: list[Frame] = []

    def one_day(self, day: FinishedDay) -> None:
        """Score the day's conversations with a transcript."""
        records, work = day.records, day.work
        rows = np.flatnonzero(
            day.is_delivered
            & (records["direction"] != world.INTERNAL)
            & (work["last_agent"] != NONE)
            & (work["talk"] + work["messages"] > 0)
            & ~records["test"]
            & (records["exclusion"] == NONE)
            & (chance(records["number"], self.settings.seed, _SALT_TRANSCRIPT) < TRANSCRIBED)
        )
        if not len(rows):
            return
        lane = work["lane"][rows]
        outsourced = (lane != NONE) & _OUTSOURCED_LANE[lane] & (self.settings.vendors > 0)
        told = {name: self.experience.today[name][rows] for name in ("satisfaction", "effort")}
        told |= {"number": records["number"][rows], "resolved": records["resolved"][rows]}
        told |= {"again": records["attempt"][rows] > 0, "bot": work["bot"][rows] > 0}
        told |= {"ended": records["worked_until"][rows], "outsourced": outsourced}
        told["day"] = np.full(len(rows), day.number, dtype=np.int64)
        self._told.append(told)

    def _scored(self, told: Frame) -> Frame:
        """Return the scores of conversations, and those of the second scoring by the new model."""
        since = told["day"] - NEW_MODEL_SINCE
        again = take(told, ~told["outsourced"] & (since < 0) & (since >= -SCORED_AGAIN_DAYS))
        second = self._score(again, np.ones(size(again), dtype=np.bool_))
        changed_at = self.settings.period_start + NEW_MODEL_SINCE * 86400
        second["scored"] = changed_at + again["number"] % 3600
        return concat([self._score(told, since >= 0), second], _FIELDS)

    def _score(self, told: Frame, is_new: Bools) -> Frame:
        seed, number = self.settings.seed, told["number"]
        engine = told["outsourced"].astype(np.int64)
        settled = np.where(told["resolved"] == 1, 0.35, np.where(told["resolved"] == 0, -0.45, -0.10))
        middle = told["satisfaction"] - USUAL + 0.35
        first = middle - settled - 0.35 * told["again"] - 0.25 * told["bot"]
        last = middle + settled
        seconds = 120 + np.floor(1800 * chance(number, seed, _SALT_SCORED)).astype(np.int64)
        hesitant = _happens(number, seed, 0, -3.4 + 0.8 * (told["effort"] - 1.6))
        angry = _happens(number, seed, 1, -2.6 + 0.7 * (told["effort"] - 1.6) - 0.9 * middle)
        doubtful = _happens(number, seed, 2, np.where(told["resolved"] == 1, -3.1, -0.9))
        # The outsourcers' engine looked for none of the three before its new version.
        looked = (engine == OWN) | is_new
        return {
            "number": number,
            "engine": engine,
            "version": 2 * engine + is_new,
            "mean": self._points(middle, number, engine, is_new, 0),
            "first": self._points(first, number, engine, is_new, 1),
            "last": self._points(last, number, engine, is_new, 2),
            "confusion": np.where(looked, hesitant, NONE),
            "frustration": np.where(looked, angry, NONE),
            "doubt": np.where(looked, doubtful, NONE),
            "scored": told["ended"] + seconds,
        }

    def _points(self, value: Floats, number: Array, engine: Ints, is_new: Bools, part: int) -> Floats:
        """Return a feeling on the engine's scale."""
        spread, noise, shift, reach = (np.array(by_engine) for by_engine in (SPREAD, NOISE, SHIFT, REACH))
        points = spread[engine] * value + noise[engine] * normal(
            number, self.settings.seed, _SALT_NOISE + part
        )
        points += shift[engine] * is_new
        return np.asarray(np.clip(points, -reach[engine], reach[engine]).round(2))

    def drain(self) -> Tables:
        """Return the scores since the last call, those known at the extract."""
        frame = self._scored(concat(self._told, _TOLD))
        self._told = []
        frame = take(frame, frame["scored"] <= self.settings.known_until)
        table = _table(frame)
        if not self.settings.defects:
            return {"contact_sentiment": table}
        keys = keys_of(table, ("contact_id", "engine", "engine_version"))
        defects = spoiled(self.settings, keys, DEFECTS)
        # Nothing is off the scale at fifty times nought.
        defects[np.abs(frame["mean"]) * 50 <= np.array(REACH)[frame["engine"]]] = NONE
        for name in ("mean", "first", "last"):
            frame[name] = np.where(defects == NONE, frame[name], 50 * frame[name])
        truth = listed("contact_sentiment", keys, defects, _DEFECT_WORDS)
        return {"contact_sentiment": _table(frame), "truth/defects": truth}

    def close(self) -> Tables:
        """Return nothing: scores after the extract are not known."""
        return {}


def _happens(number: Array, seed: int, kind: int, odds: Floats) -> Ints:
    draws = chance(number, seed, _SALT_FLAG + kind)
    return np.asarray(draws < 1.0 / (1.0 + np.exp(-odds)), dtype=np.int64)


def _table(frame: Frame) -> pa.Table:
    columns = {
        "contact_id": contact_ids(frame["number"]),
        "engine": coded(ENGINES, frame["engine"]),
        "engine_version": coded(VERSIONS, frame["version"]),
        "mean_score": numbers(frame["mean"]),
        "first_quarter_score": numbers(frame["first"]),
        "last_quarter_score": numbers(frame["last"]),
        "has_confusion": flags(frame["confusion"]),
        "has_frustration": flags(frame["frustration"]),
        "has_low_confidence": flags(frame["doubt"]),
        "scored_at": instants(frame["scored"]),
    }
    return pa.table(columns, schema=SCHEMAS["contact_sentiment"])
