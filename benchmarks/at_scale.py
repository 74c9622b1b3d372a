"""What the benchmarks of models at scale do: a history, one hand-written script beside the models, and one more day.

Simulates a center of a million contacts a year, for as many years as the contacts need, and holds back its last day. Loads and
builds the history, runs the script on the same finished base tables, and compares the tables of the two row for row. Then the last day
arrives, with the changes of what was known before it; dbt runs again, and the tables are compared again. A day is as large in a long
history as in a short one, so that its seconds can be compared.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
from measuring import (
    PROJECT,
    RESULTS,
    Comparison,
    Model,
    Run,
    compare,
    dbt_command,
    load_command,
    machine,
    measure,
    models_of,
    no_core_dumps,
    total,
    warehouse_environment,
)

CONTACTS_PER_YEAR = 1_000_000


@dataclass(frozen=True)
class Delivery:
    """When a row of a raw table is delivered for the last time: a column, or an expression of columns.

    Where rows change, `begun` is when they are delivered first, and `unknown` the columns that are null until the last time.
    """

    delivered: str
    begun: str | None = None
    unknown: tuple[str, ...] = ()


# what every benchmark delivers: contacts, bots and customers, and the lists that were there before the first day
CONTACT_DELIVERIES = {
    "contacts": Delivery(
        "updated_at", "started_at", ("ended_at", "disconnect_reason", "agent_logged_resolved")
    ),
    "contact_segments": Delivery("updated_at", "started_at", ("ended_at", "transfer_kind")),
    "bot_sessions": Delivery(
        "updated_at",
        "started_at",
        ("ended_at", "turns", "handoff_requested", "handed_off_contact_id", "vendor_outcome", "evidence"),
    ),
    "customers": Delivery("updated_at", "created_at"),
    "feed_watermarks": Delivery("complete_through"),
}
CONTACT_LISTS = (
    "queues",
    "queue_hours",
    "queue_holidays",
    "programs",
    "vendors",
    "product_lines",
    "reasons",
    "agents",
    "technologies",
)


@dataclass(frozen=True)
class Benchmark:
    """Models that are measured at scale, and the hand-written script that stands beside them."""

    title: str
    # the Python file, the SQL file of the script, and the page that is written
    file: Path
    script: str
    page: str
    # what the models are of, in a sentence of the page
    subject: str
    # how dbt selects the models that are measured, and those that a build makes: all of them where nothing is selected
    measured: tuple[str, ...]
    not_measured: tuple[str, ...]
    selected: tuple[str, ...]
    # tables that the script makes too, by name in the warehouse, with their keys
    compared: Mapping[str, tuple[str, ...]]
    # raw tables that are split into history and day, and those that are delivered before the first day
    deliveries: Mapping[str, Delivery]
    lists: tuple[str, ...]
    # the full build, times the script, and peak memory
    ratio_goal: float
    memory_goal: int

    @property
    def run_command(self) -> tuple[str, ...]:
        """What is asked of dbt in a build."""
        return ("run", "--select", *self.selected) if self.selected else ("run",)


@dataclass(frozen=True)
class Size:
    """What was measured on one size of history: steps by name, models of both runs, comparisons after each of them."""

    asked: int
    contacts: int
    day_contacts: int
    steps: dict[str, Run]
    models: dict[str, Model]
    day_models: dict[str, Model]
    measured: frozenset[str]
    comparisons: list[Comparison]
    day_comparisons: list[Comparison]

    @property
    def build(self) -> Model:
        """What the measured models took in the full build."""
        return total(self.models[name] for name in self.measured)

    @property
    def day(self) -> Model:
        """What the measured models took in the run after the day."""
        return total(self.day_models[name] for name in self.measured)


def days_of(contacts: int) -> int:
    """Return the days that make about so many contacts: whole years that end on a Wednesday in December."""
    return 364 * max(1, round(contacts / CONTACTS_PER_YEAR)) - 11


def make_files(benchmark: Benchmark, folder: Path, contacts: int) -> None:
    """Simulate a center and write its files as two deliveries, the history and the last day."""
    from cx_metrics.simulator import simulate

    center, history, day = folder / "center", folder / "history", folder / "day"
    if not center.exists():
        simulate(center, contacts=contacts, days=days_of(contacts))
    for place in (history, day):
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
    for table in benchmark.lists:
        shutil.copy(center / f"{table}.parquet", history)
    connection = duckdb.connect()
    connection.execute("set memory_limit = '4GB'; set preserve_insertion_order = false")
    connection.execute(
        f"set variable begin = (select min(complete_through) - interval 1 day from '{center}/feed_watermarks.parquet')"
    )
    for table, delivery in benchmark.deliveries.items():
        rows = f"from '{center / table}.parquet'"
        before = f"{delivery.delivered} < getvariable('begin')"
        known = f"select * {rows} where {before}"
        if table == "feed_watermarks":
            known = f"select * replace (getvariable('begin') as complete_through) {rows}"
        elif delivery.begun:
            unknown = "".join(f", null as {column}" for column in delivery.unknown)
            known += (
                f" union all by name select * replace ({delivery.begun}::timestamp as {delivery.delivered}{unknown}) "
                f"{rows} where {delivery.begun} < getvariable('begin') and not {before}"
            )
        new = f"select * {rows} where not {before}"
        for query, place in ((known, history), (new, day)):
            connection.execute(f"copy ({query}) to '{place / table}.parquet' (format parquet)")
    connection.close()


def run_reference(benchmark: Benchmark, folder: Path) -> None:
    """Run the hand-written script on the base tables of the warehouse; this is what the child process does."""
    (folder / "reference.duckdb").unlink(missing_ok=True)
    connection = duckdb.connect(str(folder / "reference.duckdb"))
    connection.execute("set memory_limit = '6GB'; set preserve_insertion_order = false; set timezone = 'UTC'")
    connection.execute(f"attach '{folder / 'warehouse.duckdb'}' as warehouse (read_only)")
    connection.execute((PROJECT / "benchmarks" / benchmark.script).read_text("utf-8"))
    connection.close()


def measured_models(benchmark: Benchmark, folder: Path, environment: dict[str, str]) -> frozenset[str]:
    """Return the names of the measured models."""
    selection = ["--select", *benchmark.measured, "--resource-type", "model"]
    if benchmark.not_measured:
        selection += ["--exclude", *benchmark.not_measured]
    command = dbt_command(folder, "ls", *selection, "--output", "name")
    listed = subprocess.run(command, cwd=PROJECT, env=environment, check=True, capture_output=True, text=True)
    return frozenset(listed.stdout.split())


def compare_all(benchmark: Benchmark, folder: Path) -> list[Comparison]:
    """Compare every table that the script makes too."""
    return [
        compare(folder, table, f"main.{table.rpartition('.')[2]}", key)
        for table, key in benchmark.compared.items()
    ]


def contact_records(folder: Path) -> int:
    """Count the contact records of a delivery."""
    found = duckdb.read_parquet(str(folder / "contacts.parquet")).count("*").fetchone()
    return int(found[0]) if found else 0


def measure_size(benchmark: Benchmark, folder: Path, contacts: int) -> Size:
    """Measure one size of history in its own folder."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "day").exists():
        make_files(benchmark, folder, contacts)
    (folder / "warehouse.duckdb").unlink(missing_ok=True)
    environment = warehouse_environment(folder)
    reference = [sys.executable, str(benchmark.file), "--reference", str(folder)]
    steps: dict[str, Run] = {}

    def step(name: str, command: list[str]) -> Run:
        steps[name] = measure(name, command, environment)
        return steps[name]

    step("load of the history", load_command(folder / "history"))
    step("seeds", dbt_command(folder, "seed"))
    models = models_of(folder, step("all models", dbt_command(folder, *benchmark.run_command)))
    step("script", reference)
    comparisons = compare_all(benchmark, folder)
    step("load of the day", load_command(folder / "day", "--append"))
    day_models = models_of(
        folder, step("all models after the day", dbt_command(folder, *benchmark.run_command))
    )
    step("script after the day", reference)
    day_comparisons = compare_all(benchmark, folder)
    return Size(
        contacts,
        contact_records(folder / "history"),
        contact_records(folder / "day"),
        steps,
        models,
        day_models,
        measured_models(benchmark, folder, environment),
        comparisons,
        day_comparisons,
    )


def report(benchmark: Benchmark, sizes: list[Size]) -> str:
    """Return the result as a Markdown page."""
    first, last = sizes[0], sizes[-1]
    script = last.steps["script"]
    compared = [one for size in sizes for one in (*size.comparisons, *size.day_comparisons)]
    peak = max(run.peak_gib for size in sizes for name, run in size.steps.items() if "script" not in name)
    read_ratio = sum(one.our_seconds for one in last.comparisons) / sum(
        one.their_seconds for one in last.comparisons
    )
    asked = " ".join(f"--contacts {size.asked}" for size in sizes)
    lines = [
        f"# {benchmark.title}",
        "",
        f"`python benchmarks/{benchmark.file.name} {asked}`, on {machine()}.",
        "",
        f"The {len(last.measured)} models of {benchmark.subject},",
        "next to one hand-written script that makes their tables from the same base, with the same rows stored and the same left to",
        "views. A million contacts a year, so the last day of each history is as large. Seconds are wall clock; where the",
        "machine was shared, the processor's seconds say more.",
        "",
        "| goal | asked | seconds | processor seconds |",
        "|---|---:|---:|---:|",
        f"| full build of {last.contacts:,} contacts, of the script | {benchmark.ratio_goal} "
        f"| {last.build.seconds / script.seconds:.2f} | {last.build.processor_seconds / script.processor_seconds:.2f} |",
        f"| every table read once in full, of the script's | | | {read_ratio:.2f} |",
        f"| one more day ({last.day_contacts:,} contact records), of a full build | 5 % "
        f"| {100 * last.day.seconds / last.build.seconds:.1f} % "
        f"| {100 * last.day.processor_seconds / last.build.processor_seconds:.1f} % |",
    ]
    if last is not first:
        lines.append(
            f"| one more day on {last.contacts:,} contacts, of that on {first.contacts:,} | 1.5 "
            f"| {last.day.seconds / first.day.seconds:.2f} "
            f"| {last.day.processor_seconds / first.day.processor_seconds:.2f} |"
        )
    lines += [
        "",
        f"Peak memory of any step {peak:.1f} GiB (goal: under {benchmark.memory_goal}). Rows that differ from the "
        f"script's, before and after the day: {sum(one.differing for one in compared):,} of {sum(one.rows for one in compared):,}.",
    ]
    for size in sizes:
        lines += ["", f"## {size.contacts:,} contacts", "", *_tables(size)]
    return "\n".join((*lines, ""))


def _tables(size: Size) -> list[str]:
    """Return the tables of one size: its steps and its slowest models."""
    slowest = sorted(size.measured, key=lambda name: -size.models[name].processor_seconds)[:10]
    shown = {f"`{name}`": (size.models[name], size.day_models[name]) for name in slowest}
    shown[f"all {len(size.measured)}"] = (size.build, size.day)
    shown["every model that was made"] = (total(size.models.values()), total(size.day_models.values()))
    return [
        "| step | seconds | processor seconds | peak memory |",
        "|---|---:|---:|---:|",
        *(
            f"| {name} | {run.seconds:,.1f} | {run.processor_seconds:,.1f} | {run.peak_gib:.1f} GiB |"
            for name, run in size.steps.items()
        ),
        "",
        "| model, ten slowest | full build, seconds | processor | one more day, seconds | processor |",
        "|---|---:|---:|---:|---:|",
        *(
            f"| {name} | {built.seconds:,.1f} | {built.processor_seconds:,.1f} | {day.seconds:,.1f} | {day.processor_seconds:,.1f} |"
            for name, (built, day) in shown.items()
        ),
    ]


def main(benchmark: Benchmark, documentation: str | None) -> None:
    """Run the sizes that are asked for, or, with --reference, only the hand-written script."""
    parser = argparse.ArgumentParser(
        description=documentation, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--contacts", type=int, action="append", help="size of a history (default: one million)"
    )
    parser.add_argument("--folder", type=Path, help="keep files here and use those that are there already")
    parser.add_argument("--reference", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    no_core_dumps()
    if arguments.reference:
        run_reference(benchmark, arguments.reference)
        return
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="cx_metrics_"))
    sizes = [
        measure_size(benchmark, folder / str(contacts), contacts)
        for contacts in arguments.contacts or [1_000_000]
    ]
    page = report(benchmark, sizes)
    print(page)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / benchmark.page).write_text(page, "utf-8")
    if arguments.folder is None:
        shutil.rmtree(folder)
