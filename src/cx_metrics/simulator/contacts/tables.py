"""From frames to the tables of the contact domain, as the platforms deliver them at the extract."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cx_metrics.contract import load_contract
from cx_metrics.simulator import clock, world
from cx_metrics.simulator.columns import (
    COUNT,
    DAY,
    FLAG,
    INSTANT,
    TEXT,
    coded,
    contact_ids,
    counts,
    flags,
    from_rows,
    ids,
    instants,
)
from cx_metrics.simulator.contacts.population import SEGMENTS, STAGES, Population
from cx_metrics.simulator.frames import NONE, Array, Bools, Frame, Ints, chance, size, take
from cx_metrics.simulator.settings import Settings
from cx_metrics.simulator.workforce.workforce import LEAVE_KINDS, ROLES, Workforce

SCHEMAS: dict[str, pa.Schema] = {
    "contacts": pa.schema(
        [
            ("contact_id", TEXT),
            ("initial_contact_id", TEXT),
            ("customer_id", TEXT),
            ("identity_confidence", TEXT),
            ("channel", TEXT),
            ("direction", TEXT),
            ("initiation_method", TEXT),
            ("purpose", TEXT),
            ("queue_id", TEXT),
            ("reason_code", TEXT),
            ("product_line_id", TEXT),
            ("campaign_id", TEXT),
            ("started_at", INSTANT),
            ("ended_at", INSTANT),
            ("disconnect_reason", TEXT),
            ("agent_logged_resolved", FLAG),
            ("stated_cancel_intent", FLAG),
            ("is_complaint", FLAG),
            ("callback_offered", FLAG),
            ("callback_accepted", FLAG),
            ("applications_used", COUNT),
            ("is_test", FLAG),
            ("source_outcome", TEXT),
            ("source_exclusion", TEXT),
            ("updated_at", INSTANT),
        ]
    ),
    "contact_segments": pa.schema(
        [
            ("contact_id", TEXT),
            ("segment_number", COUNT),
            ("kind", TEXT),
            ("agent_id", TEXT),
            ("queue_id", TEXT),
            ("started_at", INSTANT),
            ("ended_at", INSTANT),
            ("transfer_kind", TEXT),
            ("tier", COUNT),
            ("updated_at", INSTANT),
        ]
    ),
    "queues": pa.schema(
        [
            ("queue_id", TEXT),
            ("name", TEXT),
            ("program_id", TEXT),
            ("vendor_id", TEXT),
            ("channel", TEXT),
            ("timezone", TEXT),
            ("tier", COUNT),
            ("concurrency_capacity", COUNT),
        ]
    ),
    "queue_hours": pa.schema(
        [("queue_id", TEXT), ("weekday", COUNT), ("opens_at", TEXT), ("closes_at", TEXT)]
    ),
    "queue_holidays": pa.schema([("queue_id", TEXT), ("holiday_on", DAY), ("name", TEXT)]),
    "programs": pa.schema([("program_id", TEXT), ("name", TEXT), ("line_of_business", TEXT)]),
    "vendors": pa.schema([("vendor_id", TEXT), ("name", TEXT), ("kind", TEXT)]),
    "product_lines": pa.schema([("product_line_id", TEXT), ("name", TEXT)]),
    "reasons": pa.schema(
        [
            ("reason_code", TEXT),
            ("reason_l1", TEXT),
            ("reason_l2", TEXT),
            ("is_failure_demand", FLAG),
            ("is_first_contact_resolvable", FLAG),
            ("repeat_window_days", COUNT),
        ]
    ),
    "agents": pa.schema(
        [
            ("agent_id", TEXT),
            ("effective_from", DAY),
            ("effective_to", DAY),
            ("team", TEXT),
            ("site", TEXT),
            ("vendor_id", TEXT),
            ("role", TEXT),
            ("hired_on", DAY),
            ("left_on", DAY),
            ("leave_kind", TEXT),
        ]
    ),
    "customers": pa.schema(
        [
            ("customer_id", TEXT),
            ("account_id", TEXT),
            ("created_at", INSTANT),
            ("segment", TEXT),
            ("has_sla_contract", FLAG),
            ("journey_stage", TEXT),
            ("region", TEXT),
            ("timezone", TEXT),
            ("is_staff", FLAG),
            ("updated_at", INSTANT),
        ]
    ),
    "feed_watermarks": pa.schema([("feed", TEXT), ("complete_through", INSTANT)]),
}
"""The columns of every table, in the order of the raw contract."""

_SALT_CONTACT_LAG, _SALT_SEGMENT_LAG = 1, 2
_QUEUE_IDS = tuple(door.queue_id for door in world.QUEUES)


def tables_of(settings: Settings, contacts: Frame, pieces: Frame) -> tuple[pa.Table, pa.Table, Ints, Ints]:
    """Return contacts and segments as they are known at the extract, and the record number of each of their
    rows.

    What starts later is left out; what ends later, or is reported later, is still open. Rows are in order of
    record number, segments in order of start within their record.
    """
    known_until = settings.known_until
    contacts = take(contacts, is_delivered(settings, contacts))
    contacts = take(contacts, np.argsort(contacts["number"], kind="stable"))
    pieces = take(pieces, np.isin(pieces["number"], contacts["number"]))
    pieces = take(pieces, np.lexsort((pieces["step"], pieces["start"], pieces["number"])))
    pieces["segment"] = _count_within(pieces["number"])
    pieces = take(pieces, pieces["start"] < known_until)
    segments = _segments(settings, pieces)
    return _contacts(settings, contacts, pieces), segments, contacts["number"], pieces["number"]


def is_delivered(settings: Settings, contacts: Frame) -> Bools:
    """Tell which records start before the extract and on or after the first local day of their queue."""
    started = contacts["started"]
    keep = started < settings.known_until
    early = started < settings.period_start + 86400
    if early.any():
        zone_of = np.maximum(np.where(contacts["queue"] != NONE, contacts["queue"], contacts["door"]), 0)
        starts = np.array([_midnight(settings.start, door.zone) for door in world.DOORS])
        too_early = early & (started < starts[zone_of])
        # A record that continues one of the day before would name a record that nobody has.
        too_early |= np.isin(contacts["initial"], contacts["number"][too_early])
        keep &= ~too_early
    return np.asarray(keep, dtype=np.bool_)


def _midnight(day: date, zone: str) -> int:
    grid = clock.day_grid(zone, day - timedelta(days=1))
    return int(grid.start + np.flatnonzero(grid.is_next)[0] * clock.HALF_HOUR)


def _count_within(groups: Array) -> Ints:
    """Return 1, 2, 3... within each group of equal neighbours."""
    rows = np.arange(len(groups), dtype=np.int64)
    starts = np.ones(len(groups), dtype=np.bool_)
    starts[1:] = groups[1:] != groups[:-1]
    return np.asarray(rows - np.maximum.accumulate(np.where(starts, rows, 0)) + 1)


def _contacts(settings: Settings, contacts: Frame, pieces: Frame) -> pa.Table:
    known_until = settings.known_until
    number, rows = contacts["number"], size(contacts)
    lag = 10 + np.floor(170 * chance(number, settings.seed, _SALT_CONTACT_LAG)).astype(np.int64)
    updated = contacts["worked_until"] + lag
    is_open = (contacts["ended"] == NONE) | (updated > known_until)
    if is_open.any():
        # The last event known about an open contact: the start of its newest segment.
        newest = contacts["started"].copy()
        np.maximum.at(newest, np.searchsorted(number, pieces["number"]), pieces["start"])
        updated = np.where(is_open, np.minimum(newest + 5, known_until), updated)
    known = ~is_open
    shown = contacts["shown"]
    customer = pc.if_else(
        pa.array(shown == world.SHOWN_SWITCHBOARD),
        world.SWITCHBOARD_ID,
        pc.if_else(
            pa.array(shown == world.SHOWN_ANONYMOUS),
            world.ANONYMOUS_ID,
            ids("CU", contacts["customer"], shown == world.SHOWN_CUSTOMER),
        ),
    )
    columns = {
        "contact_id": contact_ids(number),
        "initial_contact_id": ids("C", contacts["initial"], contacts["initial"] != NONE),
        "customer_id": customer,
        "identity_confidence": coded(world.IDENTITIES, contacts["identity"]),
        "channel": coded(world.CHANNELS, contacts["channel"]),
        "direction": coded(world.DIRECTIONS, contacts["direction"]),
        "initiation_method": coded(world.METHODS, contacts["method"]),
        "purpose": coded(world.PURPOSES, contacts["purpose"]),
        "queue_id": coded(_QUEUE_IDS, contacts["queue"]),
        "reason_code": coded(world.REASON_CODES, contacts["reason"], contacts["reason_known"] & known),
        "product_line_id": coded(
            tuple(row[0] for row in world.PRODUCT_LINES), contacts["product"], contacts["product_known"]
        ),
        "campaign_id": coded(world.CAMPAIGN_IDS, contacts["campaign"]),
        "started_at": instants(contacts["started"]),
        "ended_at": instants(contacts["ended"], known),
        "disconnect_reason": coded(world.DISCONNECTS, contacts["disconnect"], known),
        "agent_logged_resolved": flags(contacts["logged"], known),
        "stated_cancel_intent": flags(contacts["cancel"], known),
        "is_complaint": flags(contacts["complaint"], known),
        "callback_offered": flags(contacts["offered"]),
        "callback_accepted": flags(contacts["accepted"]),
        "applications_used": counts(contacts["applications"], known),
        "is_test": pa.array(contacts["test"]),
        "source_outcome": pa.nulls(rows, TEXT),
        "source_exclusion": coded(world.EXCLUSIONS, contacts["exclusion"]),
        "updated_at": instants(updated),
    }
    return pa.table(columns, schema=SCHEMAS["contacts"])


def _segments(settings: Settings, pieces: Frame) -> pa.Table:
    known_until = settings.known_until
    key = pieces["number"] * 64 + pieces["segment"]
    updated = (
        pieces["end"] + 1 + np.floor(20 * chance(key, settings.seed, _SALT_SEGMENT_LAG)).astype(np.int64)
    )
    is_open = (pieces["end"] == NONE) | (updated > known_until)
    updated = np.where(is_open, np.minimum(pieces["start"] + 5, known_until), updated)
    has_agent = pieces["agent"] != NONE
    columns = {
        "contact_id": contact_ids(pieces["number"]),
        "segment_number": counts(pieces["segment"]),
        "kind": coded(world.KINDS, pieces["kind"]),
        "agent_id": ids("A", pieces["agent"], has_agent, digits=5),
        "queue_id": coded(_QUEUE_IDS, pieces["queue"]),
        "started_at": instants(pieces["start"]),
        "ended_at": instants(pieces["end"], ~is_open),
        "transfer_kind": coded(world.TRANSFERS, pieces["transfer"], ~is_open),
        "tier": counts(pieces["tier"]),
        "updated_at": instants(updated),
    }
    return pa.table(columns, schema=SCHEMAS["contact_segments"])


def reference_tables(settings: Settings) -> dict[str, pa.Table]:
    """Return the tables that describe the center and do not depend on chance."""
    hours, days_off = [], []
    last = settings.day(settings.days - 1)
    for door in world.QUEUES:
        hours += [(door.queue_id, *row) for row in clock.hours_rows(door)]
        for year in range(settings.start.year, last.year + 1):
            listed = clock.holidays(door.holidays, year)
            days_off += [(door.queue_id, day, listed[day]) for day in sorted(listed)]
    vendors: list[tuple[str, str, str]] = [(world.IN_HOUSE, "In house", "in_house")]
    vendors += [(f"bpo_{i}", f"Outsourcer {i}", "bpo") for i in range(1, settings.vendors + 1)]
    rows: dict[str, list[tuple[Any, ...]]] = {
        "queues": [
            (
                door.queue_id,
                door.name,
                world.PROGRAMS[door.program].program_id,
                settings.vendor_of(door.bpo),
                world.CHANNELS[door.channel],
                door.zone,
                door.tier,
                door.capacity,
            )
            for door in world.QUEUES
        ],
        "queue_hours": list(hours),
        "queue_holidays": list(days_off),
        "programs": [(row.program_id, row.name, row.line_of_business) for row in world.PROGRAMS],
        "vendors": list(vendors),
        "product_lines": [row[:2] for row in world.PRODUCT_LINES],
        "reasons": [
            (row.code, row.level_1, row.level_2, row.is_failure, row.is_resolvable, row.repeat_window_days)
            for row in world.REASONS
        ],
        "feed_watermarks": [
            (feed, clock.as_datetime(settings.known_until).replace(tzinfo=None)) for feed in _feeds()
        ],
    }
    return {name: from_rows(SCHEMAS[name], values) for name, values in rows.items()}


def _feeds() -> list[str]:
    """Return the feeds of the raw contract, each complete up to the extract."""
    return list(dict.fromkeys(table.feed for table in load_contract().values() if table.feed))


def agents_table(settings: Settings, workforce: Workforce) -> pa.Table:
    """Return one row per person and team, for everybody hired by the last day; what happens later is not
    known.
    """
    last = settings.days - 1
    rows = []
    for move in sorted(workforce.moves, key=lambda move: (move.person, move.since)):
        if move.since > last:
            continue
        person = move.person
        lane = world.LANES[move.lane]
        left = workforce.left[person]
        has_left = left <= last and move.until == left + 1
        is_back_office = ROLES[workforce.role[person]] == "back_office"
        rows.append(
            (
                f"A{person:05d}",
                settings.day(move.since),
                settings.day(move.until) if move.until <= last + 1 else None,
                "Back office" if is_back_office else lane.team,
                lane.site,
                settings.vendor_of(lane.bpo),
                ROLES[workforce.role[person]],
                settings.day(workforce.hired[person]),
                settings.day(left) if has_left else None,
                LEAVE_KINDS[workforce.leave_kind[person]] if has_left else None,
            )
        )
    return from_rows(SCHEMAS["agents"], rows)


def customers_table(settings: Settings, population: Population, first: int, count: int) -> pa.Table:
    """Return up to ``count`` customers from position ``first`` on, of those who joined before the extract."""
    frame = {name: column[first : first + count] for name, column in population.customers.items()}
    number = np.arange(first, first + size(frame), dtype=np.int64)
    here = frame["created"] < settings.known_until
    frame, number = take(frame, here), number[here]
    rows = size(frame)
    created, changed = frame["created"], frame["changed"]
    updated = np.where(
        changed > settings.known_until, np.minimum(created + 30, settings.known_until), changed
    )
    age_days = (updated - created) // 86400
    stage = np.where(age_days < 60, 0, np.where(number % 11 == 3, 2, 1))
    zones = [zone for options in world.REGION_ZONES for zone, _ in options]
    offsets = np.cumsum([0] + [len(options) for options in world.REGION_ZONES])
    columns = {
        "customer_id": ids("CU", number, np.ones(rows, dtype=np.bool_)),
        "account_id": ids("AC", frame["account"], np.ones(rows, dtype=np.bool_)),
        "created_at": instants(created),
        "segment": coded(SEGMENTS, frame["segment"]),
        "has_sla_contract": pa.array(frame["sla"]),
        "journey_stage": coded(STAGES, stage),
        "region": coded(world.REGIONS, frame["region"]),
        "timezone": coded(tuple(zones), offsets[frame["region"]] + frame["zone"]),
        "is_staff": pa.array(frame["staff"]),
        "updated_at": instants(updated),
    }
    return pa.table(columns, schema=SCHEMAS["customers"])
