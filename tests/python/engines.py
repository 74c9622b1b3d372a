"""The three engines of the project as tests use them: DuckDB, Postgres and Spark, each in a private warehouse.

Every engine takes raw tables as Arrow tables, runs dbt with the project's own profile, and gives back the rows of
a relation as plain Python values. Nothing is skipped: where a program is missing, the test fails and says what to
install.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

PROJECT = Path(__file__).resolve().parents[2]
"""The folder that holds dbt_project.yml."""

Rows = list[tuple[Any, ...]]
RawTables = Mapping[str, pa.Table]


class MissingProgramError(AssertionError):
    """A program that the test needs is not on this machine; the text says what to install."""


class Engine(ABC):
    """One engine with one warehouse at a time, everything of it inside `folder`."""

    name: str

    def __init__(self, folder: Path) -> None:
        """Keep what belongs to the engine in `folder`, which must exist."""
        self.folder = folder
        self._manifest: Any = None

    @abstractmethod
    def start_afresh(self) -> None:
        """Throw the warehouse away and begin an empty one."""

    @abstractmethod
    def load(self, tables: RawTables) -> None:
        """Write raw tables, with the types that they have, into the schema `raw`."""

    @abstractmethod
    def query(self, sql: str) -> tuple[list[str], Rows]:
        """Return the columns and rows of a query; instants are naive UTC."""

    def append(self, table: str, rows: pa.Table) -> None:
        """Add rows to a raw table, in the order of its columns; make it where there is none."""
        raise NotImplementedError(f"{self.name} builds everything anew")

    @abstractmethod
    def close(self) -> None:
        """Stop whatever runs."""

    def environment(self) -> dict[str, str]:
        """Return the variables by which the project's profile finds this warehouse."""
        return {}

    def compile(self, sql: str) -> str:
        """Return a query with the project's macros written out in this engine's SQL."""
        return str(self.run_dbt("compile", "--inline", sql).results[0].node.compiled_code)

    def run_dbt(self, *arguments: str) -> Any:
        """Run dbt on this engine, for example `run_dbt("build")`; raise AssertionError with what failed."""
        if self._manifest is None:
            self._manifest = self._run_dbt(None, "parse")
        return self._run_dbt(self._manifest, *arguments)

    def _run_dbt(self, manifest: Any, *arguments: str) -> Any:
        command = [
            *arguments,
            *("--target", self.name),
            *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT / "profiles")),
            *("--target-path", str(self.folder / "target"), "--log-path", str(self.folder / "logs")),
            *("--no-use-colors", "--quiet", "--no-write-json"),
        ]
        with _environment(self.environment()):
            outcome = dbtRunner(manifest=manifest).invoke(command)
        if outcome.success:
            return outcome.result
        problems = [
            f"dbt {' '.join(arguments)} failed on {self.name}: {outcome.exception or ''}".rstrip(": ")
        ]
        for result in getattr(outcome.result, "results", []):
            if str(result.status) in ("error", "fail", "runtime error"):
                problems.append(f"{result.node.unique_id}: {result.message}")
        raise AssertionError("\n".join(problems))

    def build(
        self,
        tables: RawTables,
        *,
        select: Sequence[str] = (),
        without: Sequence[str] = ("unit_test",),
        exclude: Sequence[str] = (),
    ) -> None:
        """Load raw tables into an empty warehouse; build and test it all, or what is selected, but for resource types and selectors."""
        self.start_afresh()
        self.load(tables)
        resource_types = [part for kind in without for part in ("--exclude-resource-type", kind)]
        # a test that reads something which was not built has nothing to say
        selected = ("--select", *select, "--indirect-selection", "cautious") if select else ()
        chosen = [*selected, *(("--exclude", *exclude) if exclude else ())]
        self.run_dbt("build", *resource_types, *chosen)

    def read(self, relation: str) -> tuple[list[str], Rows]:
        """Return the columns and rows of a relation such as `marts.fct_contacts`; instants are naive UTC."""
        return self.query(f"select * from {relation}")


class DuckDB(Engine):
    """The embedded engine: one file per warehouse."""

    name = "duckdb"

    @property
    def path(self) -> Path:
        """The database file."""
        return self.folder / "warehouse.duckdb"

    def environment(self) -> dict[str, str]:
        """Return the variables by which the project's profile finds this warehouse."""
        return {"CX_DATABASE": str(self.path)}

    def start_afresh(self) -> None:
        """Begin a new file, of the same name: with another one dbt would parse the project again."""
        # after a build that failed dbt holds the old file, and with it everything in it
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
        self.path.unlink(missing_ok=True)

    def load(self, tables: RawTables) -> None:
        """Write raw tables into the schema `raw`."""
        for name, table in tables.items():
            self.append(name, table)

    def append(self, table: str, rows: pa.Table) -> None:
        """Add rows to a raw table, in the order of its columns; make it where there is none."""
        with duckdb.connect(str(self.path)) as connection:
            connection.execute("create schema if not exists raw")
            connection.register("delivered", rows)
            connection.execute(f'create table if not exists raw."{table}" as select * from delivered limit 0')
            connection.execute(f'insert into raw."{table}" select * from delivered')

    def query(self, sql: str) -> tuple[list[str], Rows]:
        """Return the columns and rows of a query."""
        with duckdb.connect(str(self.path)) as connection:
            cursor = connection.execute(sql)
            return [column[0] for column in cursor.description or ()], cursor.fetchall()

    def close(self) -> None:
        """Do nothing: no process is left."""


class Postgres(Engine):
    """A private cluster on loopback that lives as long as this object, with one database per warehouse."""

    name = "postgres"
    superuser = "cx_metrics"
    database_name = "cx_metrics"

    def __init__(self, folder: Path) -> None:
        """Create and start the cluster."""
        super().__init__(folder)
        programs = _postgres_programs()
        self._pg_ctl = programs / "pg_ctl"
        # not below pytest's folders: only the user of the tests may enter those, and the server may be another
        self._home = Path(tempfile.mkdtemp(prefix="cx_metrics_postgres_"))
        self._data = self._home / "data"
        self._as_user = _unprivileged_user(self._home)
        self._keeper = self._start_keeper()
        self.port = 0
        try:
            self._run(
                [
                    *(programs / "initdb", "--pgdata", self._data, "--username", self.superuser),
                    *("--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync"),
                ]
            )
            self._start()
        except BaseException:
            self.close()
            raise

    def environment(self) -> dict[str, str]:
        """Return the variables by which the project's profile finds this warehouse."""
        return {
            "CX_POSTGRES_HOST": "127.0.0.1",
            "CX_POSTGRES_PORT": str(self.port),
            "CX_POSTGRES_USER": self.superuser,
            "CX_POSTGRES_PASSWORD": "",
            "CX_POSTGRES_DATABASE": self.database_name,
        }

    def start_afresh(self) -> None:
        """Begin a new database, of the same name."""
        with self._connect("postgres") as connection:
            connection.autocommit = True
            connection.cursor().execute(f"drop database if exists {self.database_name} with (force)")
            connection.cursor().execute(f"create database {self.database_name}")

    def load(self, tables: RawTables) -> None:
        """Write raw tables into the schema `raw`."""
        for name, table in tables.items():
            self.append(name, table)

    def append(self, table: str, rows: pa.Table) -> None:
        """Add rows to a raw table, in the order of its columns; make it where there is none."""
        from psycopg2.extras import execute_values

        columns = [f'"{field.name}" {_postgres_type(field.type)}' for field in rows.schema]
        values = [tuple(row.values()) for row in rows.to_pylist()]
        with self._connect(self.database_name) as connection, connection.cursor() as cursor:
            cursor.execute("create schema if not exists raw")
            cursor.execute(f'create table if not exists raw."{table}" ({", ".join(columns)})')
            if values:
                execute_values(cursor, f'insert into raw."{table}" values %s', values)
            connection.commit()

    def query(self, sql: str) -> tuple[list[str], Rows]:
        """Return the columns and rows of a query."""
        with self._connect(self.database_name) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return [column.name for column in cursor.description], cursor.fetchall()

    def close(self) -> None:
        """Stop the cluster and remove it."""
        self._keeper.communicate()

    def _start_keeper(self) -> subprocess.Popen[bytes]:
        """Start a shell that stops and removes the cluster once its input ends, however this process ends."""
        script = 'read -r _; "$1" stop --pgdata "$2/data" --mode immediate; rm -rf "$2"'
        return subprocess.Popen(
            ["sh", "-c", script, "sh", str(self._pg_ctl), str(self._home)],
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            **self._as_user,
        )

    def _start(self) -> None:
        # another process may take a port between the moment it is found free and the moment it is used
        for attempt in range(3):
            self.port = _free_port()
            # the server's own zone is an odd one, because no result may depend on it
            settings = {
                "port": self.port,
                "listen_addresses": "127.0.0.1",
                "unix_socket_directories": "",
                "fsync": "off",
                "synchronous_commit": "off",
                "full_page_writes": "off",
                "timezone": "Pacific/Chatham",
            }
            options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
            log = self._home / "server.log"
            try:
                start: list[str | Path] = [
                    self._pg_ctl,
                    "start",
                    "--pgdata",
                    self._data,
                    "--log",
                    log,
                    "--wait",
                ]
                self._run([*start, "--options", options])
                return
            except AssertionError:
                if attempt == 2:
                    raise

    def _run(self, command: Sequence[str | Path]) -> None:
        finished = subprocess.run(
            [str(part) for part in command],
            cwd=self._home,
            stdin=subprocess.DEVNULL,
            # a file and no pipe: the server inherits it and would keep a pipe open
            stdout=(output := tempfile.TemporaryFile("w+")),  # noqa: SIM115
            stderr=subprocess.STDOUT,
            **self._as_user,
        )
        output.seek(0)
        if finished.returncode:
            log = self._home / "server.log"
            details = log.read_text() if log.exists() else ""
            raise AssertionError(f"{command[0]} failed: {output.read()}\n{details}")

    @contextlib.contextmanager
    def _connect(self, database: str) -> Iterator[Any]:
        import psycopg2

        connection = psycopg2.connect(host="127.0.0.1", port=self.port, user=self.superuser, dbname=database)
        try:
            yield connection
        finally:
            connection.close()


class Spark(Engine):
    """A local Spark session in this process: its catalog in memory, its tables as Parquet files in `folder`."""

    name = "spark"

    def __init__(self, folder: Path) -> None:
        """Start the session, set up for many small queries."""
        super().__init__(folder)
        _require_java()
        from pyspark.sql import SparkSession

        os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
        settings = {
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            "spark.local.dir": str(folder / "local"),
            "spark.sql.warehouse.dir": str(folder / "warehouse"),
            "spark.sql.catalogImplementation": "in-memory",
            "spark.sql.session.timeZone": "UTC",
            # many statements on few rows: planning, compiling and collecting garbage take all the time
            "spark.driver.memory": "2g",
            "spark.driver.extraJavaOptions": "-Xms2g -Xmn1200m -XX:+UseSerialGC -XX:TieredStopAtLevel=1",
            "spark.default.parallelism": "1",
            "spark.sql.shuffle.partitions": "1",
            "spark.sql.adaptive.enabled": "false",
            "spark.sql.autoBroadcastJoinThreshold": "-1",
            "spark.sql.codegen.wholeStage": "false",
            "spark.sql.codegen.factoryMode": "NO_CODEGEN",
            "spark.sql.constraintPropagation.enabled": "false",
            "spark.sql.lightweightPlanChangeValidation": "false",
            "spark.sql.maxPlanStringLength": "1000",
        }
        builder = SparkSession.builder.master("local[2]").appName("cx_metrics")
        for key, value in settings.items():
            builder = builder.config(key, value)
        self._session = builder.getOrCreate()
        self._session.sparkContext.setLogLevel("ERROR")

    def start_afresh(self) -> None:
        """Drop every schema."""
        for schema in self._session.catalog.listDatabases():
            if schema.name != "default":
                self._session.sql(f"drop schema {schema.name} cascade")

    def load(self, tables: RawTables) -> None:
        """Write raw tables as Parquet files and name them in the schema `raw`."""
        folder = self.folder / "raw"
        shutil.rmtree(folder, ignore_errors=True)
        self._session.sql("create schema raw")
        for name, file in write_parquet(tables, folder).items():
            self._session.sql(f"create table raw.`{name}` using parquet location '{file.parent}'")

    def query(self, sql: str) -> tuple[list[str], Rows]:
        """Return the columns and rows of a query."""
        table = self._session.sql(sql).toArrow()
        columns = [[_naive(value) for value in column.to_pylist()] for column in table.columns]
        return table.column_names, list(zip(*columns, strict=True))

    def close(self) -> None:
        """Stop the session."""
        self._session.stop()


def write_parquet(tables: RawTables, folder: Path) -> dict[str, Path]:
    """Write each raw table as `<folder>/<table>/<table>.parquet` and return the files by table."""
    files = {}
    for name, table in tables.items():
        file = folder / name / f"{name}.parquet"
        file.parent.mkdir(parents=True)
        pq.write_table(table, file)
        files[name] = file
    return files


def _naive(value: Any) -> Any:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    return value


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _postgres_type(arrow_type: pa.DataType) -> str:
    if pa.types.is_decimal(arrow_type):
        return f"numeric({arrow_type.precision}, {arrow_type.scale})"
    if pa.types.is_timestamp(arrow_type):
        return "timestamp" if arrow_type.tz is None else "timestamptz"
    names = {
        pa.string(): "text",
        pa.bool_(): "boolean",
        pa.int32(): "integer",
        pa.int64(): "bigint",
        pa.float64(): "double precision",
        pa.date32(): "date",
    }
    return names[arrow_type]


def _postgres_programs() -> Path:
    folders: list[Path] = []
    for program in ("pg_ctl", "initdb"):
        if found := shutil.which(program):
            folders.append(Path(found).resolve().parent)
    if pg_config := shutil.which("pg_config"):
        asked = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=False)
        folders.append(Path(asked.stdout.strip()))
    for pattern in ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql*/bin"):
        folders.extend(sorted(Path("/").glob(pattern), key=_version, reverse=True))
    for folder in folders:
        if all((folder / program).is_file() for program in ("initdb", "pg_ctl", "postgres")):
            return folder
    raise MissingProgramError(
        "PostgreSQL's server programs (initdb, pg_ctl, postgres) are not on this machine: install them "
        "(Debian, Ubuntu: apt-get install postgresql; macOS: brew install postgresql), or put them on PATH"
    )


def _version(folder: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", str(folder))]


def _unprivileged_user(home: Path) -> dict[str, Any]:
    """Return the arguments of subprocess that leave root, which Postgres refuses; that user gets `home`."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            os.chown(home, user.pw_uid, user.pw_gid)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise MissingProgramError(
        "Postgres does not run as root and there is no user postgres or nobody to run it as: "
        "create one (useradd --system postgres), or run the tests as another user"
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _require_java() -> None:
    advice = (
        "install Java 17 or newer (Debian, Ubuntu: apt-get install openjdk-17-jre-headless), "
        "or set JAVA_HOME to it"
    )
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home, "bin", "java")) if home else shutil.which("java")
    if java is None or not Path(java).is_file():
        raise MissingProgramError(f"Spark needs Java, and there is none on this machine: {advice}")
    asked = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "(\d+)', asked.stderr + asked.stdout)
    if found is None or int(found.group(1)) < 17:
        raise MissingProgramError(f"Spark needs Java 17, and {java} is {asked.stderr.strip()}: {advice}")
