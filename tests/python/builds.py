"""Builds of the project for tests: raw rows in, a DuckDB file with every mart out, in one process and with one parse."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import yaml
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from oracle import PROJECT, RawTables, contract


@cache
def target_path() -> Path:
    """Return the folder of dbt's artefacts, semantic_manifest.json among them, after a parse of the project."""
    folder = Path(tempfile.mkdtemp(prefix="cx_metrics_target_"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    _manifest(folder)
    return folder


@cache
def _manifest(folder: Path) -> Any:
    # what a node's database is called comes from the file's name, so every build has a file of this name
    with database_named(folder / "warehouse.duckdb"):
        outcome = dbtRunner().invoke(["parse", *arguments(folder)])
    assert outcome.success, f"dbt parse failed: {outcome.exception}"
    return outcome.result


def build(
    folder: Path,
    raw: RawTables,
    *,
    is_typed: bool = False,
    variables: Mapping[str, Any] | None = None,
    seeds: Mapping[str, Sequence[Mapping[str, str]]] | None = None,
    select: str = "*",
) -> Path:
    """Build models, every one by default, from raw rows and return the database file.

    Values are landed as text, or, where `is_typed`, with the contract's types. `variables` and `seeds` go before
    the project's own. Tests are not run. Raises AssertionError with what failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    database = folder / "warehouse.duckdb"
    shutil.copy(_seeded(), database)
    write_raw(database, raw, is_typed=is_typed)
    target = target_path()
    options = ["--vars", yaml.safe_dump(dict(variables or {}), default_flow_style=True), *arguments(target)]
    with duckdb.connect(str(database)) as connection:
        for name, rows in (seeds or {}).items():
            connection.execute(f"delete from staging.{name}")
            columns = list(rows[0]) if rows else []
            for row in rows:
                values = ", ".join("?" for _ in columns)
                connection.execute(
                    f"insert into staging.{name} ({', '.join(columns)}) values ({values})",
                    [row[column] or None for column in columns],
                )
    _run(database, ["run", "--select", select, *options], target)
    return database


def build_landed(folder: Path, land: Callable[[Path], object], *, select: str = "*") -> Path:
    """Build models, every one by default, from the raw tables that `land` writes into the database file that it is
    given, and return that file. Seeds are there; tests are not run. Raises AssertionError with what failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    database = Path(shutil.copy(_seeded(), folder / "warehouse.duckdb"))
    land(database)
    target = target_path()
    _run(database, ["run", "--select", *select.split(), *arguments(target)], target)
    return database


@cache
def compiled(name: str) -> str:
    """Return the SQL of a model or an analysis, as it runs on a database of `build` or `build_landed`."""
    target = target_path()
    with database_named(target / "warehouse.duckdb"):
        outcome = dbtRunner(manifest=_manifest(target)).invoke(
            ["compile", "--select", name, *arguments(target)]
        )
    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
    assert outcome.success, f"dbt compile failed: {outcome.exception}"
    (file,) = (target / "compiled" / "cx_metrics").rglob(f"{name}.sql")
    return file.read_text(encoding="utf-8")


def run_model(name: str, **tables: pa.Table) -> list[dict[str, Any]]:
    """Run one model on tables that stand in for all that it reads, and return its rows: quick enough for many examples."""
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as warehouse; set timezone = 'UTC'")
        for schema in ("staging", "intermediate", "marts"):
            connection.execute(f"create schema warehouse.{schema}")
        for table, rows in tables.items():
            connection.register("given_rows", rows)
            connection.execute(
                f"create table warehouse.{_schema_of(table)}.{table} as select * from given_rows"
            )
        found: list[dict[str, Any]] = connection.execute(compiled(name)).to_arrow_table().to_pylist()
        return found


@cache
def _schema_of(table: str) -> str:
    """Return the schema of a model or a seed."""
    if any(PROJECT.glob(f"seeds/**/{table}.csv")):
        return "staging"
    return {"stg": "staging", "int": "intermediate"}.get(table.split("_")[0], "marts")


@cache
def _seeded() -> Path:
    """Return a database that holds the project's seeds and nothing else."""
    target = target_path()
    database = target / "seeded" / "warehouse.duckdb"
    database.parent.mkdir()
    _run(database, ["seed", *arguments(target)], target)
    # into the file itself, which is copied
    with duckdb.connect(str(database)) as connection:
        connection.execute("checkpoint")
    return database


def rows_of(database: Path, query: str) -> list[dict[str, Any]]:
    """Return the rows of a query as dictionaries."""
    with duckdb.connect(str(database), read_only=True) as connection:
        cursor = connection.execute(query)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def write_raw(database: Path, raw: RawTables, *, is_typed: bool = False) -> None:
    """Write raw rows into the schema `raw`, every column of the contract in each table; an optional table without rows is left out."""
    tables = contract()
    with duckdb.connect(str(database)) as connection:
        connection.execute("create schema raw")
        for name, rows in raw.items():
            table = tables[name]
            if table.optional and not rows:
                continue
            kinds = [
                (column.name, _arrow_type(column.data_type) if is_typed else pa.string())
                for column in table.columns
            ]
            delivered = pa.table(
                {column: pa.array([row.get(column) for row in rows], kind) for column, kind in kinds}
            )
            connection.register("delivered", delivered)
            connection.execute(f"create table raw.{name} as select * from delivered")
            connection.unregister("delivered")


def _arrow_type(data_type: str) -> pa.DataType:
    """Return the Arrow type of a type of the raw contract."""
    if data_type.startswith("decimal"):
        precision, scale = data_type.removeprefix("decimal(").removesuffix(")").split(",")
        return pa.decimal128(int(precision), int(scale))
    types = {
        "text": pa.string(),
        "timestamp": pa.timestamp("us"),
        "date": pa.date32(),
        "boolean": pa.bool_(),
        "integer": pa.int32(),
        "double": pa.float64(),
    }
    return types[data_type]


def _run(database: Path, command: Iterable[str], target: Path) -> None:
    with database_named(database):
        outcome = dbtRunner(manifest=_manifest(target)).invoke(list(command))
    # dbt keeps the file open, and nobody else could open it for reading
    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
    if not outcome.success:
        problems = [str(outcome.exception or "")]
        for result in getattr(outcome.result, "results", []):
            if str(result.status) == "error":
                problems.append(f"{result.node.unique_id}: {result.message}")
        raise AssertionError("\n".join(["dbt failed", *problems]))


@contextmanager
def database_named(database: Path) -> Iterator[None]:
    """Let the profile find this database."""
    before = os.environ.get("CX_DATABASE")
    os.environ["CX_DATABASE"] = str(database)
    try:
        yield
    finally:
        if before is None:
            del os.environ["CX_DATABASE"]
        else:
            os.environ["CX_DATABASE"] = before


def arguments(target: Path, project: Path = PROJECT) -> list[str]:
    """Return dbt's options for a project, or a copy of it, whose artefacts go below `target`."""
    return [
        *("--project-dir", str(project), "--profiles-dir", str(project / "profiles"), "--target", "duckdb"),
        *("--target-path", str(target), "--log-path", str(target / "logs"), "--threads", "1"),
        *("--quiet", "--no-use-colors"),
    ]
