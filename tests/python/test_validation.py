"""`cxm validate`: a good build passes, and every kind of damage makes the expectation fail that guards against it.

Great Expectations takes seconds to import and to run, so damage is done by the dozen: one database each for the good
build, for damage to single rows and for damage to whole columns, and one whose tables are empty or gone. Each is
validated once.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from click.testing import CliRunner

from cx_metrics.contract import load_contract
from cx_metrics.errors import CxMetricsError
from cx_metrics.landing import load_folder
from cx_metrics.validation.command import validate_command
from cx_metrics.validation.contract_suites import contract_expectations, typed_rows
from cx_metrics.validation.data_docs import offline
from cx_metrics.validation.report import Outcome, Report
from cx_metrics.validation.run import validate
from cx_metrics.validation.suites import read_suites

ROOT = Path(__file__).resolve().parents[2]
FIRST_DAY = datetime(2024, 3, 4)
DAYS = 14
CONTACTS_PER_DAY = 24
CUSTOMERS = 120


# A good delivery: two weeks of a small center with calls, chats and e-mail.


def contacts_and_segments() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    contacts: list[dict[str, Any]] = []
    segments: list[dict[str, Any]] = []
    for i in range(DAYS * CONTACTS_PER_DAY):
        queue = ("q_voice", "q_chat", "q_mail")[i % 3]
        agent = f"a{i % 6}"
        start = FIRST_DAY + timedelta(days=i // CONTACTS_PER_DAY, hours=14, minutes=11 * (i % CONTACTS_PER_DAY))
        parts: list[tuple[str, int, bool]]
        if queue == "q_mail":
            start_of_work = start + timedelta(minutes=50 + i % 40)
            parts = [("message", 300 + i % 90, True)]
        else:
            start_of_work = start
            parts = [("ivr", 20, False), ("queue", 4 + i % 30, False)]
            if i % 10 != 0:
                parts += [("talk", 90 + i % 60, True)]
                if i % 4 == 1:
                    parts += [("hold", 25, True), ("talk", 40, True)]
                parts += [("wrap", 30, True)]
        at = start_of_work
        for number, (kind, seconds, has_agent) in enumerate(parts, start=1):
            segments.append(
                {
                    "contact_id": f"c{i:04}",
                    "segment_number": number,
                    "kind": kind,
                    "agent_id": agent if has_agent else "",
                    "queue_id": queue if kind != "ivr" else "",
                    "started_at": at,
                    "ended_at": at + timedelta(seconds=seconds),
                    "updated_at": at + timedelta(hours=2),
                }
            )
            at += timedelta(seconds=seconds)
        contacts.append(
            {
                "contact_id": f"c{i:04}",
                "customer_id": f"k{i % CUSTOMERS:03}",
                "identity_confidence": "crm",
                "channel": {"q_voice": "voice", "q_chat": "chat", "q_mail": "email"}[queue],
                "direction": "inbound",
                "queue_id": queue,
                "reason_code": f"r{i % 4}",
                "started_at": start,
                "ended_at": at,
                "updated_at": at + timedelta(hours=2),
            }
        )
    return contacts, segments


def good_delivery(folder: Path) -> None:
    contacts, segments = contacts_and_segments()
    zones = {"q_voice": "Europe/Berlin", "q_chat": "America/New_York", "q_mail": "Europe/Berlin"}
    tables: dict[str, list[dict[str, Any]]] = {
        "contacts": contacts,
        "contact_segments": segments,
        "queues": [
            {
                "queue_id": queue,
                "name": queue.upper(),
                "program_id": "p1",
                "vendor_id": "in_house",
                "timezone": zone,
                "tier": 1,
                "concurrency_capacity": 1,
            }
            for queue, zone in zones.items()
        ],
        "queue_hours": [
            {"queue_id": queue, "weekday": day, "opens_at": "06:00", "closes_at": "23:30"}
            for queue in zones
            for day in range(1, 8)
        ],
        "queue_holidays": [{"queue_id": "q_voice", "holiday_on": "2024-12-25", "name": "Christmas"}],
        "programs": [{"program_id": "p1", "name": "Care"}],
        "vendors": [{"vendor_id": "in_house", "kind": "in_house"}, {"vendor_id": "north", "kind": "bpo"}],
        "reasons": [
            {
                "reason_code": f"r{i}",
                "reason_l1": "billing",
                "reason_l2": f"billing {i}",
                "is_failure_demand": "false",
                "repeat_window_days": 7,
            }
            for i in range(4)
        ],
        "agents": [
            {"agent_id": f"a{i}", "effective_from": "2023-01-01", "team": "red", "vendor_id": "in_house"}
            for i in range(6)
        ],
        "customers": [
            {
                "customer_id": f"k{i:03}",
                "created_at": datetime(2022, 1, 1) + timedelta(days=i),
                "is_staff": "false",
                "updated_at": "2024-01-01 00:00:00",
            }
            for i in range(CUSTOMERS)
        ],
        "feed_watermarks": [{"feed": "contacts", "complete_through": "2024-03-19 00:00:00"}],
    }
    folder.mkdir()
    contract = load_contract(ROOT)
    for name, rows in tables.items():
        columns = [column.name for column in contract[name].columns]
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)


# Damage. Rows are added as changed copies of good rows, so that each breaks one rule.


def copy_of(table: str, where: str, rows: int = 1, **changes: str) -> str:
    """SQL that adds changed copies of the rows of a table; values are SQL, and `number` counts the copies."""
    replaced = ", ".join(f"{sql} as {column}" for column, sql in changes.items())
    return (
        f"insert into {table} select * exclude (number) replace ({replaced}) "
        f"from {table} cross join range({rows}) as copies(number) where {where}"
    )


def contact(rows: int = 1, **changes: str) -> str:
    return copy_of("raw.contacts", "contact_id = 'c0001'", rows, **changes)


def segment(rows: int = 1, **changes: str) -> str:
    where = "contact_id = 'c0001' and segment_number = '1'"
    return copy_of("raw.contact_segments", where, rows, **changes)


Damage = tuple[str, str, tuple[str, ...]]

ROW_DAMAGE: Sequence[Damage] = [
    # raw contract
    ("raw.contacts", contact(contact_id="' '"), ("contact_id is filled in every row",)),
    ("raw.contacts", contact(contact_id="'d2'", started_at="'yesterday'"), ("started_at is a timestamp",)),
    (
        "raw.contacts",
        contact(contact_id="'d3'", ended_at="'2250-01-01 00:00:00'"),
        ("ended_at is between 1970 and 2199",),
    ),
    ("raw.contacts", contact(contact_id="'d4'", channel="'fax'"), ("channel is one of the contract's values",)),
    ("raw.contacts", contact(contact_id="'d5'", is_test="'perhaps'"), ("is_test is a boolean",)),
    ("raw.contacts", contact(contact_id="contact_id"), ("contact_id is delivered once",)),
    ("raw.contact_segments", segment(segment_number="'one'"), ("segment_number is a integer",)),
    (
        "raw.queues",
        copy_of("raw.queues", "queue_id = 'q_voice'", queue_id="'q4'", name="'Q4'", timezone="'UTC+1'"),
        ("timezone is an IANA time zone",),
    ),
    # raw contacts
    (
        "raw.contacts",
        copy_of("raw.contacts", "contact_id = 'c0002'", reason_code="'r3'"),
        ("deliveries of the same contact say which is newer", "contact_id is delivered once"),
    ),
    (
        "raw.contacts",
        contact(contact_id="'d7'", updated_at="'2024-03-01 00:00:00'"),
        ("contacts began before they were changed",),
    ),
    (
        "raw.contacts",
        contact(contact_id="'d8'", started_at="'2012-03-01 00:00:00'", channel="'email'"),
        ("contacts are not older than ten years", "no days are missing in between"),
    ),
    (
        "raw.contacts",
        contact(contact_id="'d9'", ended_at="'2024-03-01 00:00:00'"),
        ("contacts end after they start",),
    ),
    (
        "raw.contacts",
        contact(contact_id="'d10'", channel="'voice'", ended_at="'2024-03-06 00:00:00'"),
        ("calls do not last half a day",),
    ),
    (
        "raw.contacts",
        contact(contact_id="'d11'", initial_contact_id="'nowhere'"),
        ("first records are delivered too",),
    ),
    ("raw.contacts", contact(contact_id="'d12'", queue_id="'q_lost'"), ("queues of contacts are known",)),
    ("raw.contacts", contact(contact_id="'d13'", reason_code="'r_lost'"), ("reasons of contacts are known",)),
    (
        "raw.contacts",
        contact(40, contact_id="'e' || number", customer_id="'nobody' || number"),
        ("customers of contacts are known",),
    ),
    # raw segments
    (
        "raw.contact_segments",
        segment(5, contact_id="'nowhere'", segment_number="number + 1"),
        ("segments belong to delivered contacts",),
    ),
    (
        "raw.contact_segments",
        segment(301, segment_number="number + 100"),
        ("no contact has hundreds of segments",),
    ),
    (
        "raw.contact_segments",
        "update raw.contact_segments set started_at = cast(started_at as timestamp) - interval 1 day, "
        "ended_at = cast(ended_at as timestamp) - interval 1 day where contact_id like 'c01%'",
        ("segments lie within their contact",),
    ),
    (
        "raw.contact_segments",
        segment(2, segment_number="number + 50", ended_at="'2024-03-01 00:00:00'"),
        ("segments end after they start",),
    ),
    (
        "raw.contact_segments",
        "update raw.contact_segments set agent_id = null where kind = 'wrap' and contact_id like 'c00%'",
        ("agents of the work are known",),
    ),
    (
        "raw.contact_segments",
        segment(segment_number="60", agent_id="'ghost'"),
        ("agents of segments are in agents",),
    ),
    (
        "raw.contact_segments",
        segment(2, segment_number="number + 70", ended_at="'2024-03-05 23:00:00'"),
        ("single segments are shorter than half a day",),
    ),
    (
        "raw.contact_segments",
        "update raw.contact_segments as talks set ended_at = wraps.ended_at from raw.contact_segments as wraps "
        "where talks.kind = 'talk' and wraps.kind = 'wrap' and talks.contact_id = wraps.contact_id",
        ("hold is not inside talk",),
    ),
    # other raw tables
    ("raw.queues", "update raw.queues set name = 'Q_MAIL' where queue_id = 'q_chat'", ("names of queues differ",)),
    ("raw.queues", "update raw.queues set vendor_id = null where queue_id = 'q_chat'", ("most queues have a vendor",)),
    (
        "raw.queues",
        "update raw.queues set vendor_id = 'south' where queue_id = 'q_mail'",
        ("vendors of queues are known",),
    ),
    (
        "raw.queues",
        "update raw.queues set program_id = 'p9' where queue_id = 'q_mail'",
        ("programs of queues are known",),
    ),
    ("raw.queues", "update raw.queues set tier = 9 where queue_id = 'q_mail'", ("tiers are between 1 and 5",)),
    (
        "raw.queues",
        "update raw.queues set concurrency_capacity = 0 where queue_id = 'q_mail'",
        ("concurrency is between 1 and 20",),
    ),
    (
        "raw.queue_hours",
        "update raw.queue_hours set weekday = 8 where queue_id = 'q_mail' and weekday = 7",
        ("weekdays are 1 to 7",),
    ),
    (
        "raw.queue_hours",
        "update raw.queue_hours set opens_at = '6:00' where queue_id = 'q_mail' and weekday = 6",
        ("times are written as HH:MM", "queues close after they open"),
    ),
    (
        "raw.queue_hours",
        "update raw.queue_hours set queue_id = 'q_lost' where queue_id = 'q_mail' and weekday = 5",
        ("hours belong to known queues",),
    ),
    (
        "raw.queue_holidays",
        "update raw.queue_holidays set queue_id = 'q_lost'",
        ("holidays belong to known queues",),
    ),
    (
        "raw.queue_holidays",
        "insert into raw.queue_holidays (queue_id, holiday_on) "
        "select 'q_voice', date '2024-01-01' + cast(number as integer) from range(61) as days(number)",
        ("queues have at most sixty holidays a year",),
    ),
    (
        "raw.agents",
        copy_of("raw.agents", "agent_id = 'a0'", effective_from="'2023-06-01'"),
        ("periods of an agent do not overlap",),
    ),
    ("raw.agents", "update raw.agents set effective_to = '2022-01-01' where agent_id = 'a1'", ("periods end after they begin",)),
    (
        "raw.agents",
        "update raw.agents set hired_on = '2023-01-01', left_on = '2022-01-01' where agent_id = 'a2'",
        ("agents leave after they are hired",),
    ),
    (
        "raw.agents",
        "update raw.agents set leave_kind = 'voluntary' where agent_id = 'a3'",
        ("only leavers have a kind of leaving",),
    ),
    (
        "raw.customers",
        "update raw.customers set created_at = '2024-02-01 00:00:00' where customer_id in ('k001', 'k002')",
        ("customers were created before they were changed",),
    ),
    ("raw.customers", "update raw.customers set is_staff = 'true' where customer_id < 'k020'", ("staff are few",)),
    ("raw.reasons", "update raw.reasons set reason_l2 = null where reason_code = 'r0'", ("most reasons have a second level",)),
    (
        "raw.reasons",
        "update raw.reasons set is_failure_demand = null where reason_code = 'r1'",
        ("most reasons are judged for failure demand",),
    ),
    ("raw.reasons", "update raw.reasons set repeat_window_days = 0 where reason_code = 'r2'", ("repeat windows are 1 to 365 days",)),
    ("raw.vendors", "update raw.vendors set kind = 'in_house' where vendor_id = 'north'", ("in_house is in-house",)),
    (
        "raw.landing_files",
        "update raw.landing_files set reject_count = 100 where table_name = 'contacts'",
        ("few lines were rejected",),
    ),
    (
        "raw.landing_files",
        "update raw.landing_files set row_count = 0 where table_name = 'contact_segments'",
        ("no file is without rows",),
    ),
]
