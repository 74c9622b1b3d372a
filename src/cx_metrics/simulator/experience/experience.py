"""How a contact felt: the satisfaction and effort that surveys, sentiment, quality and churn all follow from.

Both are latent: only ``truth/`` shows them. They follow from what happened (settled or not, the wait, hand-overs,
earlier attempts, who served and how well) and from a disposition that belongs to the customer.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from cx_metrics.simulator import world
from cx_metrics.simulator.columns import (
    COUNT,
    FLAG,
    NUMBER,
    TEXT,
    coded,
    contact_ids,
    counts,
    flags,
    ids,
    numbers,
)
from cx_metrics.simulator.contacts.records import Office
from cx_metrics.simulator.finished import FinishedDay, Tables
from cx_metrics.simulator.frames import NONE, Array, Bools, Floats, Frame, Ints, concat, normal, take
from cx_metrics.simulator.quality.form_items import DONE, THAT_MATTER, performed
from cx_metrics.simulator.settings import Settings

TRUTH_SCHEMAS: dict[str, pa.Schema] = {
    "truth/contacts": pa.schema(
        [
            ("contact_id", TEXT),
            ("need_id", TEXT),
            ("attempt", COUNT),
            ("customer_id", TEXT),
            ("reason_code", TEXT),
            ("is_resolved", FLAG),
            ("satisfaction", NUMBER),
            ("effort", NUMBER),
            ("vendor_gap_effect", NUMBER),
            ("quality_items_effect", NUMBER),
        ]
    ),
}
"""The truth about every finished contact record.

``is_resolved`` is null where a later record continues this one. Satisfaction and effort, from 1 to 5, are null where
no customer was there to feel anything; the effects are the named effects' shares of satisfaction before it is
clipped to its scale.
"""

SETTLED, UNSETTLED = 4.20, 2.80
"""Satisfaction of an undisturbed contact that settled the matter, and of one that did not."""
MOOD, DISPOSITION, WARMTH = 0.50, 0.35, 0.12
"""Standard deviations: of the moment, of the customer over all contacts, of agents over theirs."""
PER_WAITING_MINUTE, PER_WAITING_HOUR = -0.06, -0.02
"""Per minute in a live queue, per hour until a written answer; up to 15 minutes and 24 hours."""
PER_ATTEMPT, PER_MOVE, PER_HOLD_MINUTE = -0.25, -0.20, -0.10
MEMORY = 0.35
"""Weight of the newest contact in how a customer feels about the company as a whole."""
USUAL = 3.80
"""How a customer without contacts feels on average."""

_SALT_MOOD, _SALT_DISPOSITION, _SALT_EFFORT, _SALT_WARMTH = 61, 62, 63, 200
_LONG_AGO = -100_000
_FIELDS = ("number", "need", "attempt", "customer", "reason", "resolved")


def feelings(settings: Settings, day: FinishedDay) -> Frame:
    """Return ``satisfaction`` and ``effort`` per record, both continuous on a scale from 1 to 5.

    A record that a later one continues (``resolved`` is NONE) is felt as if it were not settled yet; only the
    last record of a contact should be asked about. ``gap`` and ``items`` are what the named effects
    vendor_quality_gap and quality_items added to satisfaction before it was clipped to its scale.
    """
    records, work = day.records, day.work
    number, seed = records["number"], settings.seed
    resolved = records["resolved"] == 1
    again = np.clip(records["attempt"], 0, 4)
    moves = np.clip(work["legs"] - 1, 0, 3)
    live = np.isin(records["channel"], (world.VOICE, world.CHAT))
    minutes = np.where(live, work["wait"] / 60.0, 0.0)
    hours = np.where(live, 0.0, work["wait"] / 3600.0)
    served = work["last_agent"] != NONE
    gap, items = _vendor_gap(settings, day), _quality(settings, day)
    satisfaction = (
        np.where(resolved, SETTLED, UNSETTLED)
        + MOOD * normal(number, seed, _SALT_MOOD)
        + disposition(settings, np.maximum(records["customer"], 0))
        + np.where(served, WARMTH * normal(work["last_agent"], seed, _SALT_WARMTH), 0.0)
        + PER_WAITING_MINUTE * np.minimum(minutes, 15.0)
        + PER_WAITING_HOUR * np.minimum(hours, 24.0)
        + PER_ATTEMPT * again
        + PER_MOVE * moves
        + PER_HOLD_MINUTE * np.minimum(work["hold"], 600) / 60.0
        + gap
        + items
    )
    effort = (
        1.6
        + np.where(resolved, 0.0, 1.1)
        + 0.55 * again
        + 0.40 * moves
        + 0.05 * np.minimum(minutes, 20.0)
        + np.where(served & (work["bot"] > 0), 0.20, 0.0)
        + 0.45 * normal(number, seed, _SALT_EFFORT)
    )
    return {
        "satisfaction": np.clip(satisfaction, 1.0, 5.0),
        "effort": np.clip(effort, 1.0, 5.0),
        "gap": gap,
        "items": items,
    }


def disposition(settings: Settings, customer: Array) -> Floats:
    """Return how much more satisfied than others a customer always is."""
    return np.asarray(DISPOSITION * normal(customer, settings.seed, _SALT_DISPOSITION))


def lanes_with_gap(settings: Settings) -> Bools:
    """Tell which lanes the outsourcer staffs whose customers are less satisfied than its audits say."""
    outsourcer = settings.vendor_of(0)
    return np.array(
        [outsourcer != world.IN_HOUSE and settings.vendor_of(lane.bpo) == outsourcer for lane in world.LANES]
    )


def asked_about(day: FinishedDay) -> Bools:
    """Tell which records are conversations of customers with agents that may be surveyed, scored and audited."""
    records = day.records
    return np.asarray(
        day.is_delivered
        & (records["direction"] == world.INBOUND)
        & (records["resolved"] != NONE)
        & (day.work["last_agent"] != NONE)
        & (day.work["lane"] != NONE)
        & ~records["test"]
        & (records["exclusion"] == NONE),
        dtype=np.bool_,
    )


def _vendor_gap(settings: Settings, day: FinishedDay) -> Floats:
    size = settings.size_of("vendor_quality_gap", day.number)
    lane = day.work["lane"]
    if size is None:
        return np.zeros(len(lane))
    return np.where((lane != NONE) & lanes_with_gap(settings)[lane], size, 0.0)


def _quality(settings: Settings, day: FinishedDay) -> Floats:
    """Return what the items of the quality form that matter add: nothing on average."""
    size = settings.size_of("quality_items", day.number)
    agent = day.work["last_agent"]
    served = np.flatnonzero(agent != NONE)
    moved = np.zeros(len(agent))
    if size is not None and len(served):
        done = performed(settings, day.records["number"][served], agent[served], THAT_MATTER)
        moved[served] = size * (done - DONE[THAT_MATTER]).sum(axis=1)
    return moved


class Experience:
    """Keeps how every customer feels about the company, and writes the truth about contacts.

    ``today`` holds the feelings of the day's records, ``relation`` the feeling of every customer about the company
    (from 1 to 5, a fading mean over contacts), ``seen`` the day of the customer's last contact.
    """

    def __init__(self, office: Office) -> None:
        """Start with customers who feel as their disposition makes them."""
        self.settings = office.settings
        everybody = np.arange(len(office.population.customers["region"]), dtype=np.int64)
        self.relation = USUAL + disposition(self.settings, everybody)
        self.seen: Ints = np.full(len(everybody), _LONG_AGO, dtype=np.int64)
        self.today: Frame = {}
        self._truth: list[Frame] = []

    def one_day(self, day: FinishedDay) -> None:
        """Feel the contacts of a day."""
        self.today = feelings(self.settings, day)
        records = day.records
        human = (records["customer"] != NONE) & ~records["test"] & (records["exclusion"] == NONE)
        felt = human & (records["direction"] == world.INBOUND)
        self._remember(records["customer"], felt & (records["resolved"] != NONE), day.number)
        if day.is_delivered.any():
            frame = {name: records[name] for name in _FIELDS} | self.today | {"felt": felt}
            self._truth.append(take(frame, day.is_delivered))

    def _remember(self, customer: Array, felt: Bools, number: int) -> None:
        people, place = np.unique(customer[felt], return_inverse=True)
        if len(people):
            total = np.bincount(place, weights=self.today["satisfaction"][felt])
            new = total / np.bincount(place)
            self.relation[people] += MEMORY * (new - self.relation[people])
            self.seen[people] = number

    def drain(self) -> Tables:
        """Return the truth about the contacts since the last call."""
        fields = dict.fromkeys((*_FIELDS, "reason", "resolved", "felt"), "int64")
        fields |= dict.fromkeys(("satisfaction", "effort", "gap", "items"), "float64")
        frame = concat(self._truth, fields)
        self._truth = []
        felt = frame["felt"].astype(np.bool_)
        columns = {
            "contact_id": contact_ids(frame["number"]),
            "need_id": ids("N", frame["need"], frame["need"] != NONE),
            "attempt": counts(frame["attempt"]),
            "customer_id": ids("CU", frame["customer"], frame["customer"] != NONE),
            "reason_code": coded(world.REASON_CODES, frame["reason"]),
            "is_resolved": flags(frame["resolved"]),
            "satisfaction": numbers(frame["satisfaction"].round(4), felt),
            "effort": numbers(frame["effort"].round(4), felt),
            "vendor_gap_effect": numbers(frame["gap"].round(4), felt),
            "quality_items_effect": numbers(frame["items"].round(4), felt),
        }
        return {"truth/contacts": pa.table(columns, schema=TRUTH_SCHEMAS["truth/contacts"])}

    def close(self) -> Tables:
        """Return nothing: all is known at once."""
        return {}
