"""JSON lines: one object per line, every value landed as text exactly as it was written."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from cx_metrics.console import Advance
from cx_metrics.contract import Table
from cx_metrics.errors import CxMetricsError
from cx_metrics.landing.columns import Match, fits, landed_name, match_columns, misfit
from cx_metrics.landing.csv_files import physical_lines, terminator
from cx_metrics.landing.files import Scan, SourceFile
from cx_metrics.landing.spool import BATCH_ROWS, LineNotes, Spool


class _Number(str):
    """A number as it was written."""


class _DuplicateKeyError(ValueError):
    """An object names a key twice."""


def check_shape(source: SourceFile, scan: Scan) -> None:
    """Raise CxMetricsError where the beginning of a file shows that it holds no JSON lines."""
    lines = [line.strip() for line in scan.head.removeprefix(b"\xef\xbb\xbf").splitlines() if line.strip()]
    if not lines:
        raise CxMetricsError(
            f"{source.name}: has no record, only empty lines: export it again, or remove the file"
        )
    if lines[0].startswith(b"["):
        remedy = "write one object per line (jq -c '.[]')"
        raise CxMetricsError(f"{source.name}: wrong kind of file, one JSON array and no JSON lines: {remedy}")
    if lines[0] == b"{":
        raise CxMetricsError(
            f"{source.name}: wrong kind of file, indented JSON: write one object per line (jq -c .)"
        )
    if not any(line.startswith(b"{") for line in lines):
        remedy = "write one object per line; a CSV file needs the ending .csv"
        raise CxMetricsError(f"{source.name}: wrong kind of file, no JSON lines: {remedy}")


def split_json(
    source: SourceFile, scan: Scan, table: Table, spool: Spool, rejects: LineNotes, advance: Advance
) -> list[Match]:
    """Part a file into rows and rejected lines and return its columns, found and landed.

    Raises CxMetricsError where a required column is in no record, or a column holds only values of a type
    that can never become the contract's.
    """
    names: dict[str, str] = {}
    first_names: dict[str, str] = {}
    families: dict[str, set[str]] = {}
    delivered: set[str] = set()
    share = source.size / max(scan.size, 1)
    done = 0
    with source.open() as stream:
        for number, line in enumerate(physical_lines(stream, terminator(scan), source.name), start=1):
            done += len(line)
            if number % BATCH_ROWS == 0:
                advance(done * share)
                done = 0
            if not line.strip():
                continue
            try:
                record = _DECODER.decode(line.decode("utf-8").strip())
                if type(record) is not dict:
                    rejects.add(number, "not_an_object", line)
                    continue
                row: dict[str, str | None] = {}
                for key, value in record.items():
                    name = names.get(key)
                    if name is None:
                        name = names[key] = landed_name(key, table)
                        first_names.setdefault(name, key)
                        families.setdefault(name, set())
                    if name in row:
                        raise _DuplicateKeyError
                    if value is None:
                        row[name] = None
                    else:
                        row[name] = value if type(value) is str else _as_json(value)
                        families[name].add(_FAMILIES[type(value)])
                if b"\\u" in line:
                    _check_characters((*row, *row.values()))
            except UnicodeError:
                rejects.add(number, "invalid_encoding", line)
            except _DuplicateKeyError:
                rejects.add(number, "duplicate_key", line)
            except _NulCharacterError:
                rejects.add(number, "nul_character", line)
            except (ValueError, RecursionError):
                rejects.add(number, "broken_json", line)
            else:
                spool.add(row)
                delivered.update(row)
    spool.close()
    if not spool.row_count:
        raise CxMetricsError(
            f"{source.name}: no line of it is a whole JSON object: write one object per line"
        )
    matches = match_columns(
        source.name, table, [key for name, key in first_names.items() if name in delivered]
    )
    problems = []
    for match in matches:
        found = families[match.landed]
        if match.column and found and not any(fits(match.column, family) for family in found):
            problems.append(misfit(source.name, match.column, _FOUND[min(found)]))
    if problems:
        raise CxMetricsError(*problems)
    return matches


class _NulCharacterError(ValueError):
    """A text holds a NUL character, which other engines cannot store."""


def _check_characters(texts: Iterable[str | None]) -> None:
    for text in texts:
        if text is not None:
            text.encode("utf-8")
            if "\0" in text:
                raise _NulCharacterError


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        raise _DuplicateKeyError
    return record


def _as_json(value: Any) -> str:
    """Return a value as text: numbers as written, nested values as JSON."""
    if type(value) is _Number:
        return str(value)
    if type(value) is dict:
        return "{" + ",".join(f"{json.dumps(key)}:{_as_json(inner)}" for key, inner in value.items()) + "}"
    if type(value) is list:
        return "[" + ",".join(_as_json(inner) for inner in value) + "]"
    return json.dumps(value, ensure_ascii=False)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_int=_Number, parse_float=_Number, parse_constant=_Number
)
_FAMILIES = {str: "text", _Number: "integer", bool: "boolean", dict: "object", list: "array"}
_FOUND = {"integer": "a number", "boolean": "a boolean", "object": "a JSON object", "array": "a JSON array"}
