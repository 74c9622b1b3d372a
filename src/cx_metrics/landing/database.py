"""The embedded DuckDB file as landing writes it: in one transaction, and left as it was on any error."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb

from cx_metrics.errors import CxMetricsError

DEFAULT_DATABASE = "warehouse.duckdb"


class InterruptedLoadError(CxMetricsError):
    """The user stopped the command."""

    exit_code = 130


def database_path(named: str | Path | None = None) -> Path:
    """Return the DuckDB file: the one named, else CX_DATABASE, else warehouse.duckdb in this directory."""
    return Path(named or os.environ.get("CX_DATABASE") or DEFAULT_DATABASE).expanduser()


@contextmanager
def unchanged_on_error(path: Path) -> Iterator[Database]:
    """Open a database file; whatever ends the block with an error leaves the file as it was, or absent.

    Only `Database.commit` makes what was written last.
    """
    database = Database(path)
    try:
        yield database
    except BaseException as error:
        if database.is_committed:
            database.close()
            raise
        database.abandon()
        if _is_interrupt(error):
            raise InterruptedLoadError(f"interrupted: {path} is as it was") from error
        if isinstance(error, duckdb.Error):
            raise CxMetricsError(explain(error, path)) from error
        raise
    database.close()


def _is_interrupt(error: BaseException) -> bool:
    if isinstance(error, RuntimeError):  # what DuckDB makes of Ctrl-C in a short statement
        return "Query interrupted" in str(error)
    return isinstance(error, KeyboardInterrupt | duckdb.InterruptException)


class Database:
    """A DuckDB file: opened at once where it exists, so that a lock is seen early, else on first use."""

    def __init__(self, path: Path) -> None:
        """Open the file if it is there; raise CxMetricsError where it, or its folder, cannot be used."""
        self.path = path
        self.is_committed = False
        self._created = not path.exists()
        self._connection: duckdb.DuckDBPyConnection | None = None
        if not self._created:
            self._connection = _connect(path)
        elif not path.absolute().parent.is_dir():
            folder = path.absolute().parent
            raise CxMetricsError(f"{path}: its folder {folder} does not exist: create it, or set CX_DATABASE")
        elif not os.access(path.absolute().parent, os.W_OK):
            raise CxMetricsError(
                f"{path}: its folder cannot be written: mend its permissions, or set CX_DATABASE"
            )

    @property
    def exists(self) -> bool:
        """Whether there was a database before."""
        return not self._created

    def connection(self) -> duckdb.DuckDBPyConnection:
        """Return the connection, creating the file where there was none."""
        if self._connection is None:
            self._connection = _connect(self.path)
        return self._connection

    def commit(self) -> None:
        """End the transaction; Ctrl-C does not stop it any more."""
        with _deaf_to_ctrl_c():
            self.connection().execute("commit")
            self.is_committed = True

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def abandon(self) -> None:
        """Undo what was not committed; remove the file if this command created it."""
        if self._connection is None:
            return
        with suppress(duckdb.Error):  # there may be no transaction
            self._connection.rollback()
        self.close()
        if self._created:
            self.path.unlink(missing_ok=True)
            self.path.with_name(self.path.name + ".wal").unlink(missing_ok=True)


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def run_interruptibly(
    connection: duckdb.DuckDBPyConnection, statement: str, watch: Callable[[float], None] | None = None
) -> tuple[Any, ...] | None:
    """Run a long statement and return its first row; Ctrl-C stops it at once.

    DuckDB by itself would finish the statement first. `watch` is told now and then how much of it is done,
    from 0 to 1; the connection has to have its progress bar enabled.
    """
    worker = _Worker(connection, statement)
    try:
        while not worker.is_done(0.2):
            if watch is not None:
                watch(max(connection.query_progress(), 0.0) / 100)
    except KeyboardInterrupt:
        connection.interrupt()
        worker.is_done()
        raise
    return worker.result()


class _Worker:
    """A statement that runs in a thread of its own, so that the main thread can hear Ctrl-C."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, statement: str) -> None:
        self._connection, self._statement = connection, statement
        self._row: tuple[Any, ...] | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._row = self._connection.execute(self._statement).fetchone()
        except BaseException as error:  # handed to the main thread
            self._error = error

    def is_done(self, seconds: float | None = None) -> bool:
        """Wait for the end, at most so long, and tell whether it has come."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def result(self) -> tuple[Any, ...] | None:
        """Return the first row, or raise what went wrong."""
        if self._error is not None:
            raise self._error
        return self._row


def _connect(path: Path) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(str(path))
    except duckdb.Error as error:
        raise CxMetricsError(explain(error, path)) from error


def explain(error: duckdb.Error, path: Path) -> str:
    """Return one line for an error of the database file: what is wrong with it and what to do."""
    text = str(error).partition("\n")[0]
    if "lock" in text and ("Conflicting" in text or "Could not set" in text):
        who = text[text.find("(PID") :].partition(")")[0].lstrip("(") if "(PID" in text else "another process"
        return f"{path}: is in use by {who}: close it there and run this again"
    if "not a valid DuckDB database" in text or "Is a directory" in text:
        return f"{path}: is no DuckDB database: name another file in CX_DATABASE, or move this one away"
    if "Permission denied" in text or "Read-only" in text or "read-only" in text:
        return f"{path}: cannot be written: mend its permissions, or set CX_DATABASE"
    if "newer version" in text or "version number" in text:
        return f"{path}: was written by another version of DuckDB: open it with that version, or move it away"
    return f"{path}: nothing was written: {text}"
