"""`cxm validate`: a good build passes, and every kind of damage makes the expectation fail that guards against it.

Great Expectations takes seconds to import and to run, so damage is done by the dozen: one database each for the good
build, for damage to single rows and for damage to whole columns, and one whose tables are empty or gone. Each is
validated once.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from builds import build
from click.testing import CliRunner, Result
from oracle import PROJECT

from cx_metrics.contract import load_contract
from cx_metrics.errors import CxMetricsError
from cx_metrics.validation.command import validate_command
from cx_metrics.validation.contract_suites import contract_expectations
from cx_metrics.validation.data_docs import offline
from cx_metrics.validation.report import Outcome, Report
from cx_metrics.validation.run import validate
from cx_metrics.validation.suites import Suite, read_suites

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


def good_delivery() -> dict[str, list[dict[str, str]]]:
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
    tables["landing_files"] = [
        {
            "table_name": name,
            "file_name": f"{name}.csv",
            "file_hash": name,
            "format": "csv",
            "mode": "replace",
            "row_count": len(rows),
            "reject_count": 0,
        }
        for name, rows in tables.items()
    ]
    return {
        name: [{column: str(value) for column, value in row.items()} for row in rows]
        for name, rows in tables.items()
    }


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


def one_interval(changes: str) -> str:
    """SQL that changes the first half hour in which a contact was answered."""
    first = "(select min(interval_started_at) from marts.fct_queue_intervals where answered_count > 0)"
    return f"update marts.fct_queue_intervals set {changes} where interval_started_at = {first}"


def one_value(metric: str, changes: str) -> str:
    """SQL that changes a metric's value of the first month."""
    return (
        f"update audit.metric_values set {changes} "
        f"where metric_name = '{metric}' and grain = 'month' and dimension = 'all'"
    )


Damage = tuple[str, str, tuple[str, ...]]
"""The table, SQL that damages it, and the expectations that must fail for it."""

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
    ("raw.contact_segments", segment(segment_number="'one'"), ("segment_number is an integer",)),
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
        ("weekday is one of the contract's values",),
    ),
    (
        "raw.queue_hours",
        "update raw.queue_hours set opens_at = '6:00' where queue_id = 'q_mail' and weekday = 6",
        ("opens_at is local time HH:MM",),
    ),
    (
        "raw.queue_hours",
        "update raw.queue_hours set closes_at = '05:00' where queue_id = 'q_mail' and weekday = 4",
        ("queues close after they open",),
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
    # marts; fct_agent_segments is a view on int_agent_legs
    (
        "marts.fct_agent_segments",
        "update intermediate.int_agent_legs set talk_seconds = talk_seconds + 5 where contact_id = 'c0001'",
        ("handle time is talk, hold and wrap-up",),
    ),
    (
        "marts.fct_agent_segments",
        "update intermediate.int_agent_legs set hold_seconds = -10, talk_seconds = handle_seconds - wrap_seconds + 10 "
        "where contact_id = 'c0002'",
        ("times are not negative",),
    ),
    (
        "marts.fct_agent_segments",
        "update intermediate.int_agent_legs set ended_at = started_at where contact_id = 'c0004'",
        ("handle time fits into the wall clock",),
    ),
    (
        "marts.fct_agent_segments",
        "update intermediate.int_agent_legs set has_invalid_duration = true where contact_id = 'c0005'",
        ("invalid legs have no time, valid ones have",),
    ),
    (
        "marts.fct_agent_segments",
        "update intermediate.int_agent_legs set has_conversation = false where contact_id = 'c0007'",
        ("legs add up to their contacts",),
    ),
    (
        "marts.fct_agent_segments",
        "update intermediate.int_agent_legs set agent_id = null where contact_id like 'c01%'",
        ("owners of handle time are known",),
    ),
    ("marts.fct_agent_segments", "update marts.dim_agent set team = null", ("most agents have a team",)),
    (
        "marts.fct_agent_segments",
        "update intermediate.int_agent_legs set talk_seconds = talk_seconds + 200000, "
        "handle_seconds = handle_seconds + 200000, ended_at = ended_at + interval 3 day where contact_id = 'c0008'",
        ("no agent works two days in one", "legs add up to their contacts"),
    ),
    (
        "marts.fct_contacts",
        "update marts.fct_contacts set talk_seconds = talk_seconds + 1 where contact_id = 'c0011'",
        ("handle time is talk, hold, wrap-up and dialling",),
    ),
    (
        "marts.fct_contacts",
        "update marts.fct_contacts set queue_seconds = -5 where contact_id = 'c0013'",
        ("queue time is not negative",),
    ),
    (
        "marts.fct_contacts",
        "update marts.fct_contacts set handle_seconds = 0, talk_seconds = 0, hold_seconds = 0, wrap_seconds = 0 "
        "where contact_id = 'c0014'",
        ("handle time is above zero",),
    ),
    (
        "marts.fct_contacts",
        "update marts.fct_contacts set consult_seconds = -1 where contact_id = 'c0015'",
        ("other times are not negative",),
    ),
    (
        "marts.fct_contacts",
        "update marts.fct_contacts set customer_wait_seconds = queue_seconds - 1 where contact_id = 'c0016'",
        ("queue time is part of the customer's wait",),
    ),
    (
        "marts.fct_contacts",
        "update marts.fct_contacts set is_abandoned = true where contact_id = 'c0017'",
        ("classifications do not contradict each other",),
    ),
    (
        "marts.fct_contacts",
        "update marts.fct_contacts set duration_null_reason = 'zero' where contact_id = 'c0019'",
        ("contacts without handle time say why",),
    ),
    (
        "marts.fct_contacts",
        "update marts.fct_contacts set business_date = business_date + 3 where contact_id = 'c0022'",
        ("business dates are within a day of the start",),
    ),
    (
        "marts.fct_contacts",
        "update marts.fct_contacts set contact_record_count = 2 where contact_id = 'c0023'",
        ("every record is in one contact",),
    ),
    (
        "marts.fct_contacts",
        "update marts.fct_contacts set customer_id = 'switchboard' where contact_id < 'c0120'",
        ("no single customer has many contacts",),
    ),
    (
        "marts.fct_contacts",
        "update marts.fct_contacts set contact_outcome = null where contact_id like 'c020%'",
        ("most outcomes are known",),
    ),
    (
        "marts.fct_contacts",
        "update marts.fct_contacts set has_contradicting_segments = true where contact_id like 'c020%'",
        ("outcomes agree with segments",),
    ),
    (
        "marts.fct_contacts",
        "update marts.fct_contacts set handle_seconds = null, talk_seconds = null, hold_seconds = null, wrap_seconds = null, "
        "dial_seconds = null, duration_null_reason = 'negative', has_invalid_duration = true "
        "where is_handled and contact_id like 'c02%'",
        ("few handle times are invalid",),
    ),
    (
        "marts.fct_contacts",
        "update marts.fct_contacts set has_capped_wrap = true where contact_id like 'c01%'",
        ("little wrap-up is capped",),
    ),
    (
        "marts.fct_contacts",
        "update marts.fct_contacts set talk_seconds = talk_seconds + 9000000, handle_seconds = handle_seconds + 9000000 "
        "where contact_id = 'c0024'",
        ("handle time of calls is plausible",),
    ),
    (
        "marts.fct_queue_intervals",
        one_interval("workload_seconds = -1"),
        ("counts and times are not negative", "half hours hold the work of the queues"),
    ),
    (
        "marts.fct_queue_intervals",
        one_interval("answered_in_time_count = answered_count + 1"),
        ("parts are not larger than the whole",),
    ),
    (
        "marts.fct_queue_intervals",
        one_interval("interval_started_local = interval_started_local + interval 1 minute"),
        ("half hours begin on the half hour of the queue's clock",),
    ),
    ("marts.fct_queue_intervals", one_interval("answered_queue_seconds = 1000000"), ("waits add up",)),
    (
        "marts.fct_queue_intervals",
        one_interval("offered_count = offered_count + 1"),
        ("half hours hold the contacts of the queues",),
    ),
    (
        "audit.contact_exclusions",
        "insert into audit.contact_exclusions by name select 'test' as exclusion_reason, 'test' as rule, "
        "date '2024-03-01' as month_start_date, 'q_voice' as queue_id, 50 as contact_count, "
        "100 as queue_month_contact_count, 0.5 as excluded_share",
        ("no rule empties the month of a queue", "exclusions are those of the contacts"),
    ),
    (
        "audit.load_reconciliation",
        "update audit.load_reconciliation set staged_rows = staged_rows + 1 where table_name = 'queues'",
        ("every raw row ended somewhere",),
    ),
    (
        "audit.load_reconciliation",
        "update audit.load_reconciliation set staged_rows = raw_rows + 1, superseded_rows = -1 where table_name = 'agents'",
        ("counts are not negative",),
    ),
    (
        "audit.load_reconciliation",
        "update audit.load_reconciliation set staged_rows = 0, quarantined_rows = raw_rows where table_name = 'contacts'",
        ("some contacts were staged", "contacts are not in quarantine", "little is in quarantine"),
    ),
    (
        "audit.load_reconciliation",
        "delete from audit.load_reconciliation where table_name = 'contact_segments'",
        ("contacts and segments are reconciled",),
    ),
    # raw.contacts has more rows by now, through the damage above
    ("audit.load_reconciliation", "select 1", ("marts were built from the contacts that are loaded",)),
    (
        "audit.metric_values",
        "delete from audit.metric_values where metric_name = 'asa_seconds'",
        ("headline metrics are published", "every metric has its value over all time"),
    ),
    (
        "audit.metric_values",
        "update audit.metric_values set metric_version = 99 where metric_name = 'first_response_rate'",
        ("values are of the definitions in force",),
    ),
    (
        "audit.metric_values",
        one_value("abandonment_rate", "numerator = denominator + 1, value = (denominator + 1) / denominator"),
        (
            "rates are between 0 and 1",
            "intervals hold their rate",
            "days, weeks and months add up to all time",
            "members of a dimension add up to the whole",
        ),
    ),
    (
        "audit.metric_values",
        one_value("aht_seconds", "value = -1"),
        ("counts and durations are not negative", "values follow from numerator and denominator"),
    ),
    ("audit.metric_values", one_value("contacts_handled", "value = null"), ("missing values say why",)),
    (
        "audit.metric_values",
        one_value("service_level_v2", "numerator = 0, value = 0, interval_low = 0"),
        ("variants of service level keep their order",),
    ),
    (
        "audit.metric_values",
        one_value("contacts_offered", "as_of = null"),
        ("values tell up to when data is complete",),
    ),
]

COLUMN_DAMAGE: Sequence[Damage] = [
    (
        "raw.contacts",
        "update raw.contacts set customer_id = null where contact_id < 'c0120'",
        ("most contacts name their customer",),
    ),
    (
        "raw.contacts",
        "update raw.contacts set ended_at = null where contact_id >= 'c0200'",
        ("most contacts have ended",),
    ),
    (
        "raw.contacts",
        "insert into raw.contacts select * from raw.contacts; insert into raw.contacts select * from raw.contacts",
        ("deliveries of the same contact are few", "contact_id is delivered once"),
    ),
    (
        "raw.contact_segments",
        "delete from raw.contact_segments where contact_id > 'c0280'",
        ("most contacts have segments",),
    ),
    (
        "raw.contact_segments",
        "update raw.contact_segments set ended_at = null where kind = 'queue'",
        ("most segments have ended",),
    ),
    (
        "raw.contact_segments",
        "insert into raw.contact_segments select * replace (1000 + number as segment_number) exclude (number) "
        "from raw.contact_segments cross join range(30) as copies(number) where segment_number = '1'",
        ("segments per contact are plausible",),
    ),
    (
        "raw.customers",
        "insert into raw.customers by name select 'm' || number as customer_id, '2023-05-01 00:00:00' as created_at, "
        "'2024-01-01 00:00:00' as updated_at from range(1500) as copies(number); "
        "insert into raw.customers select * from raw.customers; insert into raw.customers select * from raw.customers",
        (
            "customers were not all created on one day",
            "deliveries of the same customer are few",
            "customer_id is delivered once",
        ),
    ),
    (
        "marts.fct_contacts",
        "update marts.fct_contacts set is_identified = false where contact_id < 'c0120'",
        ("most contacts are identified",),
    ),
    (
        "marts.fct_contacts",
        "update marts.fct_contacts set exclusion_reason = 'test', is_offered = false, is_service_level_contact = false, "
        "is_out_of_queue_in_time = false where contact_id < 'c0060'",
        ("few contacts are excluded",),
    ),
    (
        "marts.fct_contacts",
        "update marts.fct_contacts set is_in_opening_hours = false, is_offered = false, is_service_level_contact = false, "
        "is_out_of_queue_in_time = false where contact_id between 'c0060' and 'c0200'",
        ("most live contacts arrive in opening hours",),
    ),
    (
        "marts.fct_contacts",
        "update marts.fct_contacts set is_abandoned = true, is_answered = false where is_service_level_contact",
        ("abandonment is plausible",),
    ),
]

EMPTY_DAMAGE: Sequence[Damage] = [
    ("raw.contacts", "delete from raw.contacts", ("there are contacts",)),
    ("raw.contact_segments", "delete from raw.contact_segments", ("there are segments",)),
    ("raw.queues", "delete from raw.queues", ("there are queues",)),
    ("raw.agents", "delete from raw.agents", ("there are agents",)),
    ("raw.customers", "delete from raw.customers", ("there are customers",)),
    ("marts.fct_contacts", "delete from marts.fct_contacts", ("there are contacts",)),
    ("marts.fct_queue_intervals", "drop table marts.fct_queue_intervals", ("the table is there",)),
    (
        "marts.fct_agent_segments",
        "drop table intermediate.int_agent_legs",
        ("the table can be read",),
    ),
]


# Four databases, each validated once.


@pytest.fixture(scope="module", autouse=True)
def in_the_project() -> Iterator[None]:
    before = os.environ.get("CX_PROJECT_DIR")
    os.environ["CX_PROJECT_DIR"] = str(PROJECT)
    yield
    if before is None:
        del os.environ["CX_PROJECT_DIR"]
    else:
        os.environ["CX_PROJECT_DIR"] = before


def copied(database: Path, folder: Path) -> Path:
    """Copy a database that was built in this process, where dbt keeps it open for writing."""
    with duckdb.connect(str(database)) as connection:
        connection.execute("checkpoint")
    return Path(shutil.copy(database, folder / database.name))


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(build(tmp_path_factory.mktemp("built"), good_delivery()), tmp_path_factory.mktemp("good"))


@pytest.fixture(scope="module")
def good_docs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("site") / "data_docs"


@pytest.fixture(scope="module")
def good_report(good: Path, good_docs: Path) -> Report:
    return validate(good, docs=good_docs)


def damaged(good: Path, folder: Path, damage: Sequence[Damage]) -> Path:
    database = folder / good.name
    shutil.copy(good, database)
    with duckdb.connect(str(database)) as connection:
        for _, statement, _ in damage:
            connection.execute(statement)
    return database


@pytest.fixture(scope="module")
def row_damage(good: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return damaged(good, tmp_path_factory.mktemp("rows"), ROW_DAMAGE)


@pytest.fixture(scope="module")
def damage_docs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damage") / "data_docs"


@pytest.fixture(scope="module")
def row_report(row_damage: Path, damage_docs: Path) -> Report:
    return validate(row_damage, docs=damage_docs)


@pytest.fixture(scope="module")
def column_report(good: Path, tmp_path_factory: pytest.TempPathFactory) -> Report:
    return validate(damaged(good, tmp_path_factory.mktemp("columns"), COLUMN_DAMAGE))


@pytest.fixture(scope="module")
def empty_report(good: Path, tmp_path_factory: pytest.TempPathFactory) -> Report:
    return validate(damaged(good, tmp_path_factory.mktemp("empty"), EMPTY_DAMAGE))


def broken(report: Report) -> set[tuple[str, str]]:
    return {(o.suite, o.expectation.name) for o in report.outcomes if o.is_error or o.is_warning}


def expected(damage: Sequence[Damage]) -> set[tuple[str, str]]:
    return {(table, name) for table, _, names in damage for name in names}


def outcome(report: Report, suite: str, name: str) -> Outcome:
    return next(o for o in report.outcomes if (o.suite, o.expectation.name) == (suite, name))
