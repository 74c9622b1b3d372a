"""`cxm validate`: a good build passes, and each kind of damage breaks the expectation that guards against it.

Great Expectations takes seconds to import and to run, so damage is done by the dozen: one database each for the
good build, for damage to single rows and for damage to whole columns, and one whose tables are empty or gone.
Each is validated once.
"""

from __future__ import annotations

import hashlib
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
from builds import build, target_path
from click.testing import CliRunner, Result
from dbt.cli.main import dbtRunner
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
        start = FIRST_DAY + timedelta(
            days=i // CONTACTS_PER_DAY, hours=14, minutes=11 * (i % CONTACTS_PER_DAY)
        )
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
                # customers of even numbers come back about the same matter after five days, the others about another one
                "reason_code": f"r{(i + i // CUSTOMERS * (i % 2)) % 4}",
                "started_at": start,
                "ended_at": at,
                "agent_logged_resolved": "true",
                "updated_at": at + timedelta(hours=2),
            }
        )
    return contacts, segments


def bot_sessions() -> list[dict[str, Any]]:
    """Return 60 sessions of the first days: a third asks for an agent, most of the others have evidence."""
    sessions: list[dict[str, Any]] = []
    for i in range(60):
        start = FIRST_DAY + timedelta(days=i // 20, hours=5, minutes=i % 20)
        session = {
            "session_id": f"s{i:02}",
            "customer_id": f"k{2 * i:03}",
            "technology_id": "bot",
            "channel": "chat",
            "reason_code": f"r{i % 4}",
            "started_at": start,
            "ended_at": start + timedelta(seconds=90),
            "turns": 3,
            "is_in_scope": "true",
            "handoff_requested": "true" if i % 3 == 0 else "false",
            "vendor_outcome": "handed_off" if i % 3 == 0 else "resolved",
            "is_test": "false",
            "updated_at": start + timedelta(hours=1),
        }
        if i % 3 and i % 4:
            session["evidence"] = "task_completed"
        sessions.append(session)
    return sessions


def survey_answers(contacts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return two answers on every fifth contact: whether it settled the matter, and one on a reversed scale."""
    answers: list[dict[str, Any]] = []
    for number, contact in enumerate(contacts[1::5]):
        for question, score in (("q_settled", int(number % 4 > 0)), ("q_trouble", 1 + number % 5)):
            answers.append(
                {
                    "response_id": f"v{number:02}",
                    "question_id": question,
                    "customer_id": contact["customer_id"],
                    "contact_id": contact["contact_id"],
                    "answered_at": contact["ended_at"] + timedelta(hours=3),
                    "score": score,
                    "updated_at": contact["ended_at"] + timedelta(hours=3),
                }
            )
    return answers


def work_time() -> dict[str, list[dict[str, Any]]]:
    """Return states, pay and rates of six agents: each works ten hours a day, waiting for most of them, the last one a break."""
    states: list[dict[str, Any]] = []
    pay: list[dict[str, Any]] = []
    for i in range(6 * DAYS):
        day = FIRST_DAY + timedelta(days=i // 6)
        agent = f"a{i % 6}"
        for state, first, last in (("available", 10, 18.75), ("contact", 18.75, 19), ("break", 19, 20)):
            start, end = day + timedelta(hours=first), day + timedelta(hours=last)
            states.append(
                {
                    "agent_id": agent,
                    "started_at": start,
                    "ended_at": end,
                    "state": state,
                    "is_paid": "true",
                }
            )
        pay.append(
            {"agent_id": agent, "work_date": day.date(), "regular_minutes": 480, "overtime_minutes": 120}
        )
    rates = [
        {
            "agent_id": f"a{i}",
            "effective_from": "2023-01-01",
            "hourly_rate": "18.50",
            "overtime_multiplier": "1.5",
            "on_cost_rate": "0.22",
        }
        for i in range(6)
    ]
    return {"agent_states": states, "agent_pay": pay, "agent_pay_rates": rates}


def quality_and_money() -> dict[str, list[dict[str, Any]]]:
    """Return evaluations of ten contacts on a form of two items, metered use with its price, a ledger and a contract."""
    evaluations = [
        {
            "evaluation_id": f"e{i}",
            "contact_id": f"c{3 * i + 1:04}",
            "agent_id": f"a{(3 * i + 1) % 6}",
            "form_id": "f",
            "form_version": "1",
            "sampling": "random",
            "submitted_at": FIRST_DAY + timedelta(days=DAYS),
            "status": "submitted",
            "updated_at": FIRST_DAY + timedelta(days=DAYS),
        }
        for i in range(10)
    ]
    # what six agents are paid for two weeks, and what the company pays beside it
    postings = (
        ("6000", "in_house", "15540.00"),
        ("6010", "in_house", "1554.00"),
        ("6020", "in_house", "3760.68"),
        ("6400", "in_house", "2000.00"),
        ("6500", "north", "900"),
    )
    entries = [
        {
            "entry_id": f"2024-03-01-{account}",
            "period_month": "2024-03-01",
            "account_id": account,
            "vendor_id": vendor,
            "amount": amount,
            "currency": "GBP",
        }
        for account, vendor, amount in postings
    ]
    return {
        "qa_form_items": [
            {"form_id": "f", "form_version": "1", "item_id": item, "weight": 1} for item in ("i1", "i2")
        ],
        "qa_evaluations": evaluations,
        "qa_answers": [
            {"evaluation_id": row["evaluation_id"], "item_id": item, "points": i % 3, "max_points": 2}
            for i, row in enumerate(evaluations)
            for item in ("i1", "i2")
        ],
        "technology_usage": [
            {
                "usage_id": f"u{i}",
                "technology_id": "bot",
                "session_id": f"s{i:02}",
                "used_at": FIRST_DAY + timedelta(hours=5, minutes=i),
                "unit": "session",
                "quantity": 1,
            }
            for i in range(20)
        ],
        "technology_rates": [
            {"technology_id": "bot", "unit": "session", "effective_from": "2023-01-01", "unit_cost": "0.05"}
        ],
        "ledger_entries": entries,
        "ledger_accounts": [
            {"account_id": "6000", "pool": "agent_pay"},
            {"account_id": "6010", "pool": "overtime_premium"},
            {"account_id": "6020", "pool": "on_costs"},
            {"account_id": "6400", "pool": "corporate"},
            {"account_id": "6500", "pool": "bpo_invoices"},
        ],
        "vendor_contracts": [
            {
                "vendor_id": "north",
                "contract_version": version,
                "effective_from": start,
                "effective_to": end,
                "payment_basis": "minute",
            }
            for version, start, end in (("1", "2023-01-01", "2024-01-01"), ("2", "2024-01-01", ""))
        ],
    }


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
        # who asked once bought something later
        "transactions": [
            {
                "transaction_id": f"t{i:03}",
                "customer_id": f"k{i:03}",
                "kind": "purchase",
                "department": "online",
                "occurred_at": FIRST_DAY + timedelta(days=20, hours=i),
                "amount": "19.90",
                "margin_amount": "8.00",
                "updated_at": FIRST_DAY + timedelta(days=20, hours=i),
            }
            for i in range(1, CUSTOMERS, 2)
        ],
        "feed_watermarks": [
            {"feed": feed, "complete_through": "2024-03-28 00:00:00"}
            for feed in ("contacts", "experience", "quality", "workforce")
        ],
        "survey_questions": [
            {
                "question_id": "q_settled",
                "instrument": "first_contact_resolved",
                "scale_min": 0,
                "scale_max": 1,
                "is_reversed": "false",
                "is_relationship": "false",
            },
            {
                "question_id": "q_trouble",
                "instrument": "csat",
                "scale_min": 1,
                "scale_max": 5,
                "is_reversed": "true",
                "is_relationship": "false",
            },
        ],
        "survey_answers": survey_answers(contacts),
        "bot_sessions": bot_sessions(),
        "technologies": [{"technology_id": "bot", "name": "Chat bot", "kind": "bot"}],
        **work_time(),
        **quality_and_money(),
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
    replaced = f"replace ({replaced})" if replaced else ""
    return (
        f"insert into {table} select * exclude (number) {replaced} "
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


def one_attempt(which: str, changes: str) -> str:
    """SQL that changes the first attempt of a kind."""
    first = f"(select min(attempt_id) from marts.fct_bot_attempts where {which})"
    return f"update marts.fct_bot_attempts set {changes} where attempt_id = {first}"


def one_row(table: str, which: str, changes: str) -> str:
    """SQL that changes the first contact of a kind, in one row of it."""
    first = f"(select min(contact_id) from {table} where {which})"
    return f"update {table} set {changes} where {which} and contact_id = {first}"


RESOLUTION, REPEATS, ISSUES = (
    "marts.fct_first_contact_resolution",
    "marts.fct_contact_repeats",
    "marts.fct_issues",
)
PAIRS, ANSWERS = "marts.fct_repeat_contacts", "marts.fct_survey_answers"
EVALUATIONS, ALIGNMENT = "marts.fct_qa_evaluations", "marts.fct_qa_csat_alignment"
COSTS, CAPACITY, MINUTES = "marts.fct_contact_costs", "marts.fct_capacity_costs", "marts.fct_minute_rates"
RECONCILIATION, POOLS = "marts.fct_ledger_reconciliation", "staging.cost_pools"
REASON_RULES = "insert into staging.reason_rules by name select "
SAVES, SAVE_RULES, INFLUENCE = (
    "marts.fct_save_episodes",
    "staging.save_exclusion_rules",
    "marts.fct_revenue_influence",
)


def save_rule(rule: str, until: str = "2999-12-31", owner: str = "'retention'") -> str:
    """Return SQL that adds an exclusion rule."""
    return (
        f"insert into {SAVE_RULES} by name select '{rule}' as rule, date '1970-01-01' as effective_from, "
        f"date '{until}' as effective_to, {owner} as owner, 'why' as description"
    )


def episodes(count: int, name: str, values: str, customer: str = "episode_id") -> str:
    """Return SQL that adds save episodes, ten days apart."""
    return (
        f"insert into {SAVES} by name select *, {customer} as customer_id, {values} from (select '{name}' || number as episode_id, "
        "date '2024-03-01' as business_date, timestamp '2024-03-01' + to_days(10 * cast(number as integer)) as opened_at "
        f"from range({count}) as numbers (number)) as added"
    )


def credit(name: str, window: int, seconds: int = 60, part: int = 10, headline: str = "false") -> str:
    """Return SQL that credits a contact with a part of a sale of 10."""
    return (
        f"insert into {INFLUENCE} by name select {window} as window_days, '{name}' as transaction_id, 'c' as contact_id, "
        f"{seconds} as seconds_after_contact, {part} as last_amount, {part} as linear_amount, {part} as first_amount, "
        f"10 as net_amount, {headline} as is_headline"
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
    (
        "raw.contacts",
        contact(contact_id="'d4'", channel="'fax'"),
        ("channel is one of the contract's values",),
    ),
    ("raw.contacts", contact(contact_id="'d5'", is_test="'perhaps'"), ("is_test is a boolean",)),
    ("raw.contacts", copy_of("raw.contacts", "contact_id = 'c0003'"), ("contact_id is delivered once",)),
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
        contact(22, contact_id="'e' || number", customer_id="'nobody' || number"),
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
        copy_of(
            "raw.contact_segments",
            "contact_id = 'c0001' and kind = 'wrap'",
            2,
            segment_number="number + 70",
            ended_at="'2024-03-05 23:00:00'",
        ),
        ("agents work less than half a day on one segment",),
    ),
    (
        "raw.contact_segments",
        "update raw.contact_segments as talks set ended_at = wraps.ended_at from "
        "raw.contact_segments as wraps "
        "where talks.kind = 'talk' and wraps.kind = 'wrap' and talks.contact_id = wraps.contact_id",
        ("hold is not inside talk",),
    ),
    # other raw tables
    (
        "raw.queues",
        "update raw.queues set name = 'Q_MAIL' where queue_id = 'q_chat'",
        ("names of queues differ",),
    ),
    (
        "raw.queues",
        "update raw.queues set vendor_id = null where queue_id = 'q_chat'",
        ("most queues have a vendor",),
    ),
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
    (
        "raw.queues",
        "update raw.queues set tier = 9 where queue_id = 'q_mail'",
        ("tiers are between 1 and 5",),
    ),
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
    (
        "raw.agents",
        "update raw.agents set effective_to = '2022-01-01' where agent_id = 'a1'",
        ("periods end after they begin",),
    ),
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
        "raw.agent_states",
        "update raw.agent_states set state = 'lunch' where agent_id = 'a0' and started_at = '2024-03-04 19:00:00'",
        ("state is one of the contract's values",),
    ),
    (
        "raw.agent_states",
        "update raw.agent_states set ended_at = '2024-03-05 09:00:00' "
        "where agent_id = 'a1' and started_at = '2024-03-05 10:00:00'",
        ("states end after they start",),
    ),
    (
        "raw.agent_states",
        "update raw.agent_states set ended_at = '2024-03-20 19:00:00' where agent_id < 'a3' and "
        "started_at like '2024-03-07 19%'",
        ("states of an agent do not overlap", "states last less than a day"),
    ),
    (
        "raw.agent_pay",
        "update raw.agent_pay set regular_minutes = 1400 where agent_id = 'a1' and work_date = '2024-03-06'",
        ("paid time fits into a day",),
    ),
    (
        "raw.agent_pay",
        copy_of(
            "raw.agent_pay",
            "agent_id = 'a1' and work_date = '2024-03-07'",
            agent_id="'a_lost'",
        ),
        ("people paid are in agents", "people paid have a rate"),
    ),
    (
        "raw.agent_pay",
        copy_of("raw.agent_pay", "agent_id = 'a1' and work_date = '2024-03-07'", work_date="'7 March'"),
        ("work_date is a date",),
    ),
    (
        "raw.agent_pay_rates",
        "update raw.agent_pay_rates set on_cost_rate = 22 where agent_id = 'a1'",
        ("on-costs are a share of pay",),
    ),
    (
        "raw.agent_pay_rates",
        "update raw.agent_pay_rates set overtime_multiplier = 0.5 where agent_id = 'a2'",
        ("overtime pays no less than other time",),
    ),
    (
        "raw.agent_pay_rates",
        "update raw.agent_pay_rates set hourly_rate = 38000 where agent_id = 'a3'",
        ("hourly rates are plausible",),
    ),
    (
        "raw.qa_answers",
        "update raw.qa_answers set points = 5 where evaluation_id = 'e1' and item_id = 'i1'",
        ("points are between none and the most",),
    ),
    (
        "raw.qa_answers",
        "update raw.qa_answers set evaluation_id = 'e_lost' where evaluation_id = 'e2' and item_id = 'i2'",
        ("answers belong to delivered evaluations",),
    ),
    (
        "raw.technology_usage",
        "update raw.technology_usage set quantity = -1 where usage_id = 'u1'",
        ("metered quantities are not negative",),
    ),
    (
        "raw.technology_usage",
        "update raw.technology_usage set unit = 'token' where usage_id = 'u2'",
        ("what is metered has a price",),
    ),
    (
        "raw.ledger_entries",
        copy_of(
            "raw.ledger_entries",
            "entry_id = '2024-03-01-6000'",
            entry_id="'lost'",
            account_id="'9999'",
            vendor_id="'south'",
            period_month="'2024-03-31'",
        ),
        (
            "accounts of entries are mapped",
            "vendors of entries are known",
            "months are written as their first day",
        ),
    ),
    (
        "raw.ledger_entries",
        copy_of("raw.ledger_entries", "entry_id = '2024-03-01-6000'", entry_id="'no amount'", amount="''"),
        ("amount is filled in every row",),
    ),
    (
        "raw.ledger_accounts",
        copy_of("raw.ledger_accounts", "account_id = '6000'", account_id="'6001'", pool="'parties'"),
        ("pool is one of the contract's values",),
    ),
    (
        "raw.vendor_contracts",
        "update raw.vendor_contracts set effective_to = '2024-02-01' where contract_version = '1'",
        ("versions of a contract do not overlap",),
    ),
    (
        "raw.vendor_contracts",
        "update raw.vendor_contracts set effective_to = '2023-12-31' where contract_version = '2'",
        ("versions end after they begin",),
    ),
    (
        "raw.customers",
        "update raw.customers set created_at = '2024-02-01 00:00:00' where customer_id in ('k001', 'k002')",
        ("customers were created before they were changed",),
    ),
    (
        "raw.customers",
        "update raw.customers set is_staff = 'true' where customer_id < 'k020'",
        ("staff are few",),
    ),
    (
        "raw.reasons",
        "update raw.reasons set reason_l2 = null where reason_code = 'r0'",
        ("most reasons have a second level",),
    ),
    (
        "raw.reasons",
        "update raw.reasons set is_failure_demand = null where reason_code = 'r1'",
        ("most reasons are judged for failure demand",),
    ),
    (
        "raw.reasons",
        "update raw.reasons set repeat_window_days = 0 where reason_code = 'r2'",
        ("repeat windows are 1 to 365 days",),
    ),
    (
        "raw.vendors",
        "update raw.vendors set kind = 'in_house' where vendor_id = 'north'",
        ("in_house is in-house",),
    ),
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
        "update intermediate.int_agent_legs set hold_seconds = -10, talk_seconds = handle_seconds - "
        "wrap_seconds + 10 "
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
        "handle_seconds = handle_seconds + 200000, ended_at = ended_at + interval 3 day where "
        "contact_id = 'c0008'",
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
        "update marts.fct_contacts set handle_seconds = 0, talk_seconds = 0, hold_seconds = 0, "
        "wrap_seconds = 0 "
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
        "update marts.fct_contacts set handle_seconds = null, talk_seconds = null, hold_seconds = "
        "null, wrap_seconds = null, "
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
        "update marts.fct_contacts set talk_seconds = talk_seconds + 9000000, handle_seconds = "
        "handle_seconds + 9000000 "
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
        "update audit.load_reconciliation set staged_rows = raw_rows + 1, superseded_rows = -1 where "
        "table_name = 'agents'",
        ("counts are not negative",),
    ),
    (
        "audit.load_reconciliation",
        "update audit.load_reconciliation set staged_rows = 0, quarantined_rows = raw_rows where "
        "table_name = 'contacts'",
        ("some contacts were staged", "contacts are not in quarantine", "little is in quarantine"),
    ),
    (
        "audit.load_reconciliation",
        "delete from audit.load_reconciliation where table_name = 'contact_segments'",
        ("contacts and segments are reconciled",),
    ),
    # raw.contacts has more rows by now, through the damage above
    ("audit.load_reconciliation", "select 1", ("marts were built from the contacts that are loaded",)),
    # resolution: what follows from the damage to contacts above
    (PAIRS, "select 1", ("both contacts of a pair are known",)),
    (
        RESOLUTION,
        one_row(
            RESOLUTION,
            "outcome = 'repeated' and window_hours = 720",
            "window_hours = 9000, window_ends_at = ended_at + to_hours(9000), matures_at = ended_at + to_hours(9048)",
        ),
        ("windows are between an hour and a year",),
    ),
    (
        RESOLUTION,
        one_row(RESOLUTION, "outcome = 'resolved'", "window_ends_at = window_ends_at + interval 1 day"),
        ("windows begin at the end of the contact",),
    ),
    (
        RESOLUTION,
        one_row(RESOLUTION, "contact_id > 'c0010' and window_hours = 24", "is_headline = true"),
        ("every first contact has one window of its own",),
    ),
    (
        RESOLUTION,
        f"delete from {RESOLUTION} where contact_id = 'c0021'",
        ("first contacts are those that repeat nothing",),
    ),
    (
        RESOLUTION,
        one_row(RESOLUTION, "contact_id > 'c0022' and outcome = 'resolved'", "is_mature = false"),
        ("open windows are not resolved",),
    ),
    (
        RESOLUTION,
        one_row(
            RESOLUTION,
            "contact_id > 'c0025' and outcome = 'repeated' and is_headline",
            "broken_at = ended_at",
        ),
        ("what broke it lies in the window",),
    ),
    (
        RESOLUTION,
        one_row(
            RESOLUTION,
            "contact_id > 'c0027' and outcome = 'repeated' and window_hours = 720",
            "outcome = 'resolved', broken_at = null, breaking_contact_id = null",
        ),
        ("longer windows resolve no more",),
    ),
    (
        RESOLUTION,
        one_row(
            RESOLUTION, "contact_id > 'c0029' and outcome = 'repeated'", "is_first_point_resolution = true"
        ),
        ("variants are stricter than the headline",),
    ),
    (
        RESOLUTION,
        one_row(
            RESOLUTION,
            "contact_id > 'c0031' and outcome = 'resolved' and window_hours = 24",
            "outcome = null, is_one_contact_resolution = null, is_first_point_resolution = null",
        ),
        ("known reasons have an outcome",),
    ),
    (
        REPEATS,
        one_row(REPEATS, "is_repeated", "window_hours = 9000, matures_at = ended_at + to_hours(9048)"),
        ("windows are between an hour and a year",),
    ),
    (
        REPEATS,
        one_row(REPEATS, "contact_id > 'c0010' and is_repeated_168h", "is_repeated_336h = false"),
        ("longer windows find what shorter ones find",),
    ),
    (
        REPEATS,
        one_row(REPEATS, "contact_id > 'c0012' and is_repeated", "hours_to_next = 200"),
        ("repeats are those within the window",),
    ),
    (
        REPEATS,
        one_row(REPEATS, "contact_id > 'c0014' and is_repeated", "is_repeated = null"),
        ("open windows are unknown, and say so",),
    ),
    (
        REPEATS,
        one_row(REPEATS, "is_repeat", "previous_contact_id = null"),
        ("repeats have a contact before them",),
    ),
    (
        REPEATS,
        one_row(REPEATS, "contact_id > 'c0016'", "piece_count = 0"),
        ("every handled contact of a customer is here",),
    ),
    (
        REPEATS,
        f"update {REPEATS} set customer_id = 'k000' where is_repeat",
        ("no single customer makes many of the repeats",),
    ),
    (
        ISSUES,
        f"update {ISSUES} set transfer_count = -1 where issue_id = 'c0001'",
        ("counts are not negative",),
    ),
    (
        ISSUES,
        f"update {ISSUES} set channel_count = contact_count + 1 where issue_id = 'c0002'",
        ("an issue has contacts, and no more channels or handled ones",),
    ),
    (
        ISSUES,
        f"update {ISSUES} set contact_count = 60 where issue_id = 'c0004'",
        ("every contact of a customer is in one issue", "no issue goes on and on"),
    ),
    (
        ISSUES,
        f"update {ISSUES} set business_seconds = elapsed_seconds + 1 where issue_id = 'c0005'",
        ("times lie in order",),
    ),
    (
        ISSUES,
        f"update {ISSUES} set is_mature = false where issue_id = 'c0007'",
        ("issues that may grow are not judged",),
    ),
    (
        ISSUES,
        f"update {ISSUES} set is_seamless = true where issue_id = 'c0008'",
        ("seamless is one contact, one employee, one channel",),
    ),
    (
        PAIRS,
        one_row(PAIRS, "is_repeat", "hours_between = -1"),
        ("repeats begin after the contact before them",),
    ),
    (
        PAIRS,
        one_row(PAIRS, "contact_id > 'c0130' and is_handled", "is_handled = false"),
        ("repeats are those of the contacts",),
    ),
    (
        PAIRS,
        one_row(PAIRS, "contact_id > 'c0135'", "previous_contact_id = 'nowhere'"),
        ("both contacts of a pair are known",),
    ),
    (
        PAIRS,
        one_row(PAIRS, "contact_id > 'c0140'", "is_same_channel = not is_same_channel"),
        ("channels of a pair are compared rightly",),
    ),
    (
        PAIRS,
        f"update {PAIRS} set previous_agent_id = null where contact_id like 'c02%'",
        ("repeats can be attributed",),
    ),
    (
        ANSWERS,
        f"update {ANSWERS} set turned_score = 9 where survey_answer_id = 'v01:q_trouble'",
        ("answers are on the scale of their question",),
    ),
    (
        ANSWERS,
        f"update {ANSWERS} set invalid_reason = 'not answered' where survey_answer_id = 'v02:q_settled'",
        ("answers that do not count say why and judge nothing",),
    ),
    (
        ANSWERS,
        f"update {ANSWERS} set is_positive = true, is_negative = true where survey_answer_id = 'v03:q_settled'",
        ("no answer is good and bad",),
    ),
    (
        ANSWERS,
        f"insert into {ANSWERS} select * replace ('v99:q_settled' as survey_answer_id) from {ANSWERS} "
        "where survey_answer_id = 'v05:q_settled'",
        ("one answer per customer, contact and question counts",),
    ),
    (
        EVALUATIONS,
        f"update {EVALUATIONS} set score_excl_critical = 1.5, score_autofail_zero = 1.5 where evaluation_id = 'e1'",
        ("scores are shares of the points",),
    ),
    (
        EVALUATIONS,
        f"update {EVALUATIONS} set score_autofail_zero = 0 where evaluation_id = 'e2'",
        ("an automatic failure stands beside the score",),
    ),
    (
        EVALUATIONS,
        f"update {EVALUATIONS} set is_counted = false where evaluation_id = 'e3'",
        ("evaluations that do not count say why",),
    ),
    (
        ALIGNMENT,
        f"insert into {ALIGNMENT} select * replace ('e99' as evaluation_id) from {ALIGNMENT} where evaluation_id = 'e0'",
        ("a customer counts once",),
    ),
    (
        ALIGNMENT,
        f"update {ALIGNMENT} set alignment = 'both good' where evaluation_id = 'e0'",
        ("the class is that of pass and answer",),
    ),
    (
        ALIGNMENT,
        f"update {ALIGNMENT} set is_dissatisfied = false, triage_reason = 'price' where evaluation_id = 'e5'",
        ("reasons are of customers who are dissatisfied",),
    ),
    # decisions that people own
    (
        "staging.repeat_windows",
        "insert into staging.repeat_windows by name select 0 as window_hours union all select 24",
        ("windows are between an hour and a year", "each window is there once"),
    ),
    (
        "staging.reason_rules",
        f"{REASON_RULES} 'r0' as reason_code, date '2024-01-01' as effective_from, date '2999-12-31' as effective_to, "
        "0 as repeat_window_hours, 'operations' as owner",
        ("windows are between an hour and a year",),
    ),
    (
        "staging.reason_rules",
        f"{REASON_RULES} 'r1' as reason_code, date '2024-02-01' as effective_from, date '2024-01-01' as effective_to, "
        "48 as repeat_window_hours, 'operations' as owner",
        ("rules end after they begin",),
    ),
    (
        "staging.reason_rules",
        f"{REASON_RULES} 'r2' as reason_code, date '2024-01-01' + cast(number as integer) as effective_from, "
        "date '2999-12-31' as effective_to, 48 as repeat_window_hours, 'operations' as owner from range(2) as twice(number)",
        ("one rule of a reason is in force on a day",),
    ),
    (
        "staging.reason_rules",
        f"{REASON_RULES} 'r3' as reason_code, date '2024-01-01' as effective_from, date '2999-12-31' as effective_to, "
        "'operations' as owner",
        ("rules decide something, and somebody owns them",),
    ),
    (
        "staging.reason_rules",
        f"{REASON_RULES} 'r_lost' as reason_code, date '2024-01-01' as effective_from, date '2999-12-31' as effective_to, "
        "false as is_first_contact_resolvable, 'operations' as owner",
        ("rules are on known reasons",),
    ),
    (SAVE_RULES, save_rule("loyal"), ("rules are known",)),
    (SAVE_RULES, save_rule("payment", until="1969-12-31"), ("rules end after they begin",)),
    (SAVE_RULES, save_rule("moved", owner="null"), ("rules have an owner and a reason",)),
    (
        SAVE_RULES,
        f"delete from {SAVE_RULES} where rule = 'fraud'",
        ("rules that the definition names are in force",),
    ),
    (
        SAVES,
        episodes(1, "both", "true as is_eligible, 'moved' as exclusion_rule"),
        ("the funnel loses nobody",),
    ),
    (
        SAVES,
        episodes(1, "lost", "true as is_saved_60d, false as is_active_60d, true as is_mature_60d"),
        ("saves are what a save may be",),
    ),
    (
        SAVES,
        episodes(1, "early", "true as is_saved_30d, false as is_mature_30d"),
        ("open horizons are no success",),
    ),
    (
        SAVES,
        episodes(2, "twice", "'s1' as subscription_id", customer="'one'"),
        ("an episode is opened once",),
    ),
    (
        SAVES,
        episodes(
            100,
            "unoffered",
            "true as is_eligible, false as was_attempted, 'stated_cancel_intent' as entry_door, 2 as subscription_count",
        ),
        ("offers are recorded", "most wishes name their subscription", "prices of what is at risk are known"),
    ),
    (
        SAVES,
        episodes(30, "excluded", "'complaint' as entry_door, 'moved' as exclusion_rule"),
        ("few customers at risk are excluded",),
    ),
    (SAVES, episodes(200, "pending", "'pending' as save_null_reason"), ("few horizons are open",)),
    (INFLUENCE, credit("doubled", 90, part=20), ("no sale is credited more than once over",)),
    (INFLUENCE, credit("late", 90, seconds=86400 * 90 + 1), ("sales lie in their window",)),
    (INFLUENCE, credit("short", 7), ("longer windows hold the shorter ones",)),
    (
        INFLUENCE,
        f"{credit('week', 7, headline='true')}; {credit('month', 30, headline='true')}",
        ("one window is the headline",),
    ),
    (
        "marts.fct_bot_attempts",
        "update marts.fct_bot_attempts set leak = 'lost' where leak = 'no_evidence'",
        ("shares of the leaks add up to one", "leaks of a month add up to its ladder"),
    ),
    (
        "marts.fct_bot_attempts",
        one_attempt("is_contained and not is_durably_resolved", "is_handed_off = true"),
        ("nobody climbs past a rung",),
    ),
    (
        "marts.fct_bot_attempts",
        one_attempt("is_returned", "returned_at = ended_at + interval 8 day"),
        ("returns lie in the window",),
    ),
    (
        "marts.fct_bot_attempts",
        one_attempt("leak = 'handoff_refused'", "leak = 'none'"),
        ("only what lasted has no leak",),
    ),
    (
        "marts.fct_bot_attempts",
        one_attempt("is_durably_resolved", "is_mature = false"),
        ("open windows are no success",),
    ),
    (
        "marts.fct_bot_attempts",
        one_attempt("is_durably_resolved", "evidence_class = 'vendor_assumed'"),
        ("the vendor's word is no evidence",),
    ),
    # what it cost
    (
        COSTS,
        one_row(COSTS, "component = 'agent_talk'", "cost_amount = -1"),
        ("costs are not negative", "components sum to the cost of the contact"),
    ),
    (COSTS, one_row(COSTS, "component = 'agent_wrap'", "unit_rate = -1"), ("rates are not negative",)),
    (COSTS, one_row(COSTS, "component = 'agent_message'", "pool = 'parties'"), ("every pool has a driver",)),
    (
        COSTS,
        one_row(COSTS, "component = 'on_costs'", "cost_null_reason = 'nobody knows'"),
        ("unknown costs say why",),
    ),
    (
        CAPACITY,
        f"update {CAPACITY} set cost_amount = -1 where kind = 'unowned' and pool = 'ai_usage'",
        ("waiting and other work cost nothing negative",),
    ),
    (
        CAPACITY,
        f"update {CAPACITY} set agent_minutes = -1 where kind = 'unused_capacity' and queue_id = 'q_mail'",
        ("time is not negative",),
    ),
    (
        MINUTES,
        f"update {MINUTES} set cash_marginal_rate = -1 where queue_id = 'q_mail'",
        ("rates are not negative",),
    ),
    (
        MINUTES,
        f"update {MINUTES} set fully_absorbed_rate = capacity_rate / 2 where queue_id = 'q_chat'",
        ("absorbed minutes are no cheaper than capacity",),
    ),
    (
        RECONCILIATION,
        f"update {RECONCILIATION} set contact_amount = contact_amount + 1 where pool = 'overtime_premium'",
        ("the parts are the ledger",),
    ),
    (
        RECONCILIATION,
        f"update {RECONCILIATION} set status = 'reconciled' where pool = 'bpo_invoices'",
        ("the status says what the difference is",),
    ),
    (
        RECONCILIATION,
        f"update {RECONCILIATION} set ledger_amount = ledger_amount + 50, difference_amount = 50, status = 'open' where pool = 'corporate'",
        ("pools that are shared out tie",),
    ),
    (
        POOLS,
        f"update {POOLS} set driver = 'contract' where pool = 'quality'",
        ("shared pools have drivers that share",),
    ),
    (
        POOLS,
        f"update {POOLS} set effective_to = date '2023-12-01' where pool = 'telecom'; "
        f"insert into {POOLS} select * replace (date '2024-02-01' as effective_from, date '2999-12-31' as effective_to) "
        f"from {POOLS} where pool = 'telecom'",
        ("drivers leave no month out",),
    ),
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
        one_value("one_contact_resolution_rate", "numerator = denominator, value = 1, interval_high = 1"),
        ("variants of resolution keep their order",),
    ),
    (
        "audit.metric_values",
        one_value("fcr_rate", "is_mature = true")
        + "; "
        + one_value("fcr_mature_share", "numerator = 20, value = 20 / denominator, interval_low = 0"),
        ("mature months have no open windows",),
    ),
    (
        "audit.metric_values",
        one_value("identity_coverage_rate", "numerator = 0, value = 0, interval_low = 0"),
        ("identity coverage is high in every month",),
    ),
    (
        "audit.metric_values",
        one_value("repeat_reason_coverage_rate", "numerator = 0, value = 0, interval_low = 0"),
        ("most reasons are known in every month",),
    ),
    (
        "audit.metric_values",
        one_value("contacts_offered", "as_of = null"),
        ("values tell up to when data is complete",),
    ),
]

COLUMN_DAMAGE: Sequence[Damage] = [
    # what follows from the damage below: contacts changed, and nothing that is made from them
    ("audit.load_reconciliation", "select 1", ("marts were built from the contacts that are loaded",)),
    ("marts.fct_queue_intervals", "select 1", ("half hours hold the contacts of the queues",)),
    ("audit.contact_exclusions", "select 1", ("exclusions are those of the contacts",)),
    ("raw.agent_pay", "update raw.agent_pay set regular_minutes = 8", ("regular time is plausible",)),
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
        "insert into raw.contacts select * from raw.contacts; insert into raw.contacts select * from "
        "raw.contacts",
        ("deliveries of the same contact are few", "contact_id is delivered once"),
    ),
    (
        "raw.contact_segments",
        "delete from raw.contact_segments where contact_id > 'c0280'",
        ("most contacts have segments",),
    ),
    (
        "raw.contact_segments",
        "insert into raw.contact_segments select * exclude (number) replace (1000 + number as "
        "segment_number) "
        "from raw.contact_segments cross join range(30) as copies(number) where segment_number = '1'",
        ("segments per contact are plausible",),
    ),
    (
        "raw.contact_segments",
        "update raw.contact_segments set ended_at = null where segment_number like '100_'",
        ("most segments have ended",),
    ),
    (
        "raw.customers",
        "insert into raw.customers by name select 'm' || number as customer_id, '2023-05-01 "
        "00:00:00' as created_at, "
        "'2024-01-01 00:00:00' as updated_at from range(1500) as copies(number); "
        "insert into raw.customers select * from raw.customers; insert into raw.customers select * "
        "from raw.customers",
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
        "update marts.fct_contacts set exclusion_reason = 'test', is_offered = false, "
        "is_service_level_contact = false, "
        "is_out_of_queue_in_time = false where contact_id < 'c0060'",
        ("few contacts are excluded",),
    ),
    (
        "marts.fct_contacts",
        "update marts.fct_contacts set is_in_opening_hours = false, is_offered = false, "
        "is_service_level_contact = false, "
        "is_out_of_queue_in_time = false where contact_id between 'c0060' and 'c0200'",
        ("most live contacts arrive in opening hours",),
    ),
    (
        "marts.fct_contacts",
        "update marts.fct_contacts set is_abandoned = true, is_answered = false where "
        "is_service_level_contact",
        ("abandonment is plausible",),
    ),
    # the same, in the domain resolution
    (REPEATS, "select 1", ("every handled contact of a customer is here",)),
    (ISSUES, "select 1", ("every contact of a customer is in one issue",)),
    (PAIRS, "select 1", ("both contacts of a pair are known",)),
    (
        REPEATS,
        f"update {REPEATS} set piece_count = 0 where contact_id < 'c0150'",
        ("most handled contacts can be followed",),
    ),
    (
        RESOLUTION,
        f"update {RESOLUTION} set is_mature = false, outcome = 'pending', broken_at = null, breaking_contact_id = null, "
        "is_one_contact_resolution = null, is_first_point_resolution = null where contact_id < 'c0100'",
        ("few windows are open",),
    ),
    (
        RESOLUTION,
        f"update {RESOLUTION} set reason_code = null, outcome = null, broken_at = null, breaking_contact_id = null, "
        "is_one_contact_resolution = null, is_first_point_resolution = null where contact_id between 'c0100' and 'c0150'",
        ("most reasons are known",),
    ),
    (
        RESOLUTION,
        f"update {RESOLUTION} set outcome = 'exited', broken_at = ended_at + interval 1 hour, breaking_contact_id = null, "
        "is_one_contact_resolution = null, is_first_point_resolution = null where contact_id between 'c0151' and 'c0220'",
        ("few customers leave within the window",),
    ),
    # of the last days, only contacts that nobody repeats are first ones
    (
        RESOLUTION,
        f"update {RESOLUTION} set is_eligible = false where contact_id < 'c0300'",
        ("most first contacts could be resolved", "resolution is plausible"),
    ),
    (
        REPEATS,
        f"update {REPEATS} set is_reason_known = false where contact_id > 'c0250'",
        ("most reasons are known",),
    ),
    (
        REPEATS,
        f"update {REPEATS} set is_mature = false, is_repeated = null, repeat_null_reason = 'window open' where contact_id < 'c0100'",
        ("few windows are open",),
    ),
    (
        REPEATS,
        f"update {REPEATS} set is_repeated = true, is_repeated_24h = true, is_repeated_72h = true, is_repeated_168h = true, "
        "is_repeated_336h = true, is_repeated_720h = true, is_repeated_by_next_day = true, hours_to_next = 1, "
        "next_contact_id = 'c0300' where contact_id between 'c0100' and 'c0280'",
        ("repeats are not the rule",),
    ),
    (
        ISSUES,
        f"update {ISSUES} set is_mature = false, is_reopened = null, is_seamless = null, is_resolved = null where issue_id < 'c0100'",
        ("few issues are open",),
    ),
    (
        PAIRS,
        f"update {PAIRS} set is_repeat = false, is_parallel = true, hours_between = null",
        ("few contacts only run beside another one", "repeats are those of the contacts"),
    ),
    (
        ANSWERS,
        f"update {ANSWERS} set is_valid = false, is_late = true, invalid_reason = 'answered after the closing', turned_score = null, "
        "is_positive = null, is_negative = null where response_id < 'v20'",
        ("most answers count", "few answers come too late"),
    ),
    (
        ANSWERS,
        f"update {ANSWERS} set is_contact_known = false where response_id between 'v20' and 'v30'",
        ("most answers name a known contact",),
    ),
    (
        ANSWERS,
        f"update {ANSWERS} set is_positive = null where response_id between 'v31' and 'v50'",
        ("most answers have a cut",),
    ),
    (
        EVALUATIONS,
        f"update {EVALUATIONS} set score_excl_critical = null, score_autofail_zero = null where evaluation_id < 'e2'",
        ("most evaluations have a score",),
    ),
    (
        EVALUATIONS,
        f"update {EVALUATIONS} set contact_id = null where evaluation_id in ('e2', 'e3')",
        ("most evaluations name a known contact",),
    ),
    (
        EVALUATIONS,
        f"update {EVALUATIONS} set unknown_item_count = 1 where evaluation_id = 'e4'",
        ("items are on their form",),
    ),
    (
        EVALUATIONS,
        f"update {EVALUATIONS} set score_excl_critical = 1, score_autofail_zero = 1 where evaluation_id > 'e1'",
        ("scores leave room",),
    ),
    (
        ALIGNMENT,
        f"update {ALIGNMENT} set is_passed = null, is_aligned = null, alignment = null where evaluation_id = 'e0'",
        ("most evaluations pass or fail",),
    ),
    (
        "staging.repeat_windows",
        "delete from staging.repeat_windows where window_hours = 168",
        ("the usual windows are there", "the default window is a standard one"),
    ),
    (
        "marts.fct_bot_attempts",
        "update marts.fct_bot_attempts set has_evidence = false, is_durably_resolved = false, leak = 'no_evidence'",
        ("bots deliver evidence",),
    ),
    (
        "marts.fct_bot_attempts",
        "update marts.fct_bot_attempts set exclusion_reason = 'test' where attempt_id < 's20'",
        ("few attempts are left out",),
    ),
    (
        "marts.fct_bot_attempts",
        "update marts.fct_bot_attempts set is_identified = false, leak = 'pending' where attempt_id between 's20' and 's39'",
        ("most customers of bots are identified", "few windows are open"),
    ),
    (
        "marts.fct_bot_attempts",
        "update marts.fct_bot_attempts set leak = 'handoff_unknown' where attempt_id between 's40' and 's49'",
        ("scope and handoffs of most attempts are known",),
    ),
    (
        COSTS,
        f"update {COSTS} set cost_amount = null, cost_null_reason = 'no pay rate' where component like 'agent_%'",
        ("most of agents' time has a price", "components sum to the cost of the contact"),
    ),
    (
        MINUTES,
        f"insert into {MINUTES} select rates.* replace (months.period_month as period_month, rates.capacity_rate * months.factor "
        "as capacity_rate, rates.fully_absorbed_rate * months.factor as fully_absorbed_rate) "
        f"from {MINUTES} as rates cross join (values (date '2024-01-01', 1), (date '2024-02-01', 3)) as months(period_month, factor)",
        ("rates do not jump",),
    ),
    (
        RECONCILIATION,
        f"update {RECONCILIATION} set ledger_amount = ledger_amount + 10, difference_amount = difference_amount + 10, status = 'open', "
        "is_month_over = true where pool in ('agent_pay', 'bpo_invoices')",
        ("payroll of closed months ties", "closed months tie as a whole"),
    ),
    (
        RECONCILIATION,
        f"update {RECONCILIATION} set unallocated_amount = unused_capacity_amount, unused_capacity_amount = 0, "
        "capacity_amount = capacity_amount - unused_capacity_amount where pool = 'agent_pay'",
        ("little is unallocated",),
    ),
    (
        RECONCILIATION,
        f"update {RECONCILIATION} set unowned_amount = unowned_amount + unused_capacity_amount, unused_capacity_amount = 0 "
        "where pool = 'on_costs'",
        ("unowned cost is small",),
    ),
    (
        RECONCILIATION,
        "create table intermediate.rows_of_ledger_months as from intermediate.int_ledger_months; "
        "drop view intermediate.int_ledger_months; create table intermediate.int_ledger_months as "
        "select * replace (cast(1 as bigint) as unconverted_entry_count) from intermediate.rows_of_ledger_months",
        ("postings are converted",),
    ),
    (POOLS, f"delete from {POOLS} where pool = 'projects'", ("every pool has a driver",)),
    (
        POOLS,
        f"update {POOLS} set evidence = 'allocated' where pool = 'agent_pay'",
        ("most money follows a cause",),
    ),
]

EMPTY_DAMAGE: Sequence[Damage] = [
    ("raw.contacts", "delete from raw.contacts", ("there are contacts",)),
    ("raw.contact_segments", "delete from raw.contact_segments", ("there are segments",)),
    ("raw.queues", "delete from raw.queues", ("there are queues",)),
    ("raw.agents", "delete from raw.agents", ("there are agents",)),
    ("raw.customers", "delete from raw.customers", ("there are customers",)),
    (
        "marts.fct_contacts",
        "delete from marts.fct_contacts",
        ("there are contacts", "every record is in one contact"),
    ),
    (REPEATS, "select 1", ("every handled contact of a customer is here",)),
    (ISSUES, "select 1", ("every contact of a customer is in one issue",)),
    (PAIRS, "select 1", ("both contacts of a pair are known",)),
    ("raw.agent_pay", "select 1", ("people paid are in agents",)),
    ("raw.queue_hours", "select 1", ("hours belong to known queues",)),
    ("raw.queue_holidays", "select 1", ("holidays belong to known queues",)),
    ("raw.reasons", "drop table raw.reasons; drop table raw.feed_watermarks", ()),
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
        for table, statement, _ in damage:
            if statement.startswith((f"update {table} ", f"delete from {table} ", f"insert into {table} ")):
                make_a_table_of_a_view(connection, table)
            connection.execute(statement)
    return database


def make_a_table_of_a_view(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """Put the rows of a view in its place, so that they can be damaged; a table stays as it is."""
    if connection.execute(
        "select 1 from duckdb_views() where schema_name || '.' || view_name = ?", [table]
    ).fetchone():
        connection.execute(
            f"create temp table rows_of_view as from {table}; drop view {table}; "
            f"create table {table} as from rows_of_view; drop table rows_of_view"
        )


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


def checksum(database: Path) -> str:
    return hashlib.sha256(database.read_bytes()).hexdigest()


# The runs.


def test_good_build_passes_and_is_only_read(good: Path, good_report: Report) -> None:
    assert broken(good_report) == set()
    assert {o.status for o in good_report.outcomes} == {"passed"}
    judged = {judged.suite.table for judged in good_report.judged}
    assert judged >= {suite.table for suite in read_suites(PROJECT)}
    assert "raw.feed_watermarks" in judged, "a table without a suite of its own is judged by the contract"
    assert all(judged.row_count > 0 for judged in good_report.judged if judged.suite.schema == "marts")
    before = checksum(good)
    validate(good, tables=["raw.vendors"])
    assert checksum(good) == before


def test_a_view_is_judged_as_a_table_is(good: Path, good_report: Report, tmp_path: Path) -> None:
    database = Path(shutil.copy(good, tmp_path / good.name))
    with duckdb.connect(str(database)) as connection:
        for table in (RESOLUTION, REPEATS, ISSUES, "marts.fct_bot_attempts"):
            make_a_table_of_a_view(connection, table)
            hidden = f"intermediate.rows_of_{table.partition('.')[2]}"
            connection.execute(
                f"create table {hidden} as from {table}; drop table {table}; create view {table} as from {hidden}"
            )
        connection.execute(
            "update intermediate.rows_of_fct_issues set transfer_count = -1 where issue_id = 'c0001'"
        )
    report = validate(database, tables=[RESOLUTION, REPEATS, ISSUES, "marts.fct_bot_attempts"])
    assert broken(report) == {(ISSUES, "counts are not negative")}
    rows = {judged.suite.table: judged.row_count for judged in good_report.judged}
    assert {judged.suite.table: judged.row_count for judged in report.judged} == {
        table: rows[table] for table in (REPEATS, ISSUES, RESOLUTION, "marts.fct_bot_attempts")
    }


def test_tables_that_were_not_delivered_are_named_and_no_failure(good_report: Report) -> None:
    assert "raw.save_offers" in good_report.absent_optional
    assert "raw.subscriptions" in good_report.absent_required
    assert not good_report.has_errors


@pytest.mark.parametrize(("table", "name"), sorted(expected(ROW_DAMAGE)))
def test_damage_to_rows_breaks_its_expectation(row_report: Report, table: str, name: str) -> None:
    found = outcome(row_report, table, name)
    assert found.status == "failed", found
    if found.expectation.type == "unexpected_rows_expectation":
        assert found.sample, "rows that broke it are shown"


@pytest.mark.parametrize(("table", "name"), sorted(expected(COLUMN_DAMAGE)))
def test_damage_to_columns_breaks_its_expectation(column_report: Report, table: str, name: str) -> None:
    assert outcome(column_report, table, name).status == "failed"


def test_damage_breaks_nothing_else(row_report: Report, column_report: Report) -> None:
    assert broken(row_report) == expected(ROW_DAMAGE)
    assert broken(column_report) == expected(COLUMN_DAMAGE)


def test_empty_and_missing_tables(empty_report: Report) -> None:
    assert broken(empty_report) == expected(EMPTY_DAMAGE)
    unreadable = outcome(empty_report, "marts.fct_agent_segments", "the table can be read")
    assert unreadable.status == "not judged"
    assert unreadable.is_error
    assert outcome(empty_report, "marts.fct_queue_intervals", "the table is there").is_error
    assert outcome(empty_report, "raw.contacts", "deliveries of the same contact are few").status == "no data"
    needs_reasons = outcome(empty_report, "raw.contacts", "reasons of contacts are known")
    assert (needs_reasons.status, needs_reasons.observed) == ("absent", "no raw.reasons")
    assert "raw.feed_watermarks" in empty_report.absent_optional
    assert "raw.reasons" in empty_report.absent_required


def test_every_expectation_has_its_damage() -> None:
    written = {(suite.table, e.name) for suite in read_suites(PROJECT) for e in suite.expectations}
    damaged_ones = expected(ROW_DAMAGE) | expected(COLUMN_DAMAGE) | expected(EMPTY_DAMAGE)
    assert written - damaged_ones == set()


def test_outcome_tells_how_much_and_what(row_report: Report) -> None:
    channel = outcome(row_report, "raw.contacts", "channel is one of the contract's values")
    assert re.fullmatch(r"1 of \d+ rows \(0\.\d+ %\)", channel.observed)
    assert channel.sample == ("fax",)
    assert channel.is_error
    unreadable = outcome(row_report, "raw.contacts", "started_at is a timestamp")
    assert unreadable.sample == ("yesterday",)
    queues = outcome(row_report, "raw.contacts", "queues of contacts are known")
    assert (queues.observed, queues.sample) == ("1 row", ("queue_id=q_lost, records=1",))
    assert queues.is_warning
    missing = outcome(row_report, "audit.metric_values", "headline metrics are published")
    assert missing.observed == "missing: asa_seconds"


def test_contract_and_quarantine_agree_row_for_row(row_damage: Path, row_report: Report) -> None:
    """Two readings of the contract, here and in dbt, find the same rows for each of its rules."""
    again = row_damage.parent / "again" / row_damage.name
    again.parent.mkdir()
    shutil.copy(row_damage, again)
    os.environ["CX_DATABASE"] = str(again)
    folders = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT / "profiles")]
    target = ["--target", "duckdb", "--target-path", str(target_path()), "--log-path", str(again.parent)]
    run = dbtRunner().invoke(["run", "--select", "quarantined_rows", *folders, *target, "--quiet"])
    assert run.success, run.exception
    with duckdb.connect(str(again)) as connection:
        quarantined = dict(
            connection.execute(
                "select table_name || ', ' || rule, count(*) from audit.quarantined_rows group by all"
            ).fetchall()
        )
    found = {}
    for o in row_report.outcomes:
        rule = re.search(r"rule '(.*?)'\.", o.expectation.means)
        if o.expectation.from_contract and o.status == "failed" and rule:
            found[f"{o.suite.removeprefix('raw.')}, {rule[1]}"] = int(o.observed.split()[0])
    assert found == quarantined
    assert len(found) >= 8


# The command and its pages.


def command(*arguments: str) -> Result:
    return CliRunner().invoke(validate_command, arguments, catch_exceptions=False)


def test_command_passes_on_a_good_build(good: Path, tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    result = command("--layer", "marts", "--database", str(good), "--docs", str(docs))
    assert result.exit_code == 0, result.output
    assert f"Data Docs: {docs / 'index.html'}" in result.output
    assert " 0 errors, 0 warnings" in result.output
    assert "raw.contacts" not in result.output
    assert (docs / "validations" / "marts" / "fct_contacts.html").is_file()


def test_command_fails_on_errors_and_says_what_to_do(row_damage: Path, tmp_path: Path) -> None:
    result = command("--layer", "marts", "--database", str(row_damage), "--docs", str(tmp_path))
    assert result.exit_code == 1
    line = next(line for line in result.output.splitlines() if "queue time is not negative" in line)
    assert re.search(r"1 of 336 rows .*such as -5 +failed +error +Do not publish\.", line)


@pytest.mark.parametrize("imported_before", ["", "import pyspark.sql"])
def test_import_of_great_expectations_does_not_end_a_process_without_a_main_file(
    imported_before: str,
) -> None:
    program = f"{imported_before}\nfrom cx_metrics.validation.run import great_expectations\nprint(great_expectations().__name__)"
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert finished.stdout == "great_expectations\n", finished.stderr


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("nowhere.duckdb", None, "does not exist: run make build"),
        ("text.duckdb", "not a database", "cannot be read"),
        ("", None, "cannot be read"),
    ],
)
def test_database_that_cannot_be_read(tmp_path: Path, name: str, content: str | None, problem: str) -> None:
    database = tmp_path / name
    if content is not None:
        database.write_text(content)
    result = command("--database", str(database), "--docs", str(tmp_path / "docs"))
    assert result.exit_code == 1
    assert problem in result.output
    assert len(result.output.splitlines()) == 1, result.output


def test_folder_with_other_files_is_left_alone(good: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    result = command("--database", str(good), "--docs", str(tmp_path))
    assert result.exit_code == 1
    assert "holds thesis.txt, which is no part of Data Docs" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


class Page(HTMLParser):
    """What a page loads and links to, and its text."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("src", "href") and value:
                (self.links if tag == "a" else self.loads).append(value)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_pages_need_nothing_from_outside_and_link_to_each_other(
    row_report: Report, damage_docs: Path
) -> None:
    assert row_report.has_errors
    pages = sorted(damage_docs.rglob("*.html"))
    assert len(pages) == 1 + 2 * len(row_report.judged)
    for path in pages:
        source = path.read_text(encoding="utf-8")
        page = Page(path)
        assert page.loads == [], path
        assert not re.search(r"(?:https?:)?//\w", source), path
        assert source.count("<style>") == 1, path
        for link in page.links:
            if not link.startswith("#"):
                assert (path.parent / link).resolve().is_file(), f"{path}: {link}"


def test_front_page_shows_what_failed_and_what_to_do(row_report: Report, damage_docs: Path) -> None:
    text = " ".join(Page(damage_docs / "index.html").text.split())
    for o in row_report.outcomes:
        if o.is_error or o.is_warning:
            assert o.expectation.name in text
            assert o.expectation.remedy in text
    assert "fax" in text
    assert "raw.bot_sessions" in text


def test_suite_page_says_what_each_expectation_means(good_report: Report, good_docs: Path) -> None:
    for judged in good_report.judged:
        for folder in ("validations", "expectations"):
            page = Page(good_docs / folder / judged.suite.schema / f"{judged.suite.name}.html")
            text = " ".join(page.text.split())
            for expectation in judged.suite.expectations:
                assert expectation.means in text
                assert expectation.remedy in text


def test_whatever_a_page_brings_from_outside_is_taken_out() -> None:
    page = (
        "<html><head><title>x</title><link rel='stylesheet' href='https://cdn.example/x.css'>"
        "<script "
        "src='//cdn.example/x.js'></script><style>a{background:url(https://cdn.example/x.png)}</style>"
        "</head><body><img\n src='https://cdn.example/logo.png'><a href='https://example.org'>text</a>"
        "<a href='../index.html'>home</a><footer><a href='//example.org'>mail</a></footer></body></html>"
    )
    mended = offline(page)
    assert "//" not in mended
    assert "text" in mended
    assert "<a href='../index.html'>home</a>" in mended


def test_path_with_unusual_signs(good: Path, tmp_path: Path) -> None:
    folder = tmp_path / "a b#c$d?e&f%20"
    folder.mkdir()
    database = Path(shutil.copy(good, folder / good.name))
    assert not validate(database, tables=["raw.vendors"]).has_errors


# The files of the suites.


def test_suites_do_not_repeat_the_contract() -> None:
    contract = load_contract(PROJECT)
    for suite in read_suites(PROJECT):
        if suite.schema != "raw":
            continue
        table = contract[suite.name]
        delivered = {column.name: "VARCHAR" for column in table.columns}
        said = {
            (e.type, str(e.kwargs.get("column", e.kwargs.get("column_list"))).removeprefix("delivered_"))
            for e in contract_expectations(table, delivered)
        }
        for e in suite.expectations:
            columns = str(e.kwargs.get("column", e.kwargs.get("column_list")))
            assert (e.type, columns) not in said, f"{suite.table}: {e.name}"


def test_thresholds_with_a_var_come_from_it() -> None:
    contacts = suite_of("marts.fct_contacts")
    identified = next(e for e in contacts.expectations if e.name == "most contacts are identified")
    variables = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    assert identified.kwargs["min_value"] == variables["identity_coverage_warn"]


def suite_of(table: str) -> Suite:
    return next(suite for suite in read_suites(PROJECT) if suite.table == table)


GOOD_SUITE = """
table: raw.vendors
about: Vendors.
expectations:
  - name: names are there
    type: expect_column_values_to_not_be_null
    kwargs: {column: name, mostly: 0.5}
    severity: warn
    means: Something.
    remedy: Do something.
"""


def project_with(folder: Path, suite: str, file: str = "raw.vendors.yml") -> Path:
    for name in ("dbt_project.yml", "models", "seeds"):
        (folder / name).symlink_to(PROJECT / name)
    (folder / "expectations").mkdir()
    (folder / "expectations" / file).write_text(suite)
    return folder


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("severity: warn", "severity: fatal", "severity is fatal: write error or warn"),
        ("    means: Something.\n", "", "names are there: has no means"),
        ("    remedy:", "    note: x\n    remedy:", "note is not known"),
        ("mostly: 0.5", 'mostly: "{var.nothing}"', "dbt_project.yml has no var nothing"),
        ("table: raw.vendors", "table: raw.vendor", "name the file raw.vendor.yml"),
        ("about: Vendors.", "about: [", "cannot be read as YAML"),
        ("expectations:", "derived: {x: 1}\nexpectation:", "has no expectations"),
    ],
)
def test_suite_that_is_not_in_its_form(tmp_path: Path, old: str, new: str, problem: str) -> None:
    assert old in GOOD_SUITE
    project = project_with(tmp_path, GOOD_SUITE.replace(old, new))
    with pytest.raises(CxMetricsError) as raised:
        read_suites(project)
    assert problem in str(raised.value)
    assert str(raised.value).startswith("expectations/raw.vendors.yml: ")


def test_suite_on_a_table_that_is_not_in_the_contract(good: Path, tmp_path: Path) -> None:
    suite = GOOD_SUITE.replace("raw.vendors", "raw.sellers")
    project = project_with(tmp_path, suite, "raw.sellers.yml")
    with pytest.raises(CxMetricsError, match=r"raw\.sellers\.yml: the raw contract has no such table"):
        validate(good, project_dir=project)


@pytest.mark.parametrize(
    ("old", "new"),
    [("expect_column_values_to_not_be_null", "expect_wonders"), ("mostly: 0.5", "mostly: 7")],
)
def test_expectation_that_great_expectations_does_not_take(
    good: Path, tmp_path: Path, old: str, new: str
) -> None:
    project = project_with(tmp_path, GOOD_SUITE.replace(old, new))
    with pytest.raises(CxMetricsError, match=r"raw\.vendors\.yml: names are there: "):
        validate(good, project_dir=project, tables=["raw.vendors"])


def test_expectation_that_cannot_be_run_is_an_error(good: Path, tmp_path: Path) -> None:
    project = project_with(tmp_path, GOOD_SUITE.replace("column: name", "column: nickname"))
    report = validate(good, project_dir=project, tables=["raw.vendors"])
    found = outcome(report, "raw.vendors", "names are there")
    assert found.status == "not judged"
    assert found.is_error
    assert "nickname" in found.observed
