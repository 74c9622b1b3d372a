"""Reading the built warehouse: the embedded DuckDB file, opened read-only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from cx_metrics.errors import CxMetricsError
from cx_metrics.landing.database import database_path


@contextmanager
def open_read_only(
    database: Path | None = None, needs: str | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the embedded database for reading; `needs` is a schema.table that must have been built in it.

    Raises CxMetricsError, with the remedy, where the file is missing, in use by a build, or lacks the table.
    """
    path = database_path(database)
    if not path.exists():
        raise CxMetricsError(
            f"{path} does not exist: run make build, or set CX_DATABASE to a built warehouse"
        )
    try:
        connection = duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        raise CxMetricsError(f"{path} cannot be read, perhaps a build is running: {error}") from error
    try:
        if needs is not None and not _has(connection, needs):
            raise CxMetricsError(f"{path} has no {needs}: run dbt build first")
        yield connection
    finally:
        connection.close()


def _has(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    schema, table = name.split(".")
    found = connection.execute(
        "select 1 from information_schema.tables where table_schema = ? and table_name = ?", [schema, table]
    ).fetchone()
    return found is not None
