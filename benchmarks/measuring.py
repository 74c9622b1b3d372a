"""What the benchmarks at scale share: a step in a process of its own, the seconds of models, rows that differ."""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

PROJECT = Path(__file__).resolve().parent.parent
RESULTS = PROJECT / "benchmarks" / "results"
SCRIPTS = Path(sys.executable).parent


@dataclass(frozen=True)
class Run:
    """Seconds, processor seconds of all cores, and peak memory of a step that ran in its own process."""

    name: str
    seconds: float
    processor_seconds: float
    peak_gib: float


def measure(name: str, command: Sequence[str], environment: dict[str, str]) -> Run:
    """Run a command in its own process; raise CalledProcessError, with its output shown, where it fails."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    output = process.stdout.read() if process.stdout else b""
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    if status:
        sys.stderr.write(output.decode(errors="replace"))
        raise subprocess.CalledProcessError(os.waitstatus_to_exitcode(status), command)
    run = Run(name, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024**2)
    print(
        f"{name}: {run.seconds:,.1f} s, {run.processor_seconds:,.1f} s of processor, peak {run.peak_gib:.1f} GiB",
        flush=True,
    )
    return run


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


def model_seconds(folder: Path) -> dict[str, float]:
    """Return the seconds of each model of the last dbt command of the folder, slowest first."""
    results = json.loads((folder / "target" / "run_results.json").read_text("utf-8"))["results"]
    seconds = {
        result["unique_id"].rpartition(".")[2]: float(result["execution_time"])
        for result in results
        if result["unique_id"].startswith("model.")
    }
    return dict(sorted(seconds.items(), key=lambda item: -item[1]))


def rows_that_differ(folder: Path, ours: str, theirs: str, key: Sequence[str]) -> int:
    """Count the rows of two tables that are not the same over the columns of theirs, and print which columns differ.

    Ours stands in the warehouse of the folder, theirs in its reference.duckdb. Tables with as many rows and the same sum of
    the rows' hashes are equal; only others are joined by their key, where nulls are equal.
    """
    connection = duckdb.connect()
    connection.execute("set memory_limit = '6GB'; set preserve_insertion_order = false")
    connection.execute(f"attach '{folder / 'warehouse.duckdb'}' as ours (read_only)")
    connection.execute(f"attach '{folder / 'reference.duckdb'}' as theirs (read_only)")
    types = dict(
        connection.execute(f"select column_name, column_type from (describe ours.{ours})").fetchall()
    )
    names = connection.execute(f"select column_name from (describe theirs.{theirs})").fetchall()
    columns = [str(name) for (name,) in names]
    # numbers of different types have different hashes
    typed = ", ".join(f"cast({column} as {types[column]}) as {column}" for column in columns)
    left, right = f"(select {typed} from ours.{ours})", f"(select {typed} from theirs.{theirs})"
    sums = [
        connection.execute(f"select count(*), sum(hash({', '.join(columns)})) from {side}").fetchone()
        for side in (left, right)
    ]
    found = 0
    if sums[0] != sums[1]:
        same_key = " and ".join(f"o.{column} is not distinct from t.{column}" for column in key)
        both = f"{left} o full join {right} t on {same_key}"
        different = {column: f"o.{column} is distinct from t.{column}" for column in columns}
        found = _number(connection, f"select count(*) from {both} where {' or '.join(different.values())}")
        for column, condition in different.items():
            count = _number(connection, f"select count(*) from {both} where {condition}")
            if count:
                sample = f"select o.{', o.'.join(key)}, t.{', t.'.join(key)}, o.{column}, t.{column} from {both} where {condition}"
                print(f"{ours}: {column} differs on {count:,} rows, such as")
                print(connection.sql(f"{sample} order by all limit 3"))
        # the same keys and values, but not as often
        found = found or 1
    connection.close()
    return found


def _number(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])


def machine() -> str:
    """Return what the measurements depend on besides the project."""
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, DuckDB {duckdb.__version__}"
