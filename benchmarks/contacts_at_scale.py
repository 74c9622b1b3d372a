"""Load and build of the contacts domain at scale, next to one hand-written script that makes the same fct_contacts.

    python benchmarks/contacts_at_scale.py --contacts 10000000

Makes the files (a simulated center, multiplied), runs `cxm load` and the models on them, runs the script
reference_fct_contacts.sql on the same files, compares the two tables row for row, and writes the ratio of the times
and the peaks of memory to results/contacts_at_scale.md. Times on a shared machine only inform; the ratio is of two
runs after one another.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

import duckdb
from measuring import (
    PROJECT,
    RESULTS,
    Run,
    compare,
    dbt_command,
    load_command,
    machine,
    measure,
    no_core_dumps,
    warehouse_environment,
)

SIMULATED = 250_000
MULTIPLIED = {
    "contacts": ("contact_id", "initial_contact_id", "customer_id"),
    "contact_segments": ("contact_id",),
    "customers": ("customer_id",),
}
COPIED = (
    "queues",
    "queue_hours",
    "queue_holidays",
    "programs",
    "vendors",
    "product_lines",
    "reasons",
    "agents",
    "feed_watermarks",
)


def make_files(folder: Path, contacts: int) -> None:
    """Simulate a center once and multiply it: the copies differ in their ids, and denied ids stay shared."""
    from cx_metrics.simulator import simulate

    base = folder / "base"
    simulate(base, contacts=min(contacts, SIMULATED))
    copies = max(1, contacts // SIMULATED)
    out = folder / "data"
    out.mkdir()
    for table in COPIED:
        shutil.copy(base / f"{table}.parquet", out)
    for table, keys in MULTIPLIED.items():
        replaced = ", ".join(
            f"case when {key} = 'anonymous' then {key} else {key} || '-' || copy end as {key}" for key in keys
        )
        duckdb.sql(
            f"copy (select * exclude (copy) replace ({replaced}) from '{base / table}.parquet' "
            f"cross join (select range as copy from range({copies})) order by copy) "
            f"to '{out / table}.parquet' (format parquet)"
        )


def run_reference(folder: Path) -> None:
    """Run the hand-written script on the files; this is what the child process does."""
    data = folder / "data"
    connection = duckdb.connect(str(folder / "reference.duckdb"))
    connection.execute("set memory_limit = '6GB'; set preserve_insertion_order = false; set timezone = 'UTC'")
    bounds = connection.execute(
        f"select min(started_at)::date - 2, max(greatest(started_at, coalesce(ended_at, started_at)))::date + 3 "
        f"from '{data}/contacts.parquet' where started_at is not null"
    ).fetchone()
    assert bounds is not None
    script = (PROJECT / "benchmarks" / "reference_fct_contacts.sql").read_text("utf-8")
    connection.execute(
        script.format(
            data=data, seeds=PROJECT / "seeds" / "contacts", first_hour=bounds[0], last_hour=bounds[1]
        )
    )
    connection.close()


def report(contacts: int, runs: list[Run], reference: Run, differing: int) -> str:
    """Write the result as a Markdown page."""
    ours = sum(run.seconds for run in runs)
    lines = [
        "# Contacts at scale",
        "",
        f"`python benchmarks/contacts_at_scale.py --contacts {contacts}`, on {machine()}.",
        "",
        "| step | seconds | peak memory |",
        "|---|---:|---:|",
        *(f"| {run.name} | {run.seconds:,.1f} | {run.peak_gib:.1f} GiB |" for run in runs),
        f"| **load and build** | **{ours:,.1f}** | **{max(run.peak_gib for run in runs):.1f} GiB** |",
        f"| one hand-written script, fct_contacts only | {reference.seconds:,.1f} | {reference.peak_gib:.1f} GiB |",
        "",
        f"Ratio {ours / reference.seconds:.2f} (goal: at most 1.3). "
        f"Rows of fct_contacts that differ: {differing:,}.",
        "",
        "The build makes every model of the contacts domain (staging, quarantine, reconciliation, agent legs,",
        "half-hour intervals, metric values); the script makes fct_contacts alone, straight from the files.",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Run the benchmark, or, with --reference, only the hand-written script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--contacts", type=int, default=1_000_000, help="contact records (default: one million)"
    )
    parser.add_argument("--folder", type=Path, help="keep files here and use those that are there already")
    parser.add_argument("--reference", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    no_core_dumps()
    if arguments.reference:
        run_reference(arguments.reference)
        return
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="cx_metrics_"))
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "data").exists():
        make_files(folder, arguments.contacts)
    for name in ("warehouse.duckdb", "reference.duckdb"):
        (folder / name).unlink(missing_ok=True)
    environment = warehouse_environment(folder)
    runs = [measure("cxm load", load_command(folder / "data"), environment)]
    build = dbt_command(folder, "build", "--resource-type", "seed", "--resource-type", "model")
    runs.append(measure("dbt seed and run", build, environment))
    reference = measure(
        "hand-written script", [sys.executable, __file__, "--reference", str(folder)], environment
    )
    differing = compare(folder, "marts.fct_contacts", "main.fct_contacts", ("contact_id",)).differing
    page = report(arguments.contacts, runs, reference, differing)
    print(page)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "contacts_at_scale.md").write_text(page, "utf-8")
    if arguments.folder is None:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
