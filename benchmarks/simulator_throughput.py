"""Rows per second and peak memory of the simulator, with all its tables.

    python benchmarks/simulator_throughput.py --contacts 1000000 --contacts 10000000

Runs every size in a process of its own and writes results/simulator.md. What counts is the ratio between sizes: the time per
contact must not grow, and memory must grow with the customers alone.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Run:
    """What one size took and made."""

    contacts: int
    seconds: float
    peak_gib: float
    rows: int
    tables: int
    gib_written: float


def run(contacts: int) -> Run:
    """Simulate a year of so many contacts in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="cx_metrics_") as scratch:
        out = Path(scratch) / "center"
        started = time.perf_counter()
        command = [
            str(Path(sys.executable).parent / "cxm"),
            "simulate",
            "--out",
            str(out),
            "--contacts",
            str(contacts),
        ]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        if status:
            raise subprocess.CalledProcessError(os.waitstatus_to_exitcode(status), command)
        files = sorted(out.rglob("*.parquet"))
        rows = sum(pq.read_metadata(path).num_rows for path in files)
        written = sum(path.stat().st_size for path in files) / 1024**3
    return Run(contacts, seconds, usage.ru_maxrss / 1024**2, rows, len(files), written)


def report(runs: list[Run]) -> str:
    """Return the result as a Markdown page."""
    first = runs[0]
    lines = [
        "# Throughput of the simulator",
        "",
        f"`python benchmarks/simulator_throughput.py {' '.join(f'--contacts {one.contacts}' for one in runs)}`, on "
        f"{os.cpu_count()} cores, Python {platform.python_version()}. A year with every table of the raw contract and truth/.",
        "",
        "| contacts | tables | rows | GiB of Parquet | seconds | rows per second | peak memory | time per contact, of the first |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for one in runs:
        ratio = one.seconds / one.contacts / (first.seconds / first.contacts)
        lines.append(
            f"| {one.contacts:,} | {one.tables} | {one.rows:,} | {one.gib_written:.2f} | {one.seconds:,.1f} "
            f"| {one.rows / one.seconds:,.0f} | {one.peak_gib:.2f} GiB | {ratio:.2f} |"
        )
    return "\n".join((*lines, ""))


def main() -> None:
    """Run the sizes that are asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--contacts", type=int, action="append", help="size of a year (default: one million)")
    sizes = parser.parse_args().contacts or [1_000_000]
    runs = []
    for contacts in sizes:
        runs.append(run(contacts))
        print(f"{contacts:,} contacts: {runs[-1].seconds:,.1f} s, {runs[-1].peak_gib:.2f} GiB", flush=True)
    page = report(runs)
    (PROJECT / "benchmarks" / "results").mkdir(exist_ok=True)
    (PROJECT / "benchmarks" / "results" / "simulator.md").write_text(page, "utf-8")
    print(page)


if __name__ == "__main__":
    main()
