"""From the columns that a file has to the columns that are landed, and what a type may become."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cx_metrics.contract import Column, Table
from cx_metrics.errors import CxMetricsError


@dataclass(frozen=True, slots=True)
class Match:
    """One column of a file: its place in the file, its own name, the name it lands under, its contract."""

    position: int
    found: str
    landed: str
    column: Column | None


def quoted(name: str) -> str:
    """Return a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def landed_name(found: str, table: Table) -> str:
    """Return the name that a column lands under: the contract's own, else x_ and the name in plain
    letters."""
    name = found.strip().lower()
    if table.column(name):
        return name
    plain = re.sub(r"\W", "_", name)
    return plain if plain.startswith("x_") else f"x_{plain}"


def match_columns(file: str, table: Table, found: Sequence[str]) -> list[Match]:
    """Match the column names of a file to the contract; names count in any case, without space around them.

    Raises CxMetricsError with one line per required column that is missing, per name that is given twice and
    per column without a name.
    """
    problems: list[str] = []
    seen: dict[str, str] = {}
    matches: list[Match] = []
    for position, name in enumerate(found):
        if not name.strip():
            problems.append(
                f"{file}: column {position + 1} has no name: name it, or remove it (pandas: index=False)"
            )
            continue
        landed = landed_name(name, table)
        if landed not in seen:
            matches.append(Match(position, name, landed, table.column(landed)))
        elif name.strip().lower() == seen[landed].strip().lower():
            problems.append(f"{file}: column {name.strip()} is there twice: keep one of them")
        else:
            both = f'"{seen[landed].strip()}" and "{name.strip()}"'
            problems.append(f"{file}: columns {both} would both become {landed}: rename one of them")
        seen.setdefault(landed, name)
    problems.extend(_missing(file, table, [match.landed for match in matches], found))
    if problems:
        raise CxMetricsError(*problems)
    return matches


def _missing(file: str, table: Table, landed: Sequence[str], found: Sequence[str]) -> list[str]:
    missing = [column.name for column in table.columns if column.required and column.name not in landed]
    unknown = {_bare(name): name.strip() for name in found if not table.column(name.strip().lower())}
    near = {name: difflib.get_close_matches(_bare(name), unknown, n=1, cutoff=0.75) for name in missing}
    if missing and not any(near.values()) and not any(table.column(name) for name in landed):
        shown = ", ".join(f'"{name.strip()[:30]}"' for name in found[:4])
        return [
            f"{file}: none of its columns is one of {table.name} (found {shown}); required are "
            f"{', '.join(missing)}: rename the columns, or write the header line first"
        ]
    problems = []
    for name in missing:
        if near[name]:
            remedy = f'found "{unknown[near[name][0]]}", rename it to {name}'
        else:
            remedy = f"add it (cxm contract {table.name} tells how to fill it)"
        problems.append(f"{file}: required column {name} is missing: {remedy}")
    return problems


def _bare(name: str) -> str:
    return re.sub(r"[\W_]", "", name.lower())


_FITTING = {
    "text": {"text", "integer", "decimal", "boolean", "date", "timestamp", "time", "identifier"},
    "timestamp": {"text", "timestamp", "date"},
    "date": {"text", "date"},
    "boolean": {"text", "boolean", "integer"},
    "integer": {"text", "integer", "decimal", "float"},
    "double": {"text", "integer", "decimal", "float"},
    "decimal": {"text", "integer", "decimal", "float"},
}

_REMEDIES = {
    "text": "write it as text (pandas turns whole numbers with gaps into floats: use Int64 or string)",
    "timestamp": "write it as a timestamp in UTC, or as text such as 2024-01-31 08:00:00",
    "date": "write it as a date, or as text such as 2024-01-31",
    "boolean": "write it as a boolean, or as the text true or false",
    "integer": "write it as a whole number",
    "double": "write it as a number",
    "decimal": "write it as a decimal number",
}

_SQL_TYPES = {
    "text": "VARCHAR",
    "timestamp": "TIMESTAMP",
    "date": "DATE",
    "boolean": "BOOLEAN",
    "integer": "INTEGER",
    "double": "DOUBLE",
}


def sql_type(column: Column) -> str:
    """Return the DuckDB type of a contract column."""
    return _SQL_TYPES.get(column.data_type) or column.data_type.replace("decimal", "DECIMAL")


def fits(column: Column, family: str) -> bool:
    """Tell whether values of this family can ever be values of the column."""
    return family in _FITTING[_kind(column)]


def misfit(file: str, column: Column, found: str) -> str:
    """Return the line for a column whose type can never become the contract's."""
    remedy = _REMEDIES[_kind(column)]
    return f"{file}: column {column.name} is {found} where {column.data_type} is wanted: {remedy}"


def _kind(column: Column) -> str:
    return column.data_type.partition("(")[0]
