"""What becomes of each delivered row: landed CSV files, one row for each rule, through the real build."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from engines import DuckDB

from cx_metrics.landing import load_folder

CONTACTS = """\
contact_id,channel,direction,queue_id,started_at,ended_at,is_test,applications_used,updated_at,Mood
good,voice,inbound,sales,2025-03-04 10:00:00,2025-03-04T10:05:00Z,false,2,2025-03-04 10:05:00+01:00,calm
again,voice,inbound,old,2025-03-04 10:00:00,,,,2025-03-04 11:00:00,
again,voice,inbound,new,2025-03-04 10:00:00,,,,2025-03-04 12:00:00,
,voice,inbound,sales,2025-03-04 10:00:00,,,,2025-03-04 10:00:00,
no_channel,,inbound,sales,2025-03-04 10:00:00,,,,2025-03-04 10:00:00,
fax,fax,inbound,sales,2025-03-04 10:00:00,,,,2025-03-04 10:00:00,
no_time,voice,inbound,sales,soon,,,,2025-03-04 10:00:00,
no_day,voice,inbound,sales,2025-02-29 10:00:00,,,,2025-03-04 10:00:00,
early,voice,inbound,sales,1969-12-31 23:59:59,,,,2025-03-04 10:00:00,
late,voice,inbound,sales,2025-03-04 10:00:00,2200-01-01 00:00:00,,,2025-03-04 10:00:00,
no_flag,voice,inbound,sales,2025-03-04 10:00:00,,perhaps,,2025-03-04 10:00:00,
no_number,voice,inbound,sales,2025-03-04 10:00:00,,,two,2025-03-04 10:00:00,
half_number,voice,inbound,sales,2025-03-04 10:00:00,,,2.5,2025-03-04 10:00:00,
again,fax,inbound,newest,2025-03-04 10:00:00,,,,2025-03-04 13:00:00,
"too",few,fields
"""

QUEUES = """\
queue_id,timezone,channel
sales,Europe/Berlin,voice
nowhere,Europe/Bonn,voice
offset,+01:00,voice
"""

QUEUE_HOURS = """\
queue_id,weekday,opens_at,closes_at
sales,1,08:00,24:00
sales,0,08:00,18:00
sales,2,8am,18:00
sales,3,08:00,25:00
"""

AGENTS = """\
agent_id,effective_from,effective_to
ann,2025-01-01,
bob,01.01.2025,
cyd,2025-01-01,2025-13-01
"""

AGENT_STATES = """\
agent_id,started_at,ended_at,state,is_paid
ann,2025-03-04 10:00:00,2025-03-04 10:30:00,available,true
ann,2025-03-04 10:30:00,,lunch,
ann,10:45,,break,
"""

AGENT_PAY_RATES = """\
agent_id,effective_from,hourly_rate,currency,overtime_multiplier,on_cost_rate
ann,2024-01-01,14.50,GBP,1.5,0.22
ann,2025-01-01,15.2375,GBP,1.5,0.22
bob,,14.50,GBP,,
cyd,2025-01-01,a lot,GBP,,
"""

LEDGER_ENTRIES = """\
entry_id,period_month,account_id,amount,currency
wages,2025-03-01,6000,1234.5,GBP
unmapped,2025-03-01,9999,-0.01,GBP
words,2025-03-01,6000,one,GBP
nothing,2025-03-01,6000,,GBP
"""

LEDGER_ACCOUNTS = """\
account_id,pool
6000,agent_pay
8000,parties
"""

CONTACT_RULES = {
    "": "contact_id: missing",
    "no_channel": "channel: missing",
    "fax": "channel: not accepted",
    "no_time": "started_at: not a timestamp",
    "no_day": "started_at: not a timestamp",
    "early": "started_at: out of range",
    "late": "ended_at: out of range",
    "no_flag": "is_test: not a boolean",
    "no_number": "applications_used: not a integer",
    "half_number": "applications_used: not a integer",
    "again": "channel: not accepted",
}


def land(folder: Path, files: dict[str, str]) -> DuckDB:
    """Land the files in a new database."""
    (folder / "input").mkdir()
    for name, text in files.items():
        (folder / "input" / f"{name}.csv").write_text(text, encoding="utf-8")
    engine = DuckDB(folder)
    engine.start_afresh()
    load_folder(folder / "input", database=engine.path)
    return engine


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("quarantine")
    files = {
        "contacts": CONTACTS,
        "queues": QUEUES,
        "queue_hours": QUEUE_HOURS,
        "agents": AGENTS,
        "agent_states": AGENT_STATES,
        "agent_pay_rates": AGENT_PAY_RATES,
        "ledger_entries": LEDGER_ENTRIES,
        "ledger_accounts": LEDGER_ACCOUNTS,
    }
    engine = land(folder, files)
    engine.run_dbt("build", "--exclude-resource-type", "unit_test")
    with duckdb.connect(str(engine.path)) as connection:
        yield connection


def test_each_broken_row_is_in_quarantine_with_its_rule(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = warehouse.execute(
        "select coalesce(row_key, ''), rule from audit.quarantined_rows "
        "where table_name = 'contacts' and line_number is null"
    ).fetchall()
    assert sorted(found) == sorted(CONTACT_RULES.items())


@pytest.mark.parametrize(
    ("table", "rules"),
    [
        (
            "queues",
            {"nowhere": "timezone: not an IANA zone", "offset": "timezone: not an IANA zone"},
        ),
        (
            "queue_hours",
            {
                "sales|0|08:00": "weekday: not accepted",
                "sales|2|8am": "opens_at: not local time HH:MM",
                "sales|3|08:00": "closes_at: not local time HH:MM",
            },
        ),
        (
            "agents",
            {"bob|": "effective_from: not a date", "cyd|2025-01-01": "effective_to: not a date"},
        ),
        (
            "agent_states",
            {"ann|2025-03-04 10:30:00": "state: not accepted", "ann|": "started_at: not a timestamp"},
        ),
        (
            "agent_pay_rates",
            {"bob|": "effective_from: missing", "cyd|2025-01-01": "hourly_rate: not a decimal(18,4)"},
        ),
        ("ledger_entries", {"words": "amount: not a decimal(18,4)", "nothing": "amount: missing"}),
        ("ledger_accounts", {"8000": "pool: not accepted"}),
    ],
)
def test_rules_of_other_tables(
    warehouse: duckdb.DuckDBPyConnection, table: str, rules: dict[str, str]
) -> None:
    found = warehouse.execute(
        "select row_key, rule from audit.quarantined_rows where table_name = ?", [table]
    ).fetchall()
    assert sorted(found) == sorted(rules.items())


def test_original_text_is_what_was_delivered(warehouse: duckdb.DuckDBPyConnection) -> None:
    row = warehouse.execute(
        "select original_text from audit.quarantined_rows where row_key = 'no_time'"
    ).fetchone()
    assert row is not None
    assert '"started_at":"soon"' in row[0]
    line = warehouse.execute(
        "select file_name, line_number, original_text from audit.quarantined_rows where line_number is not null"
    ).fetchall()
    assert line == [("contacts.csv", 16, '"too",few,fields')]


def test_every_row_and_line_is_accounted_for(warehouse: duckdb.DuckDBPyConnection) -> None:
    rows = warehouse.execute(
        "select raw_rows, staged_rows, superseded_rows, quarantined_rows "
        "from audit.load_reconciliation where table_name = 'contacts'"
    ).fetchall()
    # good and again are staged, the older again is superseded, eleven rows and a line are in quarantine
    assert rows == [(15, 2, 1, 12)]


def test_entry_on_an_account_that_nobody_mapped_is_staged(warehouse: duckdb.DuckDBPyConnection) -> None:
    rows = warehouse.execute(
        "select entry_id, cast(amount as varchar) from staging.stg_ledger_entries order by entry_id"
    ).fetchall()
    assert rows == [("unmapped", "-0.0100"), ("wages", "1234.5000")]


def test_newest_good_delivery_is_staged_with_its_types(warehouse: duckdb.DuckDBPyConnection) -> None:
    rows = warehouse.execute(
        "select contact_id, queue_id, delivery_count from staging.stg_contacts order by contact_id"
    ).fetchall()
    assert rows == [("again", "new", 2), ("good", "sales", 1)]
    good = warehouse.execute(
        "select cast(ended_at as varchar), is_test, applications_used, cast(updated_at as varchar), x_mood "
        "from staging.stg_contacts where contact_id = 'good'"
    ).fetchall()
    assert good == [("2025-03-04 10:05:00", False, 2, "2025-03-04 09:05:00", "calm")]


def test_deliveries_that_differ_in_an_own_column_only_have_one_winner(tmp_path: Path) -> None:
    header = "contact_id,channel,direction,started_at,updated_at,mood"
    rows = [
        f"c{contact},voice,inbound,2025-03-04 10:00:00,2025-03-04 11:00:00,{mood}"
        for contact in range(20)
        for mood in ("calm", "angry", "")
    ]
    staged = []
    for order in range(2):
        folder = tmp_path / str(order)
        folder.mkdir()
        random.Random(order).shuffle(rows)
        engine = land(folder, {"contacts": "\n".join([header, *rows]) + "\n"})
        engine.run_dbt("run", "--select", "stg_contacts")
        staged.append(sorted(engine.read("staging.stg_contacts")[1], key=str))
    assert staged[0] == staged[1]
