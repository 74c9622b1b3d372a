"""The command `cxm validate`; what it runs is imported only when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cx_metrics.console import Console
    from cx_metrics.validation.report import Outcome, Report
    from cx_metrics.validation.suites import Layer

_SAMPLE = 60


@click.command("validate")
@click.option(
    "--layer",
    type=click.Choice(["raw", "marts", "all"]),
    default="all",
    show_default=True,
    help="Raw tables, the tables built from them, or both.",
)
@click.option("--database", type=click.Path(path_type=Path), help="DuckDB file, instead of CX_DATABASE.")
@click.option(
    "--docs",
    type=click.Path(path_type=Path),
    default=Path("build/data_docs"),
    show_default=True,
    metavar="DIR",
    help="Folder of the Data Docs.",
)
def validate_command(layer: Layer, database: Path | None, docs: Path) -> None:
    """Judge raw tables and marts with Great Expectations, and write Data Docs.

    Raw tables are judged by the raw contract and by expectations/raw.*.yml, marts by the other files there.
    The database is opened for reading only. Exit code 1 when an expectation of severity error fails; warnings
    leave it at 0.

    \b
    Examples:
      cxm validate
      cxm validate --layer raw --database warehouse.duckdb
    """
    from cx_metrics.console import Console
    from cx_metrics.landing.database import database_path
    from cx_metrics.validation.run import validate

    report = validate(database_path(database), layer=layer, docs=docs)
    _show(report, Console())
    click.echo(f"Data Docs: {docs / 'index.html'}")
    if report.has_errors:
        raise click.exceptions.Exit(1)


def _show(report: Report, console: Console) -> None:
    from cx_metrics.validation.report import count

    rows: list[tuple[str, ...]] = []
    for judged in report.judged:
        kept = [o for o in judged.outcomes if o.expectation.from_contract and o.status == "passed"]
        if kept:
            rows.append((judged.suite.table, f"raw contract: {len(kept)} expectations", "", "passed", "", ""))
        rows.extend(_row(outcome) for outcome in judged.outcomes if outcome not in kept)
    console.table(("suite", "expectation", "observed", "result", "severity", "remedy"), rows)
    counts = count(report.outcomes)
    console.say(
        f"{counts.total:,} expectations on {len(report.judged)} tables: {counts.passed:,} passed, "
        f"{counts.errors:,} errors, {counts.warnings:,} warnings, {counts.unjudged:,} without data"
    )
    if report.absent_required:
        names = ", ".join(report.absent_required)
        console.say(f"absent, required (metrics that need them are null): {names}")
    if report.absent_optional:
        console.say(f"absent, optional: {', '.join(report.absent_optional)}")


def _row(outcome: Outcome) -> tuple[str, ...]:
    to_do = outcome.is_error or outcome.is_warning
    observed = outcome.observed
    if to_do and outcome.sample:
        sample = outcome.sample[0]
        observed += f", such as {sample if len(sample) <= _SAMPLE else sample[: _SAMPLE - 3] + '...'}"
    remedy = outcome.expectation.remedy if to_do else ""
    return (outcome.suite, outcome.expectation.name, observed, outcome.status, outcome.severity, remedy)
