"""The load itself: check every file, then write every table in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from cx_metrics.connectors import ConvertedFile, LineNote, get_connector
from cx_metrics.console import Advance, Console
from cx_metrics.contract import Table, deliverable, load_contract
from cx_metrics.errors import CxMetricsError
from cx_metrics.landing.columns import literal, match_columns, quoted
from cx_metrics.landing.csv_files import clean_relation, count_if_clean, read_header, split_file
from cx_metrics.landing.database import (
    Database,
    database_path,
    run_interruptibly,
    unchanged_on_error,
)
from cx_metrics.landing.files import Scan, SourceFile, check_kind, discover, scan_file
from cx_metrics.landing.json_files import check_shape, split_json
from cx_metrics.landing.parquet_files import parquet_relation, read_parquet_columns
from cx_metrics.landing.spool import LineNotes, Spool

SCHEMA = "raw"
LOAD_NUMBER = "load_number"
"""The column that every raw table has beside those of its files: which load brought the row."""

_BOOKS = {
    "landing_files": "table_name VARCHAR, file_name VARCHAR, file_hash VARCHAR, format VARCHAR, "
    "mode VARCHAR, row_count INTEGER, reject_count INTEGER, load_number BIGINT",
    "landing_rejects": "table_name VARCHAR, file_name VARCHAR, line_number INTEGER, rule VARCHAR, "
    "original_text VARCHAR",
    "landing_repairs": "table_name VARCHAR, file_name VARCHAR, line_number INTEGER, rule VARCHAR, "
    "original_text VARCHAR",
}


@dataclass(frozen=True, slots=True)
class TableSummary:
    """What one load brought into one table; all are counts."""

    table: str
    files: int
    rows: int
    rejected: int
    repaired: int


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How many lines of a file broke a rule (`rejected`) or were mended by one (`repaired`)."""

    what: str
    table: str
    file: str
    rule: str
    count: int


@dataclass(slots=True)
class LoadResult:
    """What a load did: counts per table and rule, tables dropped, files skipped, notes and warnings."""

    tables: list[TableSummary] = field(default_factory=list)
    rules: list[RuleCount] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Checked:
    """One file that may be landed: how to read it, and what it will give."""

    source: SourceFile
    stored_name: str
    digest: str
    format: str
    relation: str
    columns: dict[str, tuple[str, str]]
    row_count: int
    rejects: LineNotes | None = None
    repairs: LineNotes | None = None


@dataclass(slots=True)
class _State:
    """What a database holds already: columns of the raw tables, and the files that they came from.

    `by_table` and `by_format` pair the hash of a file with its table or format, `names` with its name.
    """

    tables: dict[str, dict[str, str]] = field(default_factory=dict)
    by_table: set[tuple[str, str]] = field(default_factory=set)
    by_format: set[tuple[str, str]] = field(default_factory=set)
    names: dict[str, set[str]] = field(default_factory=dict)


def load_folder(
    folder: Path,
    *,
    database: str | Path | None = None,
    append: bool = False,
    console: Console | None = None,
    contract: dict[str, Table] | None = None,
) -> LoadResult:
    """Load a folder of files into the raw schema of the DuckDB file, replacing what is there unless `append`.

    All files are checked first; problems of all of them are raised together as one CxMetricsError and nothing
    is written. Then all tables are written in one transaction.
    """
    console = console or Console(quiet=True)
    tables = deliverable(contract or load_contract())
    sources, notes, problems = discover(folder, tables)
    result = LoadResult(notes=notes)
    with TemporaryDirectory(prefix="cxm-") as work, unchanged_on_error(database_path(database)) as target:
        state = _state(target, tables) if append else _State()
        given = {source.table for source in sources} | set(state.tables)
        if not problems and "contacts" not in given:
            problems.append(
                f"{folder}: holds no file for contacts: add one (contacts.csv, contacts.parquet, ...)"
            )
        checked = _check_all(sources, tables, state, Path(work), problems, result, console)
        _write_all(target, checked, tables, state, append, result, console)
    lacking = _lacking(tables, checked, state)
    if lacking:
        result.warnings.append(
            f"no file for required {', '.join(lacking)}: metrics that need them will be null; "
            f"cxm template {folder} {' '.join(lacking)} writes empty files that silence this"
        )
    return result


def load_connector(
    name: str,
    files: Sequence[Path],
    *,
    database: str | Path | None = None,
    append: bool = False,
    console: Console | None = None,
    contract: dict[str, Table] | None = None,
) -> LoadResult:
    """Convert a platform's own files with its connector and load what that makes, as `load_folder` does.

    Files whose content a connector has loaded before are skipped when appending.
    """
    console = console or Console(quiet=True)
    connector = get_connector(name)
    tables = deliverable(contract or load_contract())
    missing = [path for path in files if not path.is_file()]
    if missing or not files:
        lines = [
            f"{path}: no such file" if not path.is_dir() else f"{path} is a folder: name files"
            for path in missing
        ]
        raise CxMetricsError(*(lines or [f"no files given: cxm load --connector {name} FILE..."]))
    result = LoadResult()
    with TemporaryDirectory(prefix="cxm-") as work, unchanged_on_error(database_path(database)) as target:
        state = _state(target, tables) if append else _State()
        digests: dict[Path, str] = {}
        seen: set[str] = set()
        with console.progress("reading", sum(path.stat().st_size for path in files)) as advance:
            for path in files:
                # The hash needs no decompression: a connector judges its own files.
                digest = scan_file(SourceFile(path, path.name, "", name, False), advance).digest
                if (name, digest) in state.by_format:
                    result.skipped.append(f"{path.name}: already loaded, same content")
                elif digest in seen:
                    result.skipped.append(f"{path.name}: given twice, same content")
                else:
                    digests[path] = digest
                    seen.add(digest)
        out = Path(work) / "converted"
        out.mkdir()
        with console.progress("converting", sum(path.stat().st_size for path in digests)) as advance:
            converted = connector.convert(list(digests), out, advance).files if digests else ()
        checked = _check_converted(converted, digests, name, tables, state, Path(work))
        _write_all(target, checked, tables, state, append, result, console)
    if lacking := _lacking(tables, checked, state):
        result.notes.append(
            f"{name} delivers none of {', '.join(lacking)}: metrics that need them will be null"
        )
    return result


def _lacking(tables: dict[str, Table], checked: list[_Checked], state: _State) -> list[str]:
    """Return the required tables that neither this load nor the database has."""
    there = {file.source.table for file in checked} | set(state.tables)
    return [table.name for table in tables.values() if not table.optional and table.name not in there]


def _state(target: Database, tables: dict[str, Table]) -> _State:
    """Read what the database holds; a new one holds nothing."""
    state = _State()
    if not target.exists:
        return state
    connection = target.connection()
    for table, column, data_type in connection.execute(
        "select table_name, column_name, data_type from duckdb_columns() "
        "where database_name = current_database() and schema_name = ? order by column_index",
        [SCHEMA],
    ).fetchall():
        if table in tables:
            state.tables.setdefault(table, {})[column] = data_type
    if "landing_files" in _relations(connection):
        rows = connection.execute(
            f"select table_name, file_name, file_hash, format from {SCHEMA}.landing_files"
        )
        for table, name, digest, kind in rows.fetchall():
            state.by_table.add((table, digest))
            state.by_format.add((kind, digest))
            state.names.setdefault(name, set()).add(digest)
    return state


def _relations(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return the tables and views of the raw schema and which of the two each is."""
    found = connection.execute(
        "select table_name, table_type from information_schema.tables "
        "where table_catalog = current_database() and table_schema = ?",
        [SCHEMA],
    )
    return dict(found.fetchall())


def _stored_name(name: str, digest: str, state: _State) -> str:
    """Return the name that a file is booked under: its own, with a piece of its hash if that is taken."""
    if state.names.get(name, set()) - {digest}:
        name = f"{name}@{digest[:8]}"
    state.names.setdefault(name, set()).add(digest)
    return name


def _check_all(
    sources: list[SourceFile],
    tables: dict[str, Table],
    state: _State,
    work: Path,
    problems: list[str],
    result: LoadResult,
    console: Console,
) -> list[_Checked]:
    """Check every file and return those to be landed; raise the problems of all files together.

    `problems` are those that are known already.
    """
    checked: list[_Checked] = []
    total = 2 * sum(source.size for source in sources)
    with duckdb.connect() as checker, console.progress("checking", total) as advance:
        for number, source in enumerate(sources):
            try:
                scan = scan_file(source, advance)
                check_kind(source, scan)
                if (source.table, scan.digest) in state.by_table:
                    result.skipped.append(f"{source.name}: already loaded, same content")
                    continue
                file = _check(checker, source, scan, tables[source.table], work / f"file{number}", advance)
                file.stored_name = _stored_name(source.name, scan.digest, state)
                checked.append(file)
            except CxMetricsError as problem:
                problems.extend(problem.problems)
    if problems:
        raise CxMetricsError(*problems)
    return checked


def _check(
    checker: duckdb.DuckDBPyConnection,
    source: SourceFile,
    scan: Scan,
    table: Table,
    work: Path,
    advance: Advance,
) -> _Checked:
    work.mkdir()
    path = _plain_path(source.path, work)
    file = _Checked(source, source.name, scan.digest, source.format, "", {}, 0)
    if source.format == "parquet":
        file.relation = parquet_relation(path)
        matches, landed, file.row_count = read_parquet_columns(checker, file.relation, source.name, table)
        file.columns = {match.landed: sql for match, sql in zip(matches, landed, strict=True)}
        return file
    file.rejects = LineNotes(work, "rejects")
    if source.format == "jsonl":
        check_shape(source, scan)
        spool = Spool(work, "rows", [column.name for column in table.columns if column.required])
        matches = split_json(source, scan, table, spool, file.rejects, advance)
        file.columns = {match.landed: (quoted(match.landed), "VARCHAR") for match in matches}
    else:
        header = read_header(source, scan, table)
        matches = match_columns(source.name, table, header.names)
        file.columns = {match.landed: (f"c{match.position}", "VARCHAR") for match in matches}
        file.relation = clean_relation(path, source.is_gzip, header)
        clean_rows = count_if_clean(checker, file.relation, header, scan)
        if clean_rows is not None:
            file.row_count = clean_rows
            advance(source.size)
            return file
        spool = Spool(work, "rows", ())
        split_file(source, scan, header, spool, file.rejects, advance)
    paths = ", ".join(literal(str(path)) for path in spool.paths)
    file.relation = f"read_parquet([{paths}], union_by_name = true, hive_partitioning = false)"
    file.row_count = spool.row_count
    file.rejects.close()
    return file


def _plain_path(path: Path, work: Path) -> Path:
    """Return a path that DuckDB does not take for a pattern; a link stands in for a name with [, ] * or ?."""
    if not any(sign in str(path) for sign in "[]*?{}"):
        return path
    link = work / "input"
    link.symlink_to(path.resolve())
    return link


def _check_converted(
    converted: Sequence[ConvertedFile],
    digests: dict[Path, str],
    connector: str,
    tables: dict[str, Table],
    state: _State,
    work: Path,
) -> list[_Checked]:
    """Check what a connector made, as any other Parquet file; it is booked under the file it came from."""
    checked: list[_Checked] = []
    with duckdb.connect() as checker:
        for number, original in enumerate(converted):
            digest = digests[original.source]
            stored_name = _stored_name(original.source.name, digest, state)
            rejects = _notes_by_table(original.rejects, work, f"rejects-{number}")
            repairs = _notes_by_table(original.repairs, work, f"repairs-{number}")
            for table, path in original.tables.items():
                source = SourceFile(path, original.source.name, table, "parquet", False)
                file = _Checked(source, stored_name, digest, connector, parquet_relation(path), {}, 0)
                matches, landed, file.row_count = read_parquet_columns(
                    checker, file.relation, f"{source.name} ({table})", tables[table]
                )
                file.columns = {match.landed: sql for match, sql in zip(matches, landed, strict=True)}
                file.rejects, file.repairs = rejects.get(table), repairs.get(table)
                checked.append(file)
    return checked


def _notes_by_table(lines: Sequence[LineNote], work: Path, stem: str) -> dict[str, LineNotes]:
    notes: dict[str, LineNotes] = {}
    for line in lines:
        if line.table not in notes:
            notes[line.table] = LineNotes(work, f"{stem}-{line.table}")
        notes[line.table].add(line.line_number, line.rule, line.original_text)
    return notes


def _write_all(
    target: Database,
    checked: list[_Checked],
    tables: dict[str, Table],
    state: _State,
    append: bool,
    result: LoadResult,
    console: Console,
) -> None:
    """Write every checked file and the book-keeping in one transaction, and fill in the result."""
    if append and not checked and target.exists and state.tables:
        return
    connection = target.connection()
    connection.execute("set preserve_insertion_order = false")
    connection.execute("set enable_progress_bar = true")
    connection.execute("set enable_progress_bar_print = false")
    connection.execute("begin transaction")
    connection.execute(f"create schema if not exists {SCHEMA}")
    by_table: dict[str, list[_Checked]] = {name: [] for name in tables}
    for file in checked:
        by_table[file.source.table].append(file)
    for name, kind in _relations(connection).items():
        if kind == "VIEW" and (name in tables or name in _BOOKS):
            raise CxMetricsError(f"{SCHEMA}.{name} is a view: drop it, or name another file in CX_DATABASE")
    load_number = _last_load(connection) + 1
    if not append:
        dropped = _drop_all(connection, (*tables, *_BOOKS))
        result.dropped = [name for name in dropped if name in tables and not by_table[name]]
    for book, columns in _BOOKS.items():
        connection.execute(f"create table if not exists {SCHEMA}.{book} ({columns})")
    connection.execute(f"alter table {SCHEMA}.landing_files add column if not exists {LOAD_NUMBER} BIGINT")
    mode = "append" if append else "replace"
    with console.progress("loading", sum(file.source.size for file in checked)) as advance:
        for name, files in by_table.items():
            if files:
                types = _create_or_widen(connection, tables[name], files, state.tables.get(name))
                for file in files:
                    _insert(target, name, file, types, load_number, advance)
                    _book(connection, name, file, mode, load_number)
                result.tables.append(_summary(name, files))
                result.rules.extend(_rules(name, files))
    target.commit()


def _last_load(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the number of the last load, 0 where there was none or its number was not kept."""
    known = connection.execute(
        "select count(*) from duckdb_columns() where database_name = current_database() "
        "and schema_name = ? and table_name = 'landing_files' and column_name = ?",
        [SCHEMA, LOAD_NUMBER],
    ).fetchone()
    if not known or not known[0]:
        return 0
    last = connection.execute(f"select max({LOAD_NUMBER}) from {SCHEMA}.landing_files").fetchone()
    return int(last[0] or 0) if last else 0


def _drop_all(connection: duckdb.DuckDBPyConnection, names: Iterable[str]) -> list[str]:
    """Drop the raw tables of these names and return those that were there."""
    there = _relations(connection)
    dropped = [name for name in names if name in there]
    for name in dropped:
        connection.execute(f"drop table {SCHEMA}.{name}")
    return dropped


def _create_or_widen(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    files: list[_Checked],
    existing: dict[str, str] | None,
) -> dict[str, str]:
    """Create a table that all files fit in, or widen the one there; a column of several types becomes
    text."""
    types: dict[str, str] = {**(existing or {}), LOAD_NUMBER: "BIGINT"}
    for file in files:
        for name, (_, data_type) in file.columns.items():
            types[name] = data_type if types.get(name, data_type) == data_type else "VARCHAR"
    place = f"{SCHEMA}.{table.name}"
    if existing is None:
        order = [column.name for column in table.columns if column.name in types]
        order += [*sorted(name for name in types if name not in (*order, LOAD_NUMBER)), LOAD_NUMBER]
        columns = ", ".join(f"{quoted(name)} {types[name]}" for name in order)
        connection.execute(f"create table {place} ({columns})")
        return types
    for name, data_type in types.items():
        if name not in existing:
            connection.execute(f"alter table {place} add column {quoted(name)} {data_type}")
        elif existing[name] != data_type:
            connection.execute(f"alter table {place} alter {quoted(name)} type {data_type}")
    return types


def _insert(
    target: Database,
    table: str,
    file: _Checked,
    types: dict[str, str],
    load_number: int,
    advance: Advance,
) -> None:
    """Insert the rows of one file, each with the number of the load; advance the progress by its bytes."""
    selected = ", ".join(
        f"{sql if data_type == types[name] else f'cast({sql} as {types[name]})'} as {quoted(name)}"
        for name, (sql, data_type) in file.columns.items()
    )
    selected += f", cast({load_number} as BIGINT) as {LOAD_NUMBER}"
    statement = f"insert into {SCHEMA}.{table} by name select {selected} from {file.relation}"
    size, shown = file.source.size, 0.0

    def watch(share: float) -> None:
        nonlocal shown
        if share * size > shown:
            advance(share * size - shown)
            shown = share * size

    try:
        inserted = run_interruptibly(target.connection(), statement, watch)
    except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
        first = str(error).partition("\n")[0]
        raise CxMetricsError(
            f"{file.source.name}: cannot be read to its end ({first}): export it again"
        ) from error
    if inserted is None or inserted[0] != file.row_count:
        raise CxMetricsError(f"{file.source.name}: changed while it was being loaded: run the load again")
    watch(1.0)


def _book(
    connection: duckdb.DuckDBPyConnection, table: str, file: _Checked, mode: str, load_number: int
) -> None:
    """Write the book-keeping of one landed file."""
    rejected = file.rejects.count if file.rejects else 0
    connection.execute(
        f"insert into {SCHEMA}.landing_files values (?, ?, ?, ?, ?, ?, ?, ?)",
        [table, file.stored_name, file.digest, file.format, mode, file.row_count, rejected, load_number],
    )
    for book, notes in (("landing_rejects", file.rejects), ("landing_repairs", file.repairs)):
        if notes is not None and (paths := notes.close()):
            listed = ", ".join(literal(str(path)) for path in paths)
            connection.execute(
                f"insert into {SCHEMA}.{book} select ?, ?, cast(line_number as INTEGER), rule, original_text "
                f"from read_parquet([{listed}])",
                [table, file.stored_name],
            )


def _summary(table: str, files: list[_Checked]) -> TableSummary:
    return TableSummary(
        table=table,
        files=len(files),
        rows=sum(file.row_count for file in files),
        rejected=sum(file.rejects.count for file in files if file.rejects),
        repaired=sum(file.repairs.count for file in files if file.repairs),
    )


def _rules(table: str, files: list[_Checked]) -> Iterator[RuleCount]:
    for file in files:
        for what, notes in (("rejected", file.rejects), ("repaired", file.repairs)):
            if notes:
                for rule, count in sorted(notes.by_rule.items()):
                    yield RuleCount(what, table, file.stored_name, rule, count)
