"""Before Great Expectations runs: which suites there are, which tables, and what can be judged."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb

from cx_metrics.contract import Table, load_contract
from cx_metrics.database import open_read_only
from cx_metrics.errors import CxMetricsError, one_line
from cx_metrics.landing.columns import quoted
from cx_metrics.validation.contract_suites import contract_expectations, typed_rows
from cx_metrics.validation.report import Judged, Outcome, Report
from cx_metrics.validation.suites import (
    RAW_SCHEMA,
    SCHEMAS,
    Expectation,
    Layer,
    Suite,
    read_suites,
    replace_references,
)

_MEMORY_LIMIT = "6GB"
_NEEDS_A_VALUE = {
    "expect_column_max_to_be_between",
    "expect_column_mean_to_be_between",
    "expect_column_median_to_be_between",
    "expect_column_min_to_be_between",
    "expect_column_proportion_of_unique_values_to_be_between",
    "expect_column_stdev_to_be_between",
    "expect_column_sum_to_be_between",
}


Query = Callable[[str], tuple[Any, ...] | None]
"""Runs a statement in the connection that Great Expectations will read from, and returns its first row."""


class UnreadableError(Exception):
    """A statement failed; its text is the database's own first line."""


@dataclass(slots=True)
class Prepared:
    """A suite that can run: the select that it judges, and the expectations to run, with complete queries.

    `settled` holds the outcomes of those that need no run, by their names.
    """

    suite: Suite
    select: str
    row_count: int = 0
    runnable: list[Expectation] = field(default_factory=list)
    settled: dict[str, Outcome] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """The suites whose tables are there, and a select of all rows of each table that a query may name."""

    prepared: list[Prepared]
    relations: dict[str, str]


def settings() -> dict[str, str]:
    """Return the settings of every connection to the database."""
    return {"memory_limit": os.environ.get("CX_MEMORY_LIMIT") or _MEMORY_LIMIT}


def choose_suites(root: Path, layer: Layer, tables: Sequence[str] | None) -> list[Suite]:
    """Return the suites to run, each table once: raw tables as the contract orders them, then what is built.

    `tables` (schema.table) limits them. Raises CxMetricsError where a suite or a name is wrong.
    """
    written = {suite.table: suite for suite in read_suites(root)}
    suites = []
    for table in load_contract(root).values():
        name = f"{RAW_SCHEMA}.{table.name}"
        if name in written or not table.written_by_landing:
            suites.append(written.pop(name, Suite(name, table.description)))
    for suite in sorted(written.values(), key=lambda suite: (SCHEMAS.index(suite.schema), suite.name)):
        if suite.schema == RAW_SCHEMA:
            raise CxMetricsError(
                f"expectations/{suite.table}.yml: the raw contract has no such table: mend its name"
            )
        suites.append(suite)
    if tables is not None:
        unknown = sorted(set(tables) - {suite.table for suite in suites})
        if unknown:
            raise CxMetricsError(f"no suite for {', '.join(unknown)}: add expectations/<schema>.<table>.yml")
        suites = [suite for suite in suites if suite.table in tables]
    return [suite for suite in suites if suite.belongs_to(layer)]


def plan(database: Path, root: Path, suites: Sequence[Suite], report: Report) -> Plan:
    """Look which tables there are and write the select of each; note the absent ones in the report.

    Raises CxMetricsError where the file cannot be read.
    """
    contract = load_contract(root)
    zones = _zones(root)
    with open_read_only(database) as connection:
        columns = _columns(connection)
    relations = {name: _relation(name, contract, columns, zones) for name in columns}
    prepared = []
    for suite in suites:
        table = contract.get(suite.name) if suite.schema == RAW_SCHEMA else None
        if suite.table not in columns:
            _note_absent(suite, table, report)
            continue
        expectations = suite.expectations
        if table is not None and not table.written_by_landing:
            expectations = (*contract_expectations(table, columns[suite.table], zones), *expectations)
        derived = "".join(f", {sql} as {quoted(column)}" for column, sql in suite.derived.items())
        select = f"select *{derived} from ({relations[suite.table]}) as delivered"
        prepared.append(Prepared(replace(suite, expectations=expectations), select))
    return Plan(prepared, relations)


def settle(plan: Plan, query: Query) -> None:
    """Put each expectation where it belongs: to be run, or settled without.

    Raw tables are typed once, into temporary tables of the connection, for their reading takes longer than all
    that is asked of them.
    """
    for item in plan.prepared:
        try:
            if item.suite.schema == RAW_SCHEMA:
                typed = quoted(item.suite.table)
                query(f"create temp table {typed} as {item.select}")
                item.select = f"select * from temp.main.{typed}"
                plan.relations[item.suite.table] = item.select
        except UnreadableError as error:
            _settle_unreadable(item, str(error))
    for item in plan.prepared:
        if not item.settled:
            try:
                _settle(item, plan.relations, query)
            except UnreadableError as error:
                _settle_unreadable(item, str(error))


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """Return the columns of every table and view, as schema.table, each with its type by lower-case name."""
    found: dict[str, dict[str, str]] = {}
    for schema, table, column, data_type in connection.execute(
        "select schema_name, table_name, column_name, data_type from duckdb_columns() "
        "where database_name = current_database() and not internal order by column_index"
    ).fetchall():
        found.setdefault(f"{schema}.{table}", {})[column.lower()] = data_type
    return found


def _zones(root: Path) -> list[str]:
    """Return the time zones that the project knows; none where it has no such seed."""
    seed = root / "seeds" / "iana_timezones.csv"
    if not seed.is_file():
        return []
    with seed.open(encoding="utf-8", newline="") as lines:
        return [row["timezone"] for row in csv.DictReader(lines)]


def _note_absent(suite: Suite, table: Table | None, report: Report) -> None:
    if table is not None and table.optional:
        report.absent_optional.append(suite.table)
        return
    if table is not None and table.name != "contacts":
        # as landing does: everything builds without it, and the metrics that need it are null
        report.absent_required.append(suite.table)
        return
    if table is None:
        means, remedy = "The table was not built.", "Run dbt build, or validate with --layer raw."
    else:
        means, remedy = "Nothing can be measured without contacts.", "Load them with cxm load."
    needed = Expectation("the table is there", "table_exists", {}, "error", means, remedy)
    outcome = Outcome(suite.table, needed, "failed", "error", "no such table")
    report.judged.append(Judged(suite, 0, [outcome]))


def _relation(
    name: str, contract: Mapping[str, Table], columns: dict[str, dict[str, str]], zones: Sequence[str]
) -> str:
    """Return a select of all rows of a table, raw ones typed as the contract says."""
    schema, _, table = name.partition(".")
    if schema == RAW_SCHEMA and table in contract:
        return typed_rows(contract[table], columns[name], zones)
    return f"select * from {quoted(schema)}.{quoted(table)}"


def _settle_unreadable(item: Prepared, reason: str) -> None:
    unreadable = Expectation(
        name="the table can be read",
        type="table_readable",
        kwargs={},
        severity="error",
        means="It is a view on something that is gone, or the suite names a column that it lacks.",
        remedy="Run dbt build; if it stays, mend the columns in the suite.",
    )
    item.settled[unreadable.name] = Outcome(
        item.suite.table, unreadable, "not judged", "error", one_line(reason)
    )
    item.suite = replace(item.suite, expectations=(unreadable,))


def _settle(item: Prepared, relations: dict[str, str], query: Query) -> None:
    """Count rows and values: an expectation on an average or a sum cannot do without a value."""
    suite = item.suite
    values = {
        str(expectation.kwargs.get("column")): 0
        for expectation in suite.expectations
        if expectation.type in _NEEDS_A_VALUE
    }
    counts = ", ".join(["count(*)", *(f"count({quoted(column)})" for column in values)])
    found = query(f"select {counts} from ({item.select})")
    assert found is not None, "a count gives a row"
    item.row_count = found[0]
    values = dict(zip(values, found[1:], strict=True))
    for expectation in suite.expectations:
        missing = [name for name in expectation.needs if name not in relations]
        if missing:
            item.settled[expectation.name] = Outcome(
                suite.table, expectation, "absent", expectation.severity, f"no {', '.join(missing)}"
            )
        elif expectation.type in _NEEDS_A_VALUE and not values[str(expectation.kwargs.get("column"))]:
            item.settled[expectation.name] = Outcome(
                suite.table, expectation, "no data", expectation.severity, "no values"
            )
        else:
            item.runnable.append(_complete(expectation, relations))


def _complete(expectation: Expectation, relations: dict[str, str]) -> Expectation:
    """Put the tables into the query of an expectation; a brace that stays is doubled, as its format asks."""
    if not expectation.needs:
        return expectation
    doubled = {
        name: f"({relations[name]})".replace("{", "{{").replace("}", "}}") for name in expectation.needs
    }
    query = replace_references(str(expectation.kwargs["unexpected_rows_query"]), doubled)
    return replace(expectation, kwargs={**expectation.kwargs, "unexpected_rows_query": query})
