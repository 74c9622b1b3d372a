"""What the bots' platforms deliver: sessions with the vendor's claim and the evidence, as known at the extract; and,
below ``truth/``, what became of the matter.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cx_metrics.simulator import world
from cx_metrics.simulator.automation import bots
from cx_metrics.simulator.automation.investments import Investments
from cx_metrics.simulator.automation.sessions import (
    ASSUMED,
    INTENTS,
    SESSION_FIELDS,
    VENDOR_OUTCOMES,
    Sessions,
)
from cx_metrics.simulator.automation.technology import TECHNOLOGY_IDS, Technology
from cx_metrics.simulator.columns import COUNT, FLAG, INSTANT, TEXT, coded, counts, flags, ids, instants
from cx_metrics.simulator.contacts.records import Office
from cx_metrics.simulator.defects.contact_defects import TRUTH_SCHEMA
from cx_metrics.simulator.finished import FinishedDay, Tables
from cx_metrics.simulator.frames import NONE, Array, Bools, Floats, Frame, Ints, chance, concat, size, take
from cx_metrics.simulator.world import REASON_CODES

SCHEMAS: dict[str, pa.Schema] = {
    "bot_sessions": pa.schema(
        [
            ("session_id", TEXT),
            ("contact_id", TEXT),
            ("customer_id", TEXT),
            ("technology_id", TEXT),
            ("channel", TEXT),
            ("reason_code", TEXT),
            ("started_at", INSTANT),
            ("ended_at", INSTANT),
            ("turns", COUNT),
            ("is_in_scope", FLAG),
            ("handoff_requested", FLAG),
            ("handed_off_contact_id", TEXT),
            ("vendor_outcome", TEXT),
            ("evidence", TEXT),
            ("intent_signal", TEXT),
            ("model_version", TEXT),
            ("is_test", FLAG),
            ("updated_at", INSTANT),
        ]
    )
}
TRUTH_SCHEMAS: dict[str, pa.Schema] = {
    "truth/bot_sessions": pa.schema(
        [
            ("session_id", TEXT),
            ("need_id", TEXT),
            ("is_truly_resolved", FLAG),
            ("would_have_been_assisted", FLAG),
            ("returned", FLAG),
            ("model_version", TEXT),
        ]
    )
}

ASSUMED_AFTER = 86_400
"""Silence counts as a resolution after a day (Intercom, S46)."""

EVIDENCE = ("task_completed", "customer_confirmed", "reviewed")
REVIEWED = 2
PROVEN, WRONGLY_PROVEN = (0.50, 0.18, 0.12), (0.020, 0.012, 0.013)
"""Shares of sessions with each kind of evidence: of those that settled the matter, and of those that did not."""
REVIEW_DAYS = (2, 9)

UNKNOWN_SCOPE, UNKNOWN_VERSION, UNKNOWN_TURNS = 0.04, 0.03, 0.01
"""Shares of sessions in which the platform does not say."""
ENDED_EARLY, UNKNOWN_LABEL = "ended_before_start", "unknown_outcome"

_SALT_EVIDENCE, _SALT_REVIEW, _SALT_SCOPE, _SALT_VERSION, _SALT_TURNS = range(440, 445)
_SALT_DEFECT, _SALT_WHICH, _SALT_LENGTH = range(445, 448)


class Automation:
    """The bots' platforms, with the meters of all technologies and the investments in them."""

    def __init__(self, office: Office) -> None:
        """Start with no session."""
        self.settings = office.settings
        self._sessions = Sessions(office)
        self.technology = Technology(office.settings)
        self.investments = Investments(office.settings)
        self._kept: list[Frame] = []

    def one_day(self, day: FinishedDay) -> None:
        """Note the sessions of a day, meter what was used, and book what the investments brought."""
        sessions = self._sessions.of_day(day)
        self.technology.one_day(day, sessions)
        self.investments.one_day(day, sessions)
        if day.number >= 0:
            self._kept.append(take(sessions, sessions["is_delivered"]))

    def drain(self) -> Tables:
        """Return the sessions and the metered use since the last call."""
        sessions, self._kept = concat(self._kept, SESSION_FIELDS), []
        return {**self._tables(sessions), **self.technology.drain()}

    def close(self) -> Tables:
        """Return the price lists, and the investments with their cash flows."""
        return {**self.technology.close(), **self.investments.close(self.technology.spent)}

    def _tables(self, sessions: Frame) -> Tables:
        """Return sessions as they are known at the extract, and the truth about them."""
        settings, rows = self.settings, size(sessions)
        key, known_until = sessions["key"], settings.known_until
        outcome, outcome_at, evidence, review_at = self._judged(sessions)
        updated = sessions["closed"].copy()
        outcome_known, review_known = outcome_at <= known_until, review_at <= known_until
        updated = np.where(outcome_known, np.maximum(updated, outcome_at), updated)
        updated = np.where(review_known, np.maximum(updated, review_at), updated)
        evidence = np.where(review_known, evidence, NONE)
        named = np.ones(rows, dtype=np.bool_)
        session_ids = ids("BS", sessions["session"], named)
        version = pc.binary_join_element_wise(
            "v", pa.array(bots.release_of(bots.day_of(settings, sessions["started"])) + 1).cast(TEXT), ""
        )
        has_version = chance(key, settings.seed, _SALT_VERSION) >= UNKNOWN_VERSION
        has_scope = (sessions["turns"] > 0) & (chance(key, settings.seed, _SALT_SCOPE) >= UNKNOWN_SCOPE)
        has_scope &= sessions["reason"] != NONE
        has_turns = chance(key, settings.seed, _SALT_TURNS) >= UNKNOWN_TURNS
        handed = sessions["end"] == bots.HANDED_ON
        table = pa.table(
            {
                "session_id": session_ids,
                "contact_id": ids("C", sessions["contact"], sessions["contact"] != NONE),
                "customer_id": ids("CU", sessions["customer"], sessions["is_known"]),
                "technology_id": coded(TECHNOLOGY_IDS, sessions["technology"]),
                "channel": coded(world.CHANNELS, sessions["channel"]),
                "reason_code": coded(REASON_CODES, sessions["reason"], sessions["reason_known"]),
                "started_at": instants(sessions["started"]),
                "ended_at": instants(sessions["ended"]),
                "turns": counts(sessions["turns"], has_turns | (sessions["turns"] == 0)),
                "is_in_scope": flags(bots.IN_SCOPE[sessions["reason"]].astype(np.int8), has_scope),
                "handoff_requested": pa.array(handed | (sessions["end"] == bots.NOBODY)),
                "handed_off_contact_id": ids("C", sessions["contact"], handed),
                "vendor_outcome": coded(VENDOR_OUTCOMES, outcome, outcome_known),
                "evidence": coded(EVIDENCE, evidence),
                "intent_signal": coded(INTENTS, sessions["intent"]),
                "model_version": pc.if_else(pa.array(has_version), version, pa.scalar(None, TEXT)),
                "is_test": pa.array(sessions["is_test"]),
                "updated_at": instants(updated),
            },
            schema=SCHEMAS["bot_sessions"],
        )
        truth = pa.table(
            {
                "session_id": session_ids,
                "need_id": ids("N", sessions["need"], sessions["need"] != NONE),
                "is_truly_resolved": pa.array(sessions["end"] == bots.SETTLED),
                "would_have_been_assisted": pa.array(sessions["would_ask"]),
                "returned": pa.array(sessions["back"] > bots.NOT_BACK, mask=handed),
                "model_version": version,
            },
            schema=TRUTH_SCHEMAS["truth/bot_sessions"],
        )
        return {**self._spoil(table, sessions), "truth/bot_sessions": truth}

    def _judged(self, sessions: Frame) -> tuple[Array, Ints, Array, Ints]:
        """Return the vendor's outcome and the evidence of sessions, each with the instant from which it is known."""
        seed, key, closed = self.settings.seed, sessions["key"], sessions["closed"]
        outcome = sessions["claim"]
        outcome_at = np.where(outcome == ASSUMED, sessions["ended"] + ASSUMED_AFTER, closed)
        draws = chance(key, seed, _SALT_EVIDENCE)
        settled = sessions["end"] == bots.SETTLED
        proven, wrongly = np.cumsum(PROVEN), np.cumsum(WRONGLY_PROVEN)
        evidence = np.where(
            settled,
            np.searchsorted(proven, draws, side="right"),
            np.searchsorted(wrongly, draws, side="right"),
        )
        bare = (evidence == len(EVIDENCE)) | (sessions["turns"] == 0)
        bare |= np.isin(sessions["end"], (bots.HANDED_ON, bots.NOBODY))
        evidence = np.where(bare, NONE, evidence)
        first, last = REVIEW_DAYS
        days: Floats = first + (last - first) * chance(key, seed, _SALT_REVIEW)
        review_at = np.where(
            evidence == REVIEWED, sessions["ended"] + np.floor(days * 86400).astype(np.int64), closed
        )
        return outcome, outcome_at, evidence, review_at

    def _spoil(self, table: pa.Table, sessions: Frame) -> Tables:
        """Spoil the wanted share of rows, and list them."""
        rate = self.settings.defects
        if not rate:
            return {"bot_sessions": table}
        hit = chance(sessions["key"], self.settings.seed, _SALT_DEFECT) < rate
        first = chance(sessions["key"], self.settings.seed, _SALT_WHICH) < 0.5
        early: Bools = hit & first & (sessions["turns"] > 0)
        label: Bools = hit & ~first
        seconds = 1 + np.floor(600 * chance(sessions["key"], self.settings.seed, _SALT_LENGTH)).astype(
            np.int64
        )
        table = _replace(table, "ended_at", early, instants(sessions["started"] - seconds))
        table = _replace(table, "vendor_outcome", label, pa.array(["deflected"] * len(label), TEXT))
        keys = table["session_id"]
        listed = []
        for rows, defect, text in (
            (early, ENDED_EARLY, "ended_at was delivered before started_at"),
            (label, UNKNOWN_LABEL, "vendor_outcome was delivered as deflected, which is not in the list"),
        ):
            found = keys.filter(pa.array(rows)).combine_chunks()
            same = [pa.array([value] * len(found), TEXT) for value in ("bot_sessions", defect, text)]
            listed.append(pa.table([same[0], found.cast(TEXT), same[1], same[2]], schema=TRUTH_SCHEMA))
        return {"bot_sessions": table, "truth/defects": pa.concat_tables(listed)}


def _replace(table: pa.Table, column: str, rows: Bools, values: pa.Array) -> pa.Table:
    position = table.schema.get_field_index(column)
    return table.set_column(
        position, table.schema.field(position), pc.if_else(pa.array(rows), values, table[column])
    )
