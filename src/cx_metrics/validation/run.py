"""Running the suites through Great Expectations on a DuckDB file that is opened for reading only."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from cx_metrics.contract import find_project_root
from cx_metrics.errors import CxMetricsError, one_line
from cx_metrics.validation.data_docs import check_folder, write_pages
from cx_metrics.validation.prepare import (
    Plan,
    Prepared,
    UnreadableError,
    choose_suites,
    plan,
    settings,
    settle,
)
from cx_metrics.validation.report import Judged, Outcome, Report
from cx_metrics.validation.suites import Expectation, Layer

if TYPE_CHECKING:
    from great_expectations.core import ExpectationValidationResult

SAMPLE_SIZE = 5
_Results = dict[str, dict[str, "ExpectationValidationResult"]]


def validate(
    database: Path,
    *,
    layer: Layer = "all",
    docs: Path | None = None,
    project_dir: Path | None = None,
    tables: Sequence[str] | None = None,
) -> Report:
    """Judge the tables of a DuckDB file by the suites of the project and by the raw contract.

    `tables` (schema.table) limits the run to some of the layer's tables. With `docs`, the Data Docs are
    written to that folder. Raises CxMetricsError where the file cannot be read or a suite is not in its form.
    """
    root = project_dir or find_project_root()
    suites = choose_suites(root, layer, tables)
    report = Report()
    planned = plan(database, root, suites, report)
    if docs is not None:
        check_folder(docs)
    _judge(database, planned, report, [suite.table for suite in suites], docs)
    return report


def great_expectations() -> ModuleType:
    """Return Great Expectations, ready for DuckDB and silent: without usage statistics and without Spark.

    It looks for Spark when it is imported; that takes a second, and in a process without a main file, such as
    `python -c`, the import of Spark Connect ends the process as if all were well.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    logger = logging.getLogger("great_expectations")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    # who has imported Spark for something else has not imported Spark Connect with it
    hidden = {"pyspark", "pyspark.sql.connect"} - sys.modules.keys()
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        import great_expectations as gx
    finally:
        for name in hidden:
            del sys.modules[name]
    _keep_duckdb_connected()
    return gx


class _Dialect(str):
    """The name of a database dialect, in the form in which Great Expectations compares its own."""

    @property
    def value(self) -> str:
        """The name itself."""
        return str(self)


def _keep_duckdb_connected() -> None:
    """Make Great Expectations read DuckDB's rows from an open connection; it would close it first."""
    from great_expectations.execution_engine import sqlalchemy_execution_engine

    engine: Any = sqlalchemy_execution_engine
    kept = engine._PERSISTED_CONNECTION_DIALECTS
    if "duckdb" not in kept:
        engine._PERSISTED_CONNECTION_DIALECTS = (*kept, _Dialect("duckdb"))


def _judge(database: Path, planned: Plan, report: Report, order: list[str], docs: Path | None) -> None:
    """Run what is planned in one checkpoint, complete the report, and write the Data Docs."""
    gx = great_expectations()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    own_site = context.variables.data_docs_sites["local_site"]["store_backend"]["base_directory"]
    context.delete_data_docs_site("local_site")
    shutil.rmtree(own_site, ignore_errors=True)
    source = context.data_sources.add_sql(
        "warehouse",
        # the path goes around the address, where some of its signs would mean something else
        connection_string="duckdb:///:memory:",
        kwargs={"connect_args": {"database": str(database), "read_only": True, "config": settings()}},
    )
    engine = source.get_execution_engine()
    try:
        settle(planned, lambda statement: _first_row(engine, statement))
        results, identifiers = _checkpoint(gx, context, source, planned.prepared)
        for item in planned.prepared:
            report.judged.append(_judged(item, results.get(item.suite.table, {}), engine))
        report.judged.sort(key=lambda judged: order.index(judged.suite.table))
        if docs is not None:
            _write_docs(context, report, identifiers, database, docs)
    finally:
        engine.close()
        engine.engine.dispose()
        source.get_engine().dispose()


def _first_row(engine: Any, statement: str) -> tuple[Any, ...] | None:
    """Run a statement in Great Expectations' own connection, which stays open, and return its first row."""
    from sqlalchemy.exc import DBAPIError

    with engine.get_connection() as connection:
        try:
            row = connection.exec_driver_sql(statement).fetchone()
        except DBAPIError as error:
            connection.rollback()
            raise UnreadableError(str(error.orig).partition("\n")[0]) from error
        connection.commit()
    return None if row is None else tuple(row)


def _checkpoint(
    gx: ModuleType, context: Any, source: Any, prepared: list[Prepared]
) -> tuple[_Results, dict[str, Any]]:
    """Run every suite that has something to run; return results and their identifiers by suite."""
    definitions = []
    for item in prepared:
        if item.runnable:
            asset = source.add_query_asset(item.suite.table, item.select)
            definition = gx.ValidationDefinition(
                name=item.suite.table,
                data=asset.add_batch_definition_whole_table("all rows"),
                suite=context.suites.add(_gx_suite(gx, item)),
            )
            definitions.append(context.validation_definitions.add(definition))
    results: _Results = {}
    identifiers: dict[str, Any] = {}
    if definitions:
        checkpoint = gx.Checkpoint(
            name="validate",
            validation_definitions=definitions,
            result_format={
                "result_format": "SUMMARY",
                "partial_unexpected_count": SAMPLE_SIZE,
                # writing that query out fails on every question mark in a regular expression
                "return_unexpected_index_query": False,
            },
        )
        for identifier, result in context.checkpoints.add(checkpoint).run().run_results.items():
            identifiers[result.suite_name] = identifier
            results[result.suite_name] = {one.expectation_config.meta["name"]: one for one in result.results}
    return results, identifiers


def _gx_suite(gx: ModuleType, item: Prepared) -> Any:
    derived = [f"{column} is {one_line(sql)}" for column, sql in item.suite.derived.items()]
    suite = gx.ExpectationSuite(name=item.suite.table, notes=[item.suite.about, *derived])
    written = {expectation.name: expectation for expectation in item.suite.expectations}
    for expectation in item.runnable:
        try:
            suite.expectations.append(_gx_expectation(expectation, written[expectation.name]))
        except Exception as error:
            raise CxMetricsError(
                f"expectations/{item.suite.table}.yml: {expectation.name}: "
                f"Great Expectations does not take it: {error}"
            ) from error
    return suite


def _gx_expectation(expectation: Expectation, written: Expectation) -> Any:
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
    from great_expectations.expectations.metadata_types import FailureSeverity

    severe = expectation.severity == "error"
    return ExpectationConfiguration(
        type=expectation.type,
        kwargs=dict(expectation.kwargs),
        description=describe(written),
        severity=FailureSeverity.CRITICAL if severe else FailureSeverity.WARNING,
        meta={"name": expectation.name},
    ).to_domain_obj()


def describe(expectation: Expectation) -> str:
    """Return what the Data Docs say of an expectation, one fact per line."""
    rule = ", ".join(f"{name} {one_line(str(value))}" for name, value in expectation.kwargs.items())
    origin = "raw contract" if expectation.from_contract else "judgement"
    lines = [
        f"{expectation.name} ({expectation.severity}, {origin})",
        f"A failure means: {expectation.means}",
        f"What to do: {expectation.remedy}",
        f"Rule: {expectation.type}: {rule}",
    ]
    # a dollar sign would begin a parameter of the page's template
    return "\n".join(lines).replace("$", "$$")


def _judged(item: Prepared, results: dict[str, ExpectationValidationResult], engine: Any) -> Judged:
    runnable = {expectation.name: expectation for expectation in item.runnable}
    judged = Judged(item.suite, item.row_count)
    for expectation in item.suite.expectations:
        name = expectation.name
        if name in item.settled:
            judged.outcomes.append(item.settled[name])
        elif name in results:
            judged.outcomes.append(_outcome(item, expectation, runnable[name], results[name], engine))
        else:
            judged.outcomes.append(
                Outcome(item.suite.table, expectation, "not judged", "error", "no result came back")
            )
    return judged


def _outcome(
    item: Prepared,
    expectation: Expectation,
    complete: Expectation,
    result: ExpectationValidationResult,
    engine: Any,
) -> Outcome:
    problem = _problem(result.exception_info or {})
    if problem:
        return Outcome(item.suite.table, expectation, "not judged", "error", problem)
    return Outcome(
        suite=item.suite.table,
        expectation=expectation,
        status="passed" if result.success else "failed",
        severity=expectation.severity,
        observed=_observed(result.result, expectation),
        sample=() if result.success else _sample(item, complete, result.result, engine),
    )


def _problem(info: dict[str, Any]) -> str:
    """Return the first line of what went wrong in running an expectation; empty where nothing did."""
    details = [info] if "raised_exception" in info else list(info.values())
    for detail in details:
        if isinstance(detail, dict) and detail.get("raised_exception"):
            text = str(detail.get("exception_message") or detail.get("exception_traceback") or "").strip()
            return one_line(text.partition("\n")[0])[:200] or "Great Expectations gives no reason"
    return ""


def _observed(found: dict[str, Any], expectation: Expectation) -> str:
    if "unexpected_count" in found:
        rows, broken = found["element_count"] or 0, found["unexpected_count"] or 0
        return f"{broken:,} of {rows:,} rows" + (f" ({100 * broken / rows:.3g} %)" if broken else "")
    if found.get("partial_missing_list"):
        return f"missing: {', '.join(str(value) for value in found['partial_missing_list'])}"
    value = found.get("observed_value")
    if value is None:
        return ""
    if expectation.type == "unexpected_rows_expectation":
        return "1 row" if value == 1 else f"{value:,} rows"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return one_line(str(value))


def _sample(item: Prepared, complete: Expectation, found: dict[str, Any], engine: Any) -> tuple[str, ...]:
    """Return a few of the values that broke an expectation, or rows of its query as name=value."""
    query = complete.kwargs.get("unexpected_rows_query")
    if isinstance(query, str):
        from sqlalchemy import text

        rows = engine.execute_query(text(query.format(batch=f"({item.select})"))).fetchmany(SAMPLE_SIZE)
        return tuple(
            ", ".join(f"{name}={_short(value)}" for name, value in row._mapping.items()) for row in rows
        )
    values = found.get("partial_unexpected_list") or []
    return tuple(dict.fromkeys(_short(value) for value in values if value is not None))


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(f"{name}={_short(inner)}" for name, inner in value.items())
    if isinstance(value, (list, tuple)):
        return " ".join(_short(inner) for inner in value)
    shown = f"{value:.6g}" if isinstance(value, float) else one_line(str(value))
    return shown if len(shown) <= 80 else shown[:77] + "..."


def _write_docs(
    context: Any, report: Report, identifiers: dict[str, Any], database: Path, docs: Path
) -> None:
    def build(folder: Path) -> dict[str, Path]:
        backend = {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder)}
        context.add_data_docs_site(
            "data_docs",
            {
                "class_name": "SiteBuilder",
                "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
                "store_backend": backend,
            },
        )
        context.build_data_docs(site_names=["data_docs"])
        pages = {}
        for table, identifier in identifiers.items():
            found = context.get_docs_sites_urls(resource_identifier=identifier, site_name="data_docs")
            pages[table] = Path(found[0]["site_url"].removeprefix("file://"))
        return pages

    write_pages(docs, build, report, database.name)
