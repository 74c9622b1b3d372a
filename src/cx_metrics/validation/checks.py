"""Running the suites through Great Expectations on a DuckDB file that is opened for reading only."""

from __future__ import annotations

import csv
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal, cast

import duckdb

from cx_metrics.contract import Table, find_project_root, load_contract
from cx_metrics.errors import CxMetricsError, one_line
from cx_metrics.landing.columns import quoted
from cx_metrics.landing.database import explain
from cx_metrics.validation.contract_suites import contract_expectations, typed_rows
from cx_metrics.validation.suites import (
    RAW_SCHEMA,
    SCHEMAS,
    Expectation,
    Layer,
    Severity,
    Suite,
    read_suites,
    references,
    replace_references,
)

if TYPE_CHECKING:
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.data_context import EphemeralDataContext

Status = Literal["passed", "failed", "no data", "absent", "not judged"]

SAMPLE_SIZE = 5
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


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one expectation.

    `failed` and `not judged` (it could not be run) count by their severity; `no data` has no value to judge; `absent`
    reads a table that is not there. `sample` holds a few of the values or rows that broke it.
    """

    suite: str
    expectation: Expectation
    status: Status
    severity: Severity
    observed: str
    sample: tuple[str, ...] = ()

    @property
    def is_error(self) -> bool:
        """Whether it must fail the run."""
        return self.severity == "error" and self.status in ("failed", "not judged")

    @property
    def is_warning(self) -> bool:
        """Whether somebody must look at it."""
        return self.severity == "warn" and self.status in ("failed", "not judged")


@dataclass(slots=True)
class Judged:
    """One suite after its run: rows of its table, outcomes in the order of the suite, its page in the Data Docs."""

    suite: Suite
    row_count: int
    outcomes: list[Outcome] = field(default_factory=list)
    page: str = ""


@dataclass(slots=True)
class Report:
    """A whole run: suites judged, and the names of tables that are not there, optional and required ones."""

    judged: list[Judged] = field(default_factory=list)
    absent_optional: list[str] = field(default_factory=list)
    absent_required: list[str] = field(default_factory=list)

    @property
    def outcomes(self) -> list[Outcome]:
        """Every outcome, suite by suite."""
        return [outcome for judged in self.judged for outcome in judged.outcomes]

    @property
    def has_errors(self) -> bool:
        """Whether any expectation of severity error failed."""
        return any(outcome.is_error for outcome in self.outcomes)


@dataclass(slots=True)
class _Prepared:
    """A suite with the select that it judges, ready to run."""

    suite: Suite
    select: str
    row_count: int
    runnable: list[Expectation]
    outcomes: dict[str, Outcome]


def validate(
    database: Path,
    *,
    layer: Layer = "all",
    docs: Path | None = None,
    project_dir: Path | None = None,
    tables: Sequence[str] | None = None,
) -> Report:
    """Judge the tables of a DuckDB file by the suites of the project and by the raw contract.

    `tables` (schema.table) limits the run to some of the layer's tables. With `docs`, the Data Docs are written to that
    folder. Raises CxMetricsError where the file cannot be read or a suite is not in its form.
    """
    root = project_dir or find_project_root()
    suites = _all_suites(root, layer, tables)
    report = Report()
    with _reading(database) as connection:
        prepared = _prepare(connection, root, suites, report)
    if docs is not None:
        from cx_metrics.validation.data_docs import check_folder

        check_folder(docs)
    _run(database, prepared, report, docs, [suite.table for suite in suites])
    return report


def _all_suites(root: Path, layer: Layer, tables: Sequence[str] | None) -> list[Suite]:
    """Return the suites to run: raw tables in the order of the contract, then the others; each table once."""
    written = {suite.table: suite for suite in read_suites(root)}
    contract = load_contract(root)
    suites = []
    for table in contract.values():
        name = f"{RAW_SCHEMA}.{table.name}"
        if name in written or not table.written_by_landing:
            suites.append(written.pop(name, Suite(name, table.description)))
    for name in written:
        if name.startswith(f"{RAW_SCHEMA}."):
            raise CxMetricsError(f"expectations/{name}.yml: the raw contract has no such table: mend its name")
    suites.extend(sorted(written.values(), key=lambda suite: (SCHEMAS.index(suite.schema), suite.name)))
    if tables is not None:
        unknown = sorted(set(tables) - {suite.table for suite in suites})
        if unknown:
            raise CxMetricsError(f"no suite for {', '.join(unknown)}: add expectations/<schema>.<table>.yml")
    return [
        suite
        for suite in suites
        if suite.belongs_to(layer) and (tables is None or suite.table in tables)
    ]


@contextmanager
def _reading(database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    if not database.is_file():
        if database.is_dir():
            raise CxMetricsError(f"{database}: is a folder: name a DuckDB file")
        raise CxMetricsError(
            f"{database}: no such database: run cxm load first, or name it with --database or CX_DATABASE"
        )
    try:
        connection = duckdb.connect(str(database), read_only=True, config=_settings())
    except duckdb.Error as error:
        raise CxMetricsError(explain(error, database)) from error
    try:
        yield connection
    finally:
        connection.close()


def _settings() -> dict[str, str | bool | int | float | list[str]]:
    return {"memory_limit": os.environ.get("CX_MEMORY_LIMIT") or _MEMORY_LIMIT}


def _prepare(
    connection: duckdb.DuckDBPyConnection, root: Path, suites: list[Suite], report: Report
) -> list[_Prepared]:
    """Write the select of every table that is there, and settle what needs no run: absent tables, empty columns."""
    contract = load_contract(root)
    columns = _columns(connection)
    zones = _zones(root)
    prepared = []
    for suite in suites:
        table = contract.get(suite.name) if suite.schema == RAW_SCHEMA else None
        if suite.table not in columns:
            _note_absent(suite, table, report)
            continue
        expectations = list(suite.expectations)
        if table is not None and not table.written_by_landing:
            expectations = [*contract_expectations(table, columns[suite.table]), *expectations]
        select = _select(suite, table, columns, zones)
        whole = Suite(suite.table, suite.about, suite.derived, tuple(expectations))
        relations = {
            name: f"({_relation(name, contract, columns, zones)})".replace("{", "{{").replace("}", "}}")
            for expectation in expectations
            for name in expectation.needs
            if name in columns
        }
        prepared.append(_settle(connection, whole, select, relations))
    return prepared


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """Return the columns of every table and view as schema.table, each with its type, by lower-case name."""
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
    report.judged.append(Judged(suite, 0, [Outcome(suite.table, needed, "failed", "error", "no such table")]))


def _select(
    suite: Suite, table: Table | None, columns: dict[str, dict[str, str]], zones: Sequence[str]
) -> str:
    schema, name = suite.schema, suite.name
    if table is None:
        base = f"{quoted(schema)}.{quoted(name)}"
    else:
        base = f"({typed_rows(table, columns[suite.table], zones)})"
    derived = "".join(f", {sql} as {quoted(column)}" for column, sql in suite.derived.items())
    return f"select *{derived} from {base} as delivered"


def _relation(
    name: str, contract: dict[str, Table], columns: dict[str, dict[str, str]], zones: Sequence[str]
) -> str:
    schema, _, table = name.partition(".")
    if schema == RAW_SCHEMA and table in contract:
        return typed_rows(contract[table], columns[name], zones)
    return f"select * from {quoted(schema)}.{quoted(table)}"


def _settle(
    connection: duckdb.DuckDBPyConnection, suite: Suite, select: str, relations: dict[str, str]
) -> _Prepared:
    """Count the values of each column that an expectation cannot do without, and keep the expectations that can run."""
    prepared = _Prepared(suite, select, 0, [], {})
    counted = [
        str(expectation.kwargs.get("column"))
        for expectation in suite.expectations
        if expectation.type in _NEEDS_A_VALUE
    ]
    counted = list(dict.fromkeys(counted))
    counts = ", ".join(["count(*)", *(f"count({quoted(column)})" for column in counted)])
    try:
        found = connection.execute(f"select {counts} from ({select})").fetchone()
    except duckdb.Error as error:
        reason = one_line(str(error).partition("\n")[0])
        readable = Expectation(
            "the table can be read",
            "table_readable",
            {},
            "error",
            "The table is a view on something that is no longer there, or a column of the suite was renamed.",
            "Run dbt build; if it stays, mend the columns in the suite.",
        )
        prepared.outcomes["the table can be read"] = Outcome(
            suite.table, readable, "not judged", "error", reason
        )
        return prepared
    assert found is not None
    prepared.row_count = found[0]
    values = dict(zip(counted, found[1:], strict=True))
    for expectation in suite.expectations:
        missing = [name for name in expectation.needs if name not in relations]
        if missing:
            observed = f"no {', '.join(missing)}"
            prepared.outcomes[expectation.name] = Outcome(
                suite.table, expectation, "absent", expectation.severity, observed
            )
        elif expectation.type in _NEEDS_A_VALUE and not values[str(expectation.kwargs.get("column"))]:
            prepared.outcomes[expectation.name] = Outcome(
                suite.table, expectation, "no data", expectation.severity, "no values"
            )
        else:
            prepared.runnable.append(_with_relations(expectation, relations))
    return prepared


def _with_relations(expectation: Expectation, relations: dict[str, str]) -> Expectation:
    query = expectation.kwargs.get("unexpected_rows_query")
    if not isinstance(query, str) or not references(query):
        return expectation
    return Expectation(
        expectation.name,
        expectation.type,
        {**expectation.kwargs, "unexpected_rows_query": replace_references(query, relations)},
        expectation.severity,
        expectation.means,
        expectation.remedy,
        expectation.needs,
        expectation.from_contract,
    )


def _run(
    database: Path, prepared: list[_Prepared], report: Report, docs: Path | None, order: list[str]
) -> None:
    """Run what is prepared in one checkpoint, fill the report in, and write the Data Docs."""
    gx = great_expectations()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    context.delete_data_docs_site("local_site")
    source = context.data_sources.add_sql(
        "warehouse",
        connection_string="duckdb:///:memory:",
        kwargs={
            "connect_args": {"database": str(database), "read_only": True, "config": _settings()},
        },
    )
    try:
        definitions = []
        for item in prepared:
            if not item.runnable:
                continue
            asset = source.add_query_asset(item.suite.table, item.select)
            batch = asset.add_batch_definition_whole_table("all rows")
            suite = context.suites.add(_gx_suite(item))
            definitions.append(
                context.validation_definitions.add(
                    gx.ValidationDefinition(name=item.suite.table, data=batch, suite=suite)
                )
            )
        results: dict[str, dict[str, ExpectationValidationResult]] = {}
        identifiers: dict[str, Any] = {}
        if definitions:
            checkpoint = context.checkpoints.add(
                gx.Checkpoint(
                    name="validate",
                    validation_definitions=definitions,
                    result_format={
                        "result_format": "SUMMARY",
                        "partial_unexpected_count": SAMPLE_SIZE,
                        # writing that query out fails on every question mark in a regular expression
                        "return_unexpected_index_query": False,
                    },
                )
            )
            for identifier, result in checkpoint.run().run_results.items():
                results[result.suite_name] = {
                    one.expectation_config.meta["name"]: one
                    for one in result.results
                    if one.expectation_config is not None
                }
                identifiers[result.suite_name] = identifier
        engine = source.get_execution_engine()
        for item in prepared:
            report.judged.append(_judged(item, results.get(item.suite.table, {}), engine))
        report.judged.sort(key=lambda judged: order.index(judged.suite.table))
        if docs is not None:
            _write_docs(context, report, identifiers, database, docs)
    finally:
        source.get_execution_engine().engine.dispose()
        source.get_engine().dispose()


def great_expectations() -> ModuleType:
    """Return Great Expectations, ready for DuckDB and silent: without usage statistics and without Spark.

    It would look for Spark, which takes a second, and which ends a process that has no main file as if all were well.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
    hidden = "pyspark" not in sys.modules
    if hidden:
        sys.modules["pyspark"] = cast(ModuleType, None)
    try:
        import great_expectations as gx
    finally:
        if hidden:
            del sys.modules["pyspark"]
    _keep_duckdb_connected()
    return cast(ModuleType, gx)


class _Dialect(str):
    """The name of a database dialect, in the form in which Great Expectations compares its own."""

    @property
    def value(self) -> str:
        """The name itself."""
        return str(self)


def _keep_duckdb_connected() -> None:
    """Tell Great Expectations to read DuckDB's rows from an open connection; it would close it first, and find none."""
    from great_expectations.execution_engine import sqlalchemy_execution_engine as engine

    kept = engine._PERSISTED_CONNECTION_DIALECTS
    if "duckdb" not in kept:
        engine._PERSISTED_CONNECTION_DIALECTS = (*kept, _Dialect("duckdb"))


def _gx_suite(item: _Prepared) -> Any:
    suite = great_expectations().ExpectationSuite(name=item.suite.table, notes=item.suite.about)
    for expectation in item.runnable:
        try:
            suite.expectations.append(_gx_expectation(expectation))
        except Exception as error:
            raise CxMetricsError(
                f"expectations/{item.suite.table}.yml: {expectation.name}: Great Expectations does not take it: {error}"
            ) from error
    return suite


def _gx_expectation(expectation: Expectation) -> Any:
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    return ExpectationConfiguration(
        type=expectation.type,
        kwargs=dict(expectation.kwargs),
        description=describe(expectation),
        severity="critical" if expectation.severity == "error" else "warning",
        meta={"name": expectation.name},
    ).to_domain_obj()


def describe(expectation: Expectation) -> str:
    """Return what the Data Docs say of an expectation, one fact per line."""
    rule = ", ".join(
        f"{name} {one_line(str(value))}"
        for name, value in expectation.kwargs.items()
        if name != "unexpected_rows_query"
    )
    origin = "raw contract" if expectation.from_contract else "judgement"
    lines = [
        f"{expectation.name} ({expectation.severity}, {origin})",
        f"A failure means: {expectation.means}",
        f"What to do: {expectation.remedy}",
        f"Rule: {expectation.type}{': ' + rule if rule else ''}",
    ]
    return "\n".join(lines)


def _judged(item: _Prepared, results: dict[str, ExpectationValidationResult], engine: Any) -> Judged:
    judged = Judged(item.suite, item.row_count)
    judged.outcomes.extend(
        outcome for name, outcome in item.outcomes.items() if name == "the table can be read"
    )
    runnable = {expectation.name: expectation for expectation in item.runnable}
    for expectation in item.suite.expectations:
        if expectation.name in item.outcomes:
            judged.outcomes.append(item.outcomes[expectation.name])
        elif expectation.name in results:
            judged.outcomes.append(
                _outcome(item, runnable[expectation.name], results[expectation.name], engine)
            )
    return judged


def _outcome(
    item: _Prepared, expectation: Expectation, result: ExpectationValidationResult, engine: Any
) -> Outcome:
    exception = _exception(result.exception_info or {})
    if exception:
        return Outcome(item.suite.table, expectation, "not judged", "error", exception)
    found: dict[str, Any] = result.result
    sample = ()
    if not result.success:
        sample = _sample(item, expectation, found, engine)
    return Outcome(
        item.suite.table,
        expectation,
        "passed" if result.success else "failed",
        expectation.severity,
        _observed(found, expectation),
        sample,
    )


def _exception(info: dict[str, Any]) -> str:
    """Return the first line of what went wrong in running an expectation; empty where nothing did."""
    details = [info] if "raised_exception" in info else list(info.values())
    for detail in details:
        if isinstance(detail, dict) and detail.get("raised_exception"):
            lines = str(detail.get("exception_message") or detail.get("exception_traceback") or "").strip()
            return one_line(lines.partition("\n")[0])[:200] or "Great Expectations gave no reason"
    return ""


def _observed(found: dict[str, Any], expectation: Expectation) -> str:
    if "unexpected_count" in found:
        rows, broken = found["element_count"], found["unexpected_count"]
        share = f" ({100 * broken / rows:.3g} %)" if broken else ""
        return f"{broken:,} of {rows:,} rows{share}"
    if found.get("partial_missing_list"):
        return f"missing: {', '.join(str(value) for value in found['partial_missing_list'])}"
    value = found.get("observed_value")
    if expectation.type == "unexpected_rows_expectation":
        return "1 row" if value == 1 else f"{value:,} rows"
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, list):
        return f"{len(value)} values"
    return one_line(str(value))


def _sample(item: _Prepared, expectation: Expectation, found: dict[str, Any], engine: Any) -> tuple[str, ...]:
    """Return a few of the values, or rows as name=value, that broke an expectation."""
    query = expectation.kwargs.get("unexpected_rows_query")
    if isinstance(query, str):
        from sqlalchemy import text

        statement = query.format(batch=f"({item.select})")
        rows = engine.execute_query(text(statement)).fetchmany(SAMPLE_SIZE)
        return tuple(
            ", ".join(f"{name}={_short(value)}" for name, value in row._mapping.items()) for row in rows
        )
    values = found.get("partial_unexpected_list") or []
    return tuple(dict.fromkeys(_short(value) for value in values if value is not None))


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(f"{name}={_short(inner)}" for name, inner in value.items())
    shown = f"{value:.6g}" if isinstance(value, float) else one_line(str(value))
    return shown if len(shown) <= 80 else shown[:77] + "..."


def _write_docs(
    context: EphemeralDataContext,
    report: Report,
    identifiers: dict[str, Any],
    database: Path,
    docs: Path,
) -> None:
    from cx_metrics.validation.data_docs import write_pages

    def build(folder: Path) -> None:
        context.add_data_docs_site(
            "data_docs",
            {
                "class_name": "SiteBuilder",
                "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
                "store_backend": {
                    "class_name": "TupleFilesystemStoreBackend",
                    "base_directory": str(folder),
                },
            },
        )
        context.build_data_docs(site_names=["data_docs"])
        for judged in report.judged:
            identifier = identifiers.get(judged.suite.table)
            if identifier is None:
                continue
            urls = context.get_docs_sites_urls(resource_identifier=identifier, site_name="data_docs")
            address = str(urls[0]["site_url"]).partition("://")[2]
            judged.page = Path(address).relative_to(folder.resolve()).as_posix()

    write_pages(docs, build, report, database.name)
