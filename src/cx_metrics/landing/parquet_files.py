"""Parquet files: a column lands in its contract type when all its values convert, else as text."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb

from cx_metrics.contract import Column, Table
from cx_metrics.errors import CxMetricsError
from cx_metrics.landing.columns import Match, fits, literal, match_columns, misfit, quoted, sql_type

_INTEGERS = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?")
_WHOLE_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT"}
_TIMESTAMPS = re.compile(r"TIMESTAMP(_S|_MS|_NS)?")
_WITH_ZONE = "TIMESTAMP WITH TIME ZONE"


def parquet_relation(path: Path) -> str:
    """Return the SQL that reads a Parquet file; folder names are no columns."""
    return f"read_parquet({literal(str(path))}, hive_partitioning = false)"


def read_parquet_columns(
    connection: duckdb.DuckDBPyConnection, relation: str, file: str, table: Table
) -> tuple[list[Match], list[tuple[str, str]], int]:
    """Check the columns of a Parquet file against the contract.

    Returns the matches, for each the SQL that lands it with the type that it then has, and the number of
    rows. Raises CxMetricsError for an unreadable file, a missing required column or a type that can never
    fit.
    """
    try:
        described = connection.execute(f"describe select * from {relation}").fetchall()
        found = [(str(row[0]), str(row[1])) for row in described]
        matches = match_columns(file, table, [name for name, _ in found])
        return (
            matches,
            *_landed(connection, relation, file, [(match, found[match.position][1]) for match in matches]),
        )
    except duckdb.Error as error:
        first = str(error).partition("\n")[0]
        raise CxMetricsError(f"{file}: cannot be read as Parquet ({first}): export it again") from error


def _landed(
    connection: duckdb.DuckDBPyConnection, relation: str, file: str, found: list[tuple[Match, str]]
) -> tuple[list[tuple[str, str]], int]:
    """Decide how each column lands: one query counts the values that do not convert or can never fit."""
    questions = []
    for match, found_type in found:
        name = quoted(match.found)
        if match.column is None:
            questions.append("0")
        elif not fits(match.column, family(found_type)):
            questions.append(f"count({name})")
        elif unsure := _unsure(name, found_type, match.column):
            questions.append(f"count(*) filter (where {unsure})")
        else:
            questions.append("0")
    answer = connection.execute(f"select count(*), {', '.join(questions)} from {relation}").fetchone()
    assert answer is not None
    problems: list[str] = []
    landed: list[tuple[str, str]] = []
    for (match, found_type), failing in zip(found, answer[1:], strict=True):
        column = match.column
        if column is not None and not fits(column, family(found_type)):
            if failing:
                problems.append(misfit(file, column, found_type))
            landed.append((f"cast(null as {sql_type(column)})", sql_type(column)))
        else:
            landed.append(_expression(quoted(match.found), found_type, column, bool(failing)))
    if problems:
        raise CxMetricsError(*problems)
    return landed, int(answer[0])


def family(found_type: str) -> str:
    """Return the family of a DuckDB type: what its values can become."""
    if found_type == "VARCHAR" or found_type.startswith("ENUM"):
        return "text"
    if _INTEGERS.fullmatch(found_type):
        return "integer"
    if found_type.startswith("DECIMAL"):
        return "decimal"
    if found_type in ("DOUBLE", "FLOAT"):
        return "float"
    if _TIMESTAMPS.fullmatch(found_type) or found_type == _WITH_ZONE:
        return "timestamp"
    named = {"BOOLEAN": "boolean", "DATE": "date", "UUID": "identifier"}
    return named.get(found_type, "time" if found_type.startswith("TIME") else "other")


def _unsure(name: str, found_type: str, column: Column) -> str | None:
    """Return the condition under which a value would be lost or changed by its contract type, None if
    never."""
    wanted = sql_type(column)
    if family(found_type) not in ("integer", "decimal", "float") or found_type in _WHOLE_INTEGERS:
        return None
    if column.data_type == "integer":
        fraction = "" if family(found_type) == "integer" else f" or {name} <> trunc({name})"
        return f"{name} is not null and (try_cast({name} as {wanted}) is null{fraction})"
    if column.data_type.startswith("decimal") and found_type != wanted:
        return f"{name} is not null and try_cast({name} as {wanted}) is null"
    return None


def _expression(name: str, found_type: str, column: Column | None, some_fail: bool) -> tuple[str, str]:
    """Return the SQL that lands a column, and the type that it has then."""
    if found_type == _WITH_ZONE:
        name, found_type = f"make_timestamp(epoch_us({name}))", "TIMESTAMP"
    if column is None:
        if family(found_type) == "other":
            return f"cast({name} as VARCHAR)", "VARCHAR"
        return name, found_type
    kind, wanted = family(found_type), sql_type(column)
    as_text = column.data_type == "boolean" and kind == "integer"
    as_text = as_text or (column.data_type == "timestamp" and kind == "date")
    if kind == "text" or some_fail or as_text:
        whole = (
            f"when {name} = trunc({name}) and abs({name}) < 1e15 then cast(cast({name} as BIGINT) as VARCHAR)"
        )
        if kind == "float" and column.data_type == "integer":
            return f"case {whole} else cast({name} as VARCHAR) end", "VARCHAR"
        return f"cast({name} as VARCHAR)", "VARCHAR"
    return (name if found_type == wanted else f"cast({name} as {wanted})"), wanted
