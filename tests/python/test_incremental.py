"""Same answer any way: loads in any slices, with late, shuffled, repeated, corrected and broken deliveries = one full build.

The small center is delivered again and again in altered forms: contacts change their customer, reason, times or first record, become
tests, are closed, reopened or broken; sessions, answers, subscriptions, time sheets, pay, bills and rates likewise, the latter over some
months. Which delivery comes in which load is drawn. After
each load the models are built, and in the end the same raw tables are built in full: every kept, published and audited table must be
the same, row for row.

CX_INCREMENTAL_EXAMPLES is the number of histories that are drawn (1; each takes some minutes). Postgres has two loads, and all of this
with pytest -m thorough.
"""

from __future__ import annotations

import json
import os
import random
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import builds
import pyarrow as pa
import pytest
import small_center
import yaml
from engines import PROJECT, DuckDB, Engine, Postgres
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st
from small_center import Row

from cx_metrics.contract import Column, Table, load_contract

EXAMPLES = int(os.environ.get("CX_INCREMENTAL_EXAMPLES", "1"))

CONTRACT = load_contract(PROJECT)
APART = (
    "social_mentions",
    "agent_states",
    "agent_pay",
    "coaching_sessions",
    "agent_feedback",
    "qa_evaluations",
    "qa_answers",
    "technology_usage",
    "ledger_entries",
    "agents",
    "agent_pay_rates",
    "fx_rates",
    "save_offers",
    "transactions",
)
"""Those from which no contact, issue or bot attempt is made."""

BY_LOAD = (
    "contacts",
    "contact_segments",
    "customers",
    "subscriptions",
    "subscription_events",
    "bot_sessions",
    "contact_sentiment",
    "survey_invitations",
    "survey_answers",
    *APART,
)
"""Raw tables whose rows are dealt out over the loads; the others come whole, and first."""

REFERENCE_APART = (
    "qa_form_items",
    "technology_rates",
    "channel_tariffs",
    "vendor_contracts",
    "ledger_accounts",
)
"""Reference tables that say what time, money and quality are."""

TOUCHED = (
    "int_changed_contact_records",
    "int_touched_bot_sessions",
    "int_touched_contact_records",
    "int_touched_contacts",
    "int_touched_customers",
    "int_touched_survey_answers",
)
"""The lists of what a build makes anew."""

NEW_KEY = "video"
"""A key of which the small center has no row, and that a channel may have as well."""

SHIFTS = (
    timedelta(seconds=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=3),
    timedelta(days=1),
    timedelta(days=7),
    timedelta(days=40),
)


ON_ONE = pytest.mark.parametrize(
    "engine",
    [DuckDB, pytest.param(Postgres, marks=pytest.mark.thorough)],
    indirect=True,
    ids=lambda kind: kind.name,
)
"""Both engines thoroughly; in the suite Postgres has a smaller form of its own."""


@pytest.fixture(scope="module")
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Give an engine that can build incrementally."""
    engine = request.param(tmp_path_factory.mktemp(request.param.name))
    try:
        yield engine
    finally:
        engine.close()


@ON_ONE
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES == 1,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(seed=st.integers(0, 2**32), load_count=st.integers(3, 4))
def test_any_slicing_is_the_full_build(engine: Engine, seed: int, load_count: int) -> None:
    """Builds after each of several loads leave what one full build of all of them makes."""
    note(f"seed {seed}, {load_count} loads")
    history = History(seed, load_count)
    engine.start_afresh()
    for number in range(load_count):
        deliver(engine, history.loads[number], number + 1)
        (build_all if number == load_count - 1 else build)(engine)
        scope = one_row(engine, "intermediate.int_build_scope")
        assert scope["is_full"] is (number == 0), scope["full_reason"]
    after_loads = published(engine)
    build_all(engine)
    assert differences(after_loads, published(engine)) == [], "a build without a new load changed something"
    build_all(engine, "--full-refresh")
    assert one_row(engine, "intermediate.int_build_scope")["full_reason"] == "full refresh asked for"
    assert differences(after_loads, published(engine)) == [], f"seed {seed}, {load_count} loads"


@pytest.mark.parametrize("engine", [Postgres], indirect=True, ids=lambda kind: kind.name)
def test_two_loads_are_the_full_build(engine: Engine) -> None:
    """What is kept from build to build is the same after a second load as after a full build of both."""
    history = History(0, 2)
    engine.start_afresh()
    for number in range(2):
        deliver(engine, history.loads[number], number + 1)
        build(engine)
        scope = one_row(engine, "intermediate.int_build_scope")
        assert scope["is_full"] is (number == 0), scope["full_reason"]
    after_loads = kept(engine)
    build(engine, "--full-refresh")
    assert one_row(engine, "intermediate.int_build_scope")["is_full"] is True
    assert differences(after_loads, kept(engine)) == []


@ON_ONE
def test_time_money_and_quality_touch_no_contact(engine: Engine) -> None:
    """New rows of what contacts are not made from are staged, and nothing else is; a new price makes everything anew."""
    rows = small_center.raw_rows()
    engine.start_afresh()
    deliver(engine, rows, 1)
    build(engine)
    build(engine)
    touched = {name: Counter(engine.read(f"intermediate.{name}")[1]) for name in TOUCHED}

    deliver(engine, {name: [under_new_key(rows, name)] for name in APART}, 2)
    build(engine)
    scope = one_row(engine, "intermediate.int_build_scope")
    assert scope["is_full"] is False, scope["full_reason"]
    assert {name: Counter(engine.read(f"intermediate.{name}")[1]) for name in TOUCHED} == touched
    for name in APART:
        columns, staged = engine.read(f"staging.stg_{name}")
        key = columns.index(CONTRACT[name].key[0])
        assert NEW_KEY in {row[key] for row in staged}, name

    for number, name in enumerate(REFERENCE_APART, start=3):
        before = scope["fingerprint"]
        deliver(engine, {name: [under_new_key(rows, name)]}, number)
        engine.run_dbt("run", "--select", "int_build_scope")
        scope = one_row(engine, "intermediate.int_build_scope")
        assert scope["full_reason"] == "decisions, code or reference tables changed", name
        assert scope["fingerprint"] != before, name


@ON_ONE
def test_a_part_that_was_built_first_hides_nothing(engine: Engine) -> None:
    """A first run of some models leaves no finished build behind; the next one is full, and not empty."""
    engine.start_afresh()
    deliver(engine, small_center.raw_rows(), 1)
    engine.run_dbt("seed")
    engine.run_dbt("run", "--select", "int_build_scope", "+int_calendar", "int_completed_build")
    assert engine.read("intermediate.int_completed_build")[1] == []
    engine.run_dbt("run", "--select", "int_build_scope")
    assert one_row(engine, "intermediate.int_build_scope")["is_full"] is True


@ON_ONE
def test_a_table_that_was_never_delivered_stops_no_later_build(engine: Engine) -> None:
    """A company without time sheets and evaluations builds after its second load as after its first."""
    rows = small_center.raw_rows()
    engine.start_afresh()
    absent = ("agent_states", "coaching_sessions", "agent_feedback", "qa_evaluations", "qa_answers")
    deliver(engine, {name: rows[name] for name in rows if name not in absent}, 1)
    build(engine)
    deliver(engine, {"social_mentions": [under_new_key(rows, "social_mentions")]}, 2)
    build(engine)
    scope = one_row(engine, "intermediate.int_build_scope")
    assert scope["is_full"] is False, scope["full_reason"]
    assert all(engine.read(f"staging.stg_{name}")[1] == [] for name in absent)


def under_new_key(rows: dict[str, list[Row]], name: str) -> Row:
    """Return a copy of a table's first row as a row of its own."""
    return rows[name][0] | {CONTRACT[name].key[0]: NEW_KEY}


def test_the_lists_that_builds_go_by_are_complete() -> None:
    """What is kept, what decides, and what grows are named in lists; nobody may forget to add to them."""
    manifest = json.loads((builds.target_path() / "manifest.json").read_text("utf-8"))
    models = {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "model"}
    kept = {name for name, node in models.items() if node["config"]["materialized"] == "incremental"}
    waited_for = {name.split(".")[-1] for name in models["int_completed_build"]["depends_on"]["nodes"]}
    assert kept <= waited_for, "int_completed_build does not wait for all that is kept"

    macros = {macro["name"]: macro["macro_sql"] for macro in manifest["macros"].values()}
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text("utf-8"))
    decisions = {name for name in project["vars"] if not name.startswith("raw_")}
    assert _named_in(macros["decision_vars"]) == decisions, "macros/incremental/fingerprint.sql"

    by_load, reference = _named_in(macros["tables_by_load"]), _named_in(macros["reference_tables"])
    assert by_load == set(BY_LOAD)
    staged_in_increments = {name for name in kept if name.startswith("stg_")}
    assert staged_in_increments == {f"stg_{name}" for name in by_load}
    # a staged table that a kept model reads must be one or the other, or its changes would not be seen
    read = {
        parent.split(".")[-1]
        for name in _upstream(models, kept)
        for parent in models[name]["depends_on"]["nodes"]
        if parent.split(".")[-1].startswith("stg_")
    }
    assert read - {f"stg_{name}" for name in by_load | reference} <= {"stg_feed_watermarks"}


def _named_in(macro: str) -> set[str]:
    """Return the names in quotes that a macro returns."""
    return set(re.findall(r"'(\w+)'", macro.partition("return(")[2]))


def _upstream(models: dict[str, Any], names: set[str]) -> set[str]:
    """Return the models that these are made from, and themselves."""
    found: set[str] = set()
    ahead = set(names)
    while ahead:
        found |= ahead
        parents = {
            parent.split(".")[-1]
            for name in ahead
            for parent in models[name]["depends_on"]["nodes"]
            if parent.startswith("model.")
        }
        ahead = parents - found
    return found


class History:
    """Everything that was ever delivered, dealt out over loads."""

    def __init__(self, seed: int, load_count: int) -> None:
        """Draw the altered deliveries and the load of each."""
        self.random = random.Random(seed)
        self.rows = with_months_of_cost(small_center.raw_rows())
        self.loads: list[dict[str, list[Row]]] = [{} for _ in range(load_count)]
        customers = [row["customer_id"] for row in self.rows["contacts"] if row.get("customer_id")]
        self.customers = self.random.sample(sorted(set(customers)), 12)
        for name in self.rows:
            for row in self.rows[name]:
                for delivery in self.deliveries(name, row) if name in BY_LOAD else [row]:
                    # few rows come later, so that a build which looks at too little leaves something wrong
                    is_late = name in BY_LOAD and self.random.random() < 0.12
                    number = self.random.randrange(1, load_count) if is_late else 0
                    self.loads[number].setdefault(name, []).append(delivery)
        # watermarks move on with every load, and one feed stays behind
        last = max(row["started_at"] for row in self.rows["contacts"] if row.get("started_at"))
        for number, load in enumerate(self.loads):
            load["feed_watermarks"] = [
                {"feed": "contacts", "complete_through": last + timedelta(days=12 * number - 20)},
                {"feed": "experience", "complete_through": last + timedelta(days=5 * number)},
            ]

    def deliveries(self, name: str, row: Row) -> list[Row]:
        """Return a row with its corrections, earlier versions and exact repeats."""
        found = [row]
        while self.random.random() < 0.4:
            found.append(self.altered(CONTRACT[name], self.random.choice(found)))
        if self.random.random() < 0.1:
            found.append(dict(self.random.choice(found)))
        return found

    def altered(self, table: Table, row: Row) -> Row:
        """Return another version of a row: one to three of its columns have other values."""
        changed = dict(row)
        columns = [column for column in table.columns if column.name not in table.key]
        for column in self.random.sample(columns, min(len(columns), self.random.randint(1, 3))):
            changed[column.name] = self.another_value(table, column, row)
        if table.newest_by and isinstance(row.get(table.newest_by), datetime):
            changed[table.newest_by] = row[table.newest_by] + self.random.choice((-1, 1, 1)) * timedelta(
                hours=self.random.randint(0, 40)
            )
        return changed

    def another_value(self, table: Table, column: Column, row: Row) -> Any:
        """Return a value that the column may have: of another row, near by, none, or one that breaks a rule."""
        value = row.get(column.name)
        if column.name == "customer_id":
            return self.random.choice([*self.customers, None])
        if column.accepted_values and self.random.random() < 0.1:
            return "out of place"
        if isinstance(value, datetime) and self.random.random() < 0.8:
            return value + self.random.choice((-1, 1)) * self.random.choice(SHIFTS)
        if not column.required and self.random.random() < 0.2:
            return None
        return self.random.choice([other.get(column.name) for other in self.rows[table.name]])


PAID_AGENTS = ("ann", "bob", "cyd", "dev")
SHARED_ACCOUNTS = ("supervision", "quality", "platform_licences", "facilities", "corporate", "projects")


def with_months_of_cost(rows: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """Return the small center with pay, time sheets, use, evaluations and a ledger for all its months, not for one day."""
    rows = {name: list(of_table) for name, of_table in rows.items()}
    starts = sorted(row["started_at"] for row in rows["contacts"] if row.get("started_at"))
    days = sorted({start.date() for start in starts})[::3]
    months = sorted({day.replace(day=1) for day in days})
    for number, day in enumerate(days):
        agent = PAID_AGENTS[number % len(PAID_AGENTS)]
        morning = datetime.combine(day, datetime.min.time()) + timedelta(hours=8)
        rows["agent_pay"].append(
            {
                "agent_id": agent,
                "work_date": day,
                "regular_minutes": Decimal(480),
                "overtime_minutes": Decimal(30 * (number % 3)),
                "overtime_queue_id": "uk_voice" if number % 2 else None,
            }
        )
        for hours, state in enumerate(("contact", "available", "meeting", "contact")):
            began = morning + timedelta(hours=2 * hours)
            ended = None if number % 5 == 0 else began + timedelta(hours=2)
            rows["agent_states"].append(
                {"agent_id": agent, "started_at": began, "ended_at": ended, "state": state}
            )
        rows["qa_evaluations"].append(
            {"evaluation_id": f"of_{day}", "agent_id": agent, "submitted_at": morning, "updated_at": morning}
        )
    for number, row in enumerate(rows["contacts"][::4]):
        if row.get("started_at"):
            rows["technology_usage"].append(
                {
                    "usage_id": f"of_contact_{number}",
                    "technology_id": "tech_bot",
                    "contact_id": row["contact_id"],
                    "used_at": row["started_at"],
                    "unit": "session",
                    "quantity": Decimal(1),
                }
            )
    for number, row in enumerate(rows["bot_sessions"]):
        if row.get("started_at"):
            rows["technology_usage"].append(
                {
                    "usage_id": f"of_session_{number}",
                    "technology_id": "tech_bot",
                    "session_id": row["session_id"],
                    "used_at": row["started_at"],
                    "unit": "token",
                    "quantity": Decimal(2),
                }
            )
    for pool in SHARED_ACCOUNTS:
        rows["ledger_accounts"].append({"account_id": pool, "name": pool, "pool": pool})
        for month in months:
            rows["ledger_entries"].append(
                {
                    "entry_id": f"{pool}_{month}",
                    "account_id": pool,
                    "period_month": month,
                    "posted_on": month + timedelta(days=20),
                    "amount": Decimal("123.45"),
                    "currency": "EUR" if pool == "facilities" else "GBP",
                }
            )
    for month in months:
        rows["fx_rates"].append(
            {"currency": "EUR", "rate_on": month + timedelta(days=9), "rate_to_reporting": Decimal("0.85")}
        )
    return rows


def deliver(engine: Engine, load: dict[str, list[Row]], number: int) -> None:
    """Append the rows of a load to the raw tables, with its number."""
    for name, rows in load.items():
        table = small_center.as_delivered(CONTRACT[name], rows)
        table = table.select([column.name for column in CONTRACT[name].columns])
        numbers = pa.array([number] * len(table), pa.int64())
        engine.append(name, table.append_column("load_number", numbers))


def build(engine: Engine, *arguments: str) -> None:
    """Run the models that are kept from build to build and all that they need; everything else follows from these."""
    _build(engine, "--select", "+int_completed_build", *arguments)


def build_all(engine: Engine, *arguments: str) -> None:
    """Run what is published too, but not the metrics made from it."""
    _build(engine, "--exclude", "intermediate.metrics+", "dim_metric+", *arguments)


def _build(engine: Engine, *arguments: str) -> None:
    if "intermediate.int_build_scope" not in relations(engine):
        engine.run_dbt("seed")
    engine.run_dbt("run", *arguments)


def relations(engine: Engine) -> set[str]:
    """Return the relations that are there."""
    _, rows = engine.query("select table_schema || '.' || table_name from information_schema.tables")
    return {row[0] for row in rows}


def published(engine: Engine) -> dict[str, Counter[str]]:
    """Return the rows of every table that is kept or read by people, counted."""
    marts = {f"marts.{path.stem}" for path in (PROJECT / "models" / "marts").rglob("*.sql")}
    audit = {"audit.load_reconciliation", "audit.quarantined_rows", "audit.contact_exclusions"}
    return kept(engine) | rows_of(engine, marts | audit)


def kept(engine: Engine) -> dict[str, Counter[str]]:
    """Return the rows of every table that is kept from build to build, counted."""
    return rows_of(
        engine,
        {
            f"{folder}.{path.stem}"
            for folder in ("staging", "intermediate", "marts")
            for path in (PROJECT / "models" / folder).rglob("*.sql")
            if "materialized=kept()" in path.read_text("utf-8")
        },
    )


def rows_of(engine: Engine, relations: set[str]) -> dict[str, Counter[str]]:
    """Return the rows of relations, counted, whatever the order of their columns."""
    found = {}
    for relation in sorted(relations):
        columns, rows = engine.read(relation)
        order = sorted(range(len(columns)), key=lambda position: columns[position])
        found[relation] = Counter(
            repr([(columns[position], row[position]) for position in order]) for row in rows
        )
    return found


def differences(one: dict[str, Counter[str]], other: dict[str, Counter[str]]) -> list[str]:
    """Return what only one of two warehouses holds, some rows of each table."""
    lines = []
    for relation, rows in one.items():
        gone, came = rows - other[relation], other[relation] - rows
        lines += [f"{relation} only incremental: {row}" for row in list(gone)[:3]]
        lines += [f"{relation} only in full: {row}" for row in list(came)[:3]]
    return lines


def one_row(engine: Engine, relation: str) -> dict[str, Any]:
    """Return the only row of a relation."""
    columns, rows = engine.read(relation)
    assert len(rows) == 1
    return dict(zip(columns, rows[0], strict=True))
