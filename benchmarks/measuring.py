"""What benchmarks share: steps in processes of their own, the seconds of models, rows that differ, and one center per seed."""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import duckdb
import numpy as np

PROJECT = Path(__file__).resolve().parent.parent
RESULTS = PROJECT / "benchmarks" / "results"
SCRIPTS = Path(sys.executable).parent

Center = TypeVar("Center")


@dataclass(frozen=True)
class Run:
    """Seconds, processor seconds of all cores, and peak memory of a step that ran in its own process.

    `readings` are instants and the processor seconds used until then, where the system tells.
    """

    name: str
    seconds: float
    processor_seconds: float
    peak_gib: float
    readings: tuple[tuple[float, float], ...] = ()

    def processor_seconds_between(self, start: float, end: float) -> float:
        """Return the processor seconds of a part of the run; not a number where the system does not tell."""
        if not self.readings:
            return float("nan")
        instants = [instant for instant, _ in self.readings]
        used = [seconds for _, seconds in self.readings]
        return float(np.interp(end, instants, used) - np.interp(start, instants, used))


@dataclass(frozen=True)
class Model:
    """Seconds and processor seconds of one dbt model."""

    seconds: float
    processor_seconds: float


def total(models: Iterable[Model]) -> Model:
    """Return the sums over models."""
    listed = list(models)
    return Model(sum(one.seconds for one in listed), sum(one.processor_seconds for one in listed))


@dataclass(frozen=True)
class Comparison:
    """Rows of two tables, how many are not the same, and the processor seconds of reading each in full."""

    rows: int
    differing: int
    our_seconds: float
    their_seconds: float


def measure(name: str, command: Sequence[str], environment: dict[str, str]) -> Run:
    """Run a command in its own process; raise CalledProcessError, with its output shown, where it fails."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    readings: list[tuple[float, float]] = []
    reader = threading.Thread(target=_read_processor_seconds, args=(process.pid, readings), daemon=True)
    reader.start()
    output = process.stdout.read() if process.stdout else b""
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    reader.join()
    if status:
        sys.stderr.write(output.decode(errors="replace"))
        raise subprocess.CalledProcessError(os.waitstatus_to_exitcode(status), command)
    processor_seconds = usage.ru_utime + usage.ru_stime
    run = Run(name, seconds, processor_seconds, usage.ru_maxrss / 1024**2, tuple(readings))
    print(
        f"{name}: {seconds:,.1f} s, {processor_seconds:,.1f} s of processor, peak {run.peak_gib:.1f} GiB",
        flush=True,
    )
    return run


def _read_processor_seconds(process: int, readings: list[tuple[float, float]]) -> None:
    """Note the processor seconds of a process until it ends or, where there is no /proc, not at all."""
    ticks = os.sysconf("SC_CLK_TCK")
    try:
        while True:
            # after the name in brackets: state is the third field, user and system time are the 14th and 15th
            fields = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()
            if fields[0] == "Z":
                return
            readings.append((time.time(), (int(fields[11]) + int(fields[12])) / ticks))
            time.sleep(0.05)
    except OSError:
        return


def no_core_dumps() -> None:
    """Keep a step that is killed for its memory from writing that memory to the disk."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def warehouse_environment(folder: Path) -> dict[str, str]:
    """Return the environment of steps that work on the warehouse of a folder."""
    return {**os.environ, "CX_DATABASE": str(folder / "warehouse.duckdb")}


def load_command(data: Path, *options: str) -> list[str]:
    """Return the command that lands a folder of files."""
    return [str(SCRIPTS / "cxm"), "load", *options, str(data), "--quiet"]


def dbt_command(folder: Path, *arguments: str) -> list[str]:
    """Return a dbt command whose outputs go below the folder."""
    places = ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs")]
    return [str(SCRIPTS / "dbt"), "--quiet", *arguments, *places]


def models_of(folder: Path, run: Run) -> dict[str, Model]:
    """Return what each model took in a dbt run, the last one of the folder."""
    results = json.loads((folder / "target" / "run_results.json").read_text("utf-8"))["results"]
    models = {}
    for result in results:
        kind, _, name = result["unique_id"].split(".")[:3]
        if kind == "model":
            instants = [
                datetime.fromisoformat(step[edge]).timestamp()
                for step in result["timing"]
                for edge in ("started_at", "completed_at")
            ]
            models[name] = Model(
                float(result["execution_time"]), run.processor_seconds_between(min(instants), max(instants))
            )
    return models


def compare(folder: Path, ours: str, theirs: str, key: Sequence[str]) -> Comparison:
    """Compare two tables row for row over the columns of theirs, and print which columns differ.

    Ours stands in the warehouse of the folder, theirs in its reference.duckdb. Tables with as many rows and the same sum of
    the rows' hashes are equal; only others are joined by their key, where nulls are equal.
    """
    connection = duckdb.connect()
    connection.execute("set memory_limit = '6GB'; set preserve_insertion_order = false; set timezone = 'UTC'")
    connection.execute(f"attach '{folder / 'warehouse.duckdb'}' as warehouse (read_only)")
    connection.execute(f"attach '{folder / 'reference.duckdb'}' as reference (read_only)")
    ours, theirs = f"warehouse.{ours}", f"reference.{theirs}"
    types = dict(connection.execute(f"select column_name, column_type from (describe {ours})").fetchall())
    names = connection.execute(f"select column_name from (describe {theirs})").fetchall()
    columns = [str(name) for (name,) in names]
    # numbers of different types have different hashes
    typed = ", ".join(f"cast({column} as {types[column]}) as {column}" for column in columns)
    left, right = f"(select {typed} from {ours})", f"(select {typed} from {theirs})"
    sums, seconds = [], []
    for side in (left, right):
        started = time.process_time()
        row = connection.execute(f"select count(*), sum(hash({', '.join(columns)})) from {side}").fetchone()
        assert row is not None
        sums.append(row)
        seconds.append(time.process_time() - started)
    differing = 0
    if sums[0] != sums[1]:
        same_key = " and ".join(f"o.{column} is not distinct from t.{column}" for column in key)
        both = f"{left} o full join {right} t on {same_key}"
        different = {column: f"o.{column} is distinct from t.{column}" for column in columns}
        differing = _count(connection, f"{both} where {' or '.join(different.values())}")
        for column, condition in different.items():
            if count := _count(connection, f"{both} where {condition}"):
                shown = ", ".join(f"o.{one}, t.{one}" for one in (*key, column))
                print(f"{ours}: {column} differs on {count:,} rows, such as")
                print(connection.sql(f"select {shown} from {both} where {condition} order by all limit 3"))
        # the same keys and values, but not as often
        differing = differing or 1
    connection.close()
    return Comparison(int(sums[0][0]), differing, *seconds)


def _count(connection: duckdb.DuckDBPyConnection, source: str) -> int:
    row = connection.execute(f"select count(*) from {source}").fetchone()
    assert row is not None
    return int(row[0])


def machine() -> str:
    """Return what the measurements depend on besides the project."""
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, DuckDB {duckdb.__version__}"


def table_row(cells: Iterable[str]) -> str:
    """Return a row of a Markdown table."""
    return "| " + " | ".join(cells) + " |"


def centers_of(name: str, seeds: int, measured: Callable[[Path, int], Center]) -> list[Center]:
    """Return what is measured in one center per seed, each in a folder that is gone afterwards; tell of each as it is done."""
    centers = []
    for seed in range(1, seeds + 1):
        with tempfile.TemporaryDirectory(prefix="cx_metrics_") as folder:
            centers.append(measured(Path(folder), seed))
        print(f"{name}, seed {seed}: {centers[-1]}", flush=True)
    return centers
