"""Bad input: what platforms deliver wrong, late or twice, and the list of every row that was spoiled.

Which rows are spoiled depends on the seed and the row's own key, so it is the same however long the
simulation is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cx_metrics.simulator.contacts.tables import SCHEMAS
from cx_metrics.simulator.frames import Array, Bools, Floats, Ints, chance, cumulate, pick
from cx_metrics.simulator.settings import Settings

TRUTH_SCHEMA = pa.schema(
    [("table", pa.string()), ("key", pa.string()), ("defect", pa.string()), ("description", pa.string())]
)

CONTACT_DEFECTS = {
    "duplicate_delivery": 0.22,
    "stale_delivery": 0.22,
    "late_correction": 0.20,
    "unknown_channel": 0.12,
    "unknown_queue": 0.12,
    "missing_required": 0.12,
}
SEGMENT_DEFECTS = {
    "missing_agent": 0.22,
    "negative_duration": 0.15,
    "overlapping": 0.15,
    "wrap_never_closed": 0.10,
    "orphan_segment": 0.08,
    "unknown_queue": 0.08,
    "missing_required": 0.08,
    "duplicate_delivery": 0.07,
    "stale_delivery": 0.07,
}
LATE = "late_version"
UNKNOWN_CHANNEL, UNKNOWN_QUEUE = "fax", "q_unknown"
_REQUIRED_CONTACT = ("contact_id", "channel", "direction", "started_at", "updated_at")
_REQUIRED_SEGMENT = ("contact_id", "segment_number", "kind", "started_at")
_SECOND = 1_000_000

Truth = list[tuple[str, str, str, str]]


class _Rows:
    """A table being spoiled: changes in place, and more deliveries below it."""

    def __init__(self, name: str, table: pa.Table, keys: list[str], salt: Ints, settings: Settings) -> None:
        self.name = name
        self.table = table
        self.keys = keys
        self.known_until = settings.known_until * _SECOND
        self._seed = settings.seed
        self._salt = salt
        self.truth: Truth = []
        self.more: list[pa.Table] = []

    def draw(self, salt: int) -> Floats:
        """Return a number in [0, 1) per row, always the same for the same row."""
        return chance(self._salt, self._seed, salt)

    def micros(self, column: str) -> Ints:
        """Return an instant column as microseconds; 0 where it is null."""
        return np.asarray(pc.fill_null(self.table[column].cast(pa.int64()), 0).to_numpy(), dtype=np.int64)

    def has(self, column: str) -> Bools:
        """Tell where a column is not null."""
        return np.asarray(pc.is_valid(self.table[column]).to_numpy(), dtype=np.bool_)

    def put(self, column: str, rows: Bools, value: Any) -> None:
        """Replace a column's value in some rows by a value (None is null) or by microseconds per row."""
        self.table = _put(self.table, column, rows, value)

    def deliver(self, rows: Bools, changes: dict[str, Any]) -> None:
        """Add one more delivery of some rows, with changed columns."""
        extra = self.table
        for column, value in changes.items():
            extra = _put(extra, column, rows, value)
        self.more.append(extra.filter(pa.array(rows)))

    def note(self, rows: Bools, defect: str, describe: str | Callable[[int], str]) -> None:
        """List spoiled rows in the truth."""
        for row in np.flatnonzero(rows).tolist():
            text = describe if isinstance(describe, str) else describe(row)
            self.truth.append((self.name, self.keys[row], defect, text))

    def all_deliveries(self) -> pa.Table:
        """Return the rows followed by the additional deliveries."""
        return pa.concat_tables([self.table, *self.more])


def _put(table: pa.Table, column: str, rows: Bools, value: Any) -> pa.Table:
    position = table.schema.get_field_index(column)
    kind = table.schema.field(position).type
    if isinstance(value, np.ndarray):
        replacement: Any = pa.array(value).cast(kind)
    else:
        replacement = pa.scalar(value, kind)
    return table.set_column(
        position, table.schema.field(position), pc.if_else(pa.array(rows), replacement, table[column])
    )


def spoil(
    settings: Settings, contacts: pa.Table, segments: pa.Table, numbers: Ints, segment_of: Ints
) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Return contacts and segments with the wanted shares of defects and late versions, and the truth about
    them.

    ``numbers`` and ``segment_of`` are the contact record numbers of the rows. Every row is spoiled at most
    once.
    """
    ids = contacts["contact_id"].to_pylist() if settings.defects or settings.late else []
    if (not ids and not segments.num_rows) or not (settings.defects or settings.late):
        return contacts, segments, TRUTH_SCHEMA.empty_table()
    nth = segments["segment_number"].to_numpy().astype(np.int64)
    segment_ids = segments["contact_id"].to_pylist()
    calls = _Rows("contacts", contacts, ids, numbers, settings)
    parts = _Rows(
        "contact_segments",
        segments,
        [f"{contact}|{number}" for contact, number in zip(segment_ids, nth.tolist(), strict=True)],
        segment_of * 64 + nth,
        settings,
    )
    _spoil_contacts(settings, calls)
    _spoil_segments(settings, parts)
    truth = calls.truth + parts.truth
    columns = list(zip(*truth, strict=True)) if truth else [(), (), (), ()]
    listed = pa.table([pa.array(list(column), pa.string()) for column in columns], schema=TRUTH_SCHEMA)
    return calls.all_deliveries(), parts.all_deliveries(), listed


def _choose(rows: _Rows, shares: dict[str, float], rate: float, able: dict[str, Array]) -> dict[str, Bools]:
    """Return the rows of each defect; a defect that a row cannot have becomes a duplicate delivery."""
    names = list(shares)
    kind = pick(cumulate(list(shares.values())), rows.draw(12))
    dirty = rows.draw(11) < rate
    for i, name in enumerate(names):
        if name in able:
            kind = np.where((kind == i) & ~able[name], names.index("duplicate_delivery"), kind)
    return {name: np.asarray(dirty & (kind == i), dtype=np.bool_) for i, name in enumerate(names)}


def _missing(rows: _Rows, hit: Bools, columns: tuple[str, ...]) -> None:
    which = np.floor(rows.draw(13) * len(columns)).astype(np.int64)
    rows.note(hit, "missing_required", lambda row: f"{columns[which[row]]} was delivered empty")
    for i, column in enumerate(columns):
        rows.put(column, hit & (which == i), None)


def _later(rows: _Rows, salt: int, hours: int) -> Ints:
    """Return per row when a corrected version is delivered: up to so many hours after the first."""
    delay = 3600 + np.floor(rows.draw(salt) * (hours - 1) * 3600).astype(np.int64)
    return np.asarray(rows.micros("updated_at") + delay * _SECOND)


def _two_versions(rows: _Rows, hit: Bools, defect: str, hours: int, first: dict[str, Any], what: str) -> None:
    """Let rows come first in a version with other values, and corrected later, where that is before the
    extract.
    """
    second_at = _later(rows, 14, hours)
    in_time = second_at <= rows.known_until
    rows.deliver(hit & in_time, {"updated_at": second_at})
    for column, value in first.items():
        rows.put(column, hit, value)
    rows.note(
        hit,
        defect,
        lambda row: (
            f"{what}; the corrected version {'came later' if in_time[row] else 'is not delivered yet'}"
        ),
    )


def _spoil_contacts(settings: Settings, rows: _Rows) -> None:
    channel = rows.table["channel"]
    queue = rows.table["queue_id"]
    is_final = rows.has("ended_at")
    hits = _choose(
        rows,
        CONTACT_DEFECTS,
        settings.defects,
        {"unknown_queue": rows.has("queue_id"), "late_correction": is_final, "stale_delivery": is_final},
    )
    tells = rows.has("reason_code") | rows.has("agent_logged_resolved") | rows.has("product_line_id")
    late = is_final & tells & ~np.logical_or.reduce(list(hits.values())) & (rows.draw(15) < settings.late)
    before = rows.micros("updated_at") - (5 + np.floor(rows.draw(16) * 600).astype(np.int64)) * _SECOND

    rows.deliver(hits["duplicate_delivery"], {})
    rows.note(hits["duplicate_delivery"], "duplicate_delivery", "the same row was delivered twice")
    not_yet = {
        "ended_at": None,
        "disconnect_reason": None,
        "reason_code": None,
        "agent_logged_resolved": None,
        "is_complaint": None,
    }
    rows.deliver(hits["stale_delivery"], not_yet | {"updated_at": before})
    rows.note(
        hits["stale_delivery"],
        "stale_delivery",
        "an older version, without end and reason, was delivered as well",
    )
    _two_versions(
        rows,
        hits["late_correction"],
        "late_correction",
        48,
        {"reason_code": "OTHER", "agent_logged_resolved": True},
        "came first with reason OTHER and ticked as resolved",
    )
    _two_versions(
        rows,
        late,
        LATE,
        72,
        {"reason_code": None, "agent_logged_resolved": None, "product_line_id": None},
        "came first without reason, tick and product line",
    )
    hit = hits["unknown_channel"]
    rows.note(
        hit, "unknown_channel", lambda row: f"channel {channel[row]} was delivered as {UNKNOWN_CHANNEL}"
    )
    rows.put("channel", hit, UNKNOWN_CHANNEL)
    hit = hits["unknown_queue"]
    rows.note(hit, "unknown_queue", lambda row: f"queue_id {queue[row]} was delivered as {UNKNOWN_QUEUE}")
    rows.put("queue_id", hit, UNKNOWN_QUEUE)
    _missing(rows, hits["missing_required"], _REQUIRED_CONTACT)


def _spoil_segments(settings: Settings, rows: _Rows) -> None:
    agent, queue = rows.table["agent_id"], rows.table["queue_id"]
    has_agent, has_queue, is_final = rows.has("agent_id"), rows.has("queue_id"), rows.has("ended_at")
    is_wrap = np.asarray(pc.equal(rows.table["kind"], "wrap").to_numpy(), dtype=np.bool_)
    start, end = rows.micros("started_at"), rows.micros("ended_at")
    contact = rows.table["contact_id"].combine_chunks().to_numpy(zero_copy_only=False)
    followed = np.zeros(len(start), dtype=np.bool_)
    followed[:-1] = (contact[1:] == contact[:-1]) & (start[1:] == end[:-1])
    hits = _choose(
        rows,
        SEGMENT_DEFECTS,
        settings.defects,
        {
            "missing_agent": has_agent,
            "negative_duration": is_final,
            "overlapping": is_final & followed,
            "wrap_never_closed": is_wrap & is_final,
            "unknown_queue": has_queue,
            "stale_delivery": is_final,
        },
    )
    late = is_final & ~np.logical_or.reduce(list(hits.values())) & (rows.draw(15) < settings.late)
    seconds = np.floor(20 + rows.draw(16) * 400).astype(np.int64)

    rows.deliver(hits["duplicate_delivery"], {})
    rows.note(hits["duplicate_delivery"], "duplicate_delivery", "the same row was delivered twice")
    rows.deliver(
        hits["stale_delivery"],
        {"ended_at": None, "updated_at": rows.micros("updated_at") - seconds * _SECOND},
    )
    rows.note(
        hits["stale_delivery"], "stale_delivery", "an older version, without end, was delivered as well"
    )
    hit = hits["orphan_segment"]
    orphans = pc.binary_join_element_wise("X", pc.utf8_slice_codeunits(rows.table["contact_id"], 1), "")
    extra = rows.table.set_column(0, SCHEMAS["contact_segments"].field(0), orphans).filter(pa.array(hit))
    rows.more.append(extra)
    for row in np.flatnonzero(hit).tolist():
        key = f"X{rows.keys[row][1:]}"
        rows.truth.append((rows.name, key, "orphan_segment", "belongs to a contact that was never delivered"))
    _two_versions(rows, late, LATE, 72, {"ended_at": None}, "came first without end")

    hit = hits["missing_agent"]
    rows.note(hit, "missing_agent", lambda row: f"agent_id {agent[row]} was delivered empty")
    rows.put("agent_id", hit, None)
    hit = hits["negative_duration"]
    rows.note(hit, "negative_duration", lambda row: f"ends {seconds[row]} seconds before it starts")
    rows.put("ended_at", hit, start - seconds * _SECOND)
    hit = hits["overlapping"]
    rows.note(
        hit, "overlapping", lambda row: f"ends {seconds[row]} seconds after the next segment has started"
    )
    rows.put("ended_at", hit, end + seconds * _SECOND)
    hit = hits["wrap_never_closed"]
    rows.note(hit, "wrap_never_closed", "the wrap-up was delivered without an end")
    rows.put("ended_at", hit, None)
    hit = hits["unknown_queue"]
    rows.note(hit, "unknown_queue", lambda row: f"queue_id {queue[row]} was delivered as {UNKNOWN_QUEUE}")
    rows.put("queue_id", hit, UNKNOWN_QUEUE)
    _missing(rows, hits["missing_required"], _REQUIRED_SEGMENT)
