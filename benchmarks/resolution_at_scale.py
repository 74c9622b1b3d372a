"""Build of the resolution and automation models at scale, next to one hand-written script; and one more day.

    python benchmarks/resolution_at_scale.py --contacts 1000000 --contacts 10000000

Simulates a center of a million contacts a year, for as many years as the contacts need, and holds back its last day. Loads and
builds the history, runs reference_resolution.sql on the same finished base tables, and compares every mart of the two row for row.
Then the last day arrives, with the changes of what was known before it; dbt runs again, and the marts are compared again. A day is
as large in a long history as in a short one, so that its seconds can be compared. Writes results/resolution_at_scale.md.

The script stores what the models store, and leaves to views what they leave to views; what it costs to read each mart once in full
is measured beside it. Seconds on a shared machine only inform: the seconds of the processor are less disturbed.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
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
# the models that are measured; all that they read is the base
MEASURED = (
    "path:models/intermediate/resolution",
    "path:models/intermediate/automation",
    "path:models/marts/resolution",
    "path:models/marts/automation",
    "fct_survey_answers",
    "fct_contact_effort",
    "fct_contact_results",
    "fct_handle_time_bands",
    "fct_handle_time_results",
    "fct_handle_time_alerts",
    "fct_reason_complexity",
)
# read by fct_transfers alone, which neither is measured nor made by the script
NOT_MEASURED = ("int_bot_handoffs",)
# the marts that the script makes too, with their keys
COMPARED = {
    "fct_contact_repeats": ("contact_id",),
    "fct_repeat_contacts": ("contact_id",),
    "fct_first_contact_resolution": ("contact_id", "window_hours"),
    "fct_issues": ("issue_id",),
    "fct_bot_attempts": ("attempt_id",),
    "fct_bot_handoff_uplift": ("handoff_group_id",),
    "fct_survey_answers": ("survey_answer_id",),
    "fct_contact_effort": ("contact_id",),
    "fct_contact_results": ("contact_id",),
    "fct_handle_time_bands": ("queue_id", "reason_code", "channel", "effective_from"),
    "fct_handle_time_results": ("contact_id",),
    "fct_handle_time_alerts": ("queue_id", "week_start_date"),
    "fct_reason_complexity": ("reason_code", "month_start_date"),
}


@dataclass(frozen=True)
class Delivery:
    """When a row of a raw table is delivered for the last time.

    Where rows change, `begun` is when they are delivered first, and `unknown` the columns that are null until the last time.
    """

    delivered: str
    begun: str | None = None
    unknown: tuple[str, ...] = ()


DELIVERIES = {
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
    "subscriptions": Delivery("updated_at", "started_on"),
    "subscription_events": Delivery("occurred_at"),
    "survey_invitations": Delivery("sent_at"),
    "survey_answers": Delivery("updated_at"),
    "contact_sentiment": Delivery("scored_at"),
    "feed_watermarks": Delivery("complete_through"),
}
# delivered once, before the first day
LISTS = (
    "queues",
    "queue_hours",
    "queue_holidays",
    "programs",
    "vendors",
    "product_lines",
    "reasons",
    "agents",
    "technologies",
    "survey_questions",
)


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


def make_files(folder: Path, contacts: int) -> None:
    """Simulate a center and write its files as two deliveries, the history and the last day."""
    from cx_metrics.simulator import simulate

    center, history, day = folder / "center", folder / "history", folder / "day"
    if not center.exists():
        simulate(center, contacts=contacts, days=days_of(contacts))
    for place in (history, day):
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
    for table in LISTS:
        shutil.copy(center / f"{table}.parquet", history)
    connection = duckdb.connect()
    connection.execute("set memory_limit = '4GB'; set preserve_insertion_order = false")
    connection.execute(
        f"set variable begin = (select min(complete_through) - interval 1 day from '{center}/feed_watermarks.parquet')"
    )
    for table, delivery in DELIVERIES.items():
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


def run_reference(folder: Path) -> None:
    """Run the hand-written script on the base tables of the warehouse; this is what the child process does."""
    (folder / "reference.duckdb").unlink(missing_ok=True)
    connection = duckdb.connect(str(folder / "reference.duckdb"))
    connection.execute("set memory_limit = '6GB'; set preserve_insertion_order = false; set timezone = 'UTC'")
    connection.execute(f"attach '{folder / 'warehouse.duckdb'}' as warehouse (read_only)")
    connection.execute((PROJECT / "benchmarks" / "reference_resolution.sql").read_text("utf-8"))
    connection.close()


def measured_models(folder: Path, environment: dict[str, str]) -> frozenset[str]:
    """Return the names of the measured models."""
    selection = ["--select", *MEASURED, "--exclude", *NOT_MEASURED, "--resource-type", "model"]
    command = dbt_command(folder, "ls", *selection, "--output", "name")
    listed = subprocess.run(command, cwd=PROJECT, env=environment, check=True, capture_output=True, text=True)
    return frozenset(listed.stdout.split())


def compare_all(folder: Path) -> list[Comparison]:
    """Compare every mart that the script makes too."""
    return [compare(folder, f"marts.{mart}", f"main.{mart}", key) for mart, key in COMPARED.items()]


def contact_records(folder: Path) -> int:
    """Count the contact records of a delivery."""
    found = duckdb.read_parquet(str(folder / "contacts.parquet")).count("*").fetchone()
    return int(found[0]) if found else 0


def measure_size(folder: Path, contacts: int) -> Size:
    """Measure one size of history in its own folder."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "day").exists():
        make_files(folder, contacts)
    (folder / "warehouse.duckdb").unlink(missing_ok=True)
    environment = warehouse_environment(folder)
    reference = [sys.executable, __file__, "--reference", str(folder)]
    steps: dict[str, Run] = {}

    def step(name: str, command: list[str]) -> Run:
        steps[name] = measure(name, command, environment)
        return steps[name]

    step("load of the history", load_command(folder / "history"))
    step("seeds", dbt_command(folder, "seed"))
    models = models_of(folder, step("all models", dbt_command(folder, "run")))
    step("script", reference)
    comparisons = compare_all(folder)
    step("load of the day", load_command(folder / "day", "--append"))
    day_models = models_of(folder, step("all models after the day", dbt_command(folder, "run")))
    step("script after the day", reference)
    day_comparisons = compare_all(folder)
    return Size(
        contacts,
        contact_records(folder / "history"),
        contact_records(folder / "day"),
        steps,
        models,
        day_models,
        measured_models(folder, environment),
        comparisons,
        day_comparisons,
    )


def report(sizes: list[Size]) -> str:
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
        "# Resolution at scale",
        "",
        f"`python benchmarks/resolution_at_scale.py {asked}`, on {machine()}.",
        "",
        f"The {len(last.measured)} models of resolution and automation, and those of contacts and experience that follow from them,",
        "next to one hand-written script that makes their marts from the same base, with the same rows stored and the same left to",
        "views. A million contacts a year, so the last day of each history is as large. Seconds are wall clock; where the",
        "machine was shared, the processor's seconds say more.",
        "",
        "| goal | asked | seconds | processor seconds |",
        "|---|---:|---:|---:|",
        f"| full build of {last.contacts:,} contacts, of the script | 1.3 "
        f"| {last.build.seconds / script.seconds:.2f} | {last.build.processor_seconds / script.processor_seconds:.2f} |",
        f"| every mart read once in full, of the script's | | | {read_ratio:.2f} |",
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
        f"Peak memory of any step {peak:.1f} GiB (goal: under 8). Rows that differ from the script's, before and after the day: "
        f"{sum(one.differing for one in compared):,} of {sum(one.rows for one in compared):,}.",
    ]
    for size in sizes:
        lines += ["", f"## {size.contacts:,} contacts", "", *_tables(size)]
    return "\n".join((*lines, ""))


def _tables(size: Size) -> list[str]:
    """Return the tables of one size: its steps and its slowest models."""
    slowest = sorted(size.measured, key=lambda name: -size.models[name].processor_seconds)[:10]
    shown = {f"`{name}`": (size.models[name], size.day_models[name]) for name in slowest}
    shown[f"all {len(size.measured)}"] = (size.build, size.day)
    shown["every model of the project"] = (total(size.models.values()), total(size.day_models.values()))
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


def main() -> None:
    """Run the sizes that are asked for, or, with --reference, only the hand-written script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--contacts", type=int, action="append", help="size of a history (default: one million)"
    )
    parser.add_argument("--folder", type=Path, help="keep files here and use those that are there already")
    parser.add_argument("--reference", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    no_core_dumps()
    if arguments.reference:
        run_reference(arguments.reference)
        return
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="cx_metrics_"))
    sizes = [measure_size(folder / str(contacts), contacts) for contacts in arguments.contacts or [1_000_000]]
    page = report(sizes)
    print(page)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "resolution_at_scale.md").write_text(page, "utf-8")
    if arguments.folder is None:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
