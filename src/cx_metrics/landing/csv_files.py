"""CSV files: a fast way for clean files, and an exact one that parts good records from broken lines.

A clean file is read by DuckDB. It counts as clean only when DuckDB reads it strictly and the values, the
separators and the line ends that it saw add up to every byte of the file, so that nothing was dropped,
trimmed or merged. Any other file is split here, line by line, and what cannot be a record is set aside.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import duckdb

from cx_metrics.console import Advance
from cx_metrics.contract import Table
from cx_metrics.errors import CxMetricsError
from cx_metrics.landing.columns import landed_name, literal
from cx_metrics.landing.database import run_interruptibly
from cx_metrics.landing.files import HEAD_BYTES, Scan, SourceFile
from cx_metrics.landing.spool import BATCH_ROWS, LineNotes, Spool

DELIMITERS = (b",", b";", b"\t", b"|")
_BOM = b"\xef\xbb\xbf"
_LONGEST_RECORD = 16 * 1024 * 1024
_LONGEST_LINE = 64 * 1024 * 1024
_UNPRINTABLE = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


@dataclass(frozen=True, slots=True)
class Header:
    """The first line of a CSV file: its delimiter, the names, and where its line ends in the file."""

    delimiter: bytes
    names: tuple[str, ...]
    line_number: int
    end: int


def read_header(source: SourceFile, scan: Scan, table: Table) -> Header:
    """Read the header line; the delimiter is the one that yields most columns of the contract.

    Raises CxMetricsError where there is no readable header.
    """
    end_of_line = terminator(scan)
    start = len(_BOM) if scan.head.startswith(_BOM) else 0
    number = 1
    while True:
        end = scan.head.find(end_of_line, start)
        line = scan.head[start:] if end < 0 else scan.head[start:end]
        after = len(scan.head) if end < 0 else end + 1
        if line.strip() or end < 0:
            break
        start, number = after, number + 1
    line = line.rstrip(b"\r\n")
    if not line.strip():
        raise CxMetricsError(
            f"{source.name}: has no header, only empty lines: write the header line, or remove it"
        )
    if (end < 0 and scan.size > HEAD_BYTES) or _UNPRINTABLE.search(line):
        raise CxMetricsError(f"{source.name}: wrong kind of file, no text table: {_REMEDY}")
    if line.lstrip().startswith((b'{"', b"[{")):
        raise CxMetricsError(f"{source.name}: wrong kind of file, looks like JSON: give it the ending .jsonl")
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CxMetricsError(f"{source.name}: its header is not UTF-8: save the file as UTF-8") from error
    best: tuple[int, int, Header] | None = None
    for delimiter in DELIMITERS:
        fields = _split_quoted(_Lines([line]), delimiter).fields
        if fields is None:
            continue
        names = tuple(field.decode("utf-8") for field in fields)
        known = sum(table.column(landed_name(name, table)) is not None for name in names)
        if best is None or (known, len(names)) > best[:2]:
            best = (known, len(names), Header(delimiter, names, number, after))
    if best is None:
        raise CxMetricsError(f"{source.name}: the quotes of its header do not match: mend its line {number}")
    return best[2]


_REMEDY = "export the table as CSV (UTF-8) with a header line"


def terminator(scan: Scan) -> bytes:
    """Return what ends the lines of a file: a line feed, or a carriage return where there is no line feed."""
    return b"\r" if scan.carriage_returns and not scan.line_feeds else b"\n"


def clean_relation(path: Path, is_gzip: bool, header: Header) -> str:
    """Return the SQL that reads a clean file; its columns are c0, c1, ... as text."""
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(header.names)))
    options = (
        "auto_detect = false, header = true, strict_mode = true, null_padding = false, nullstr = ''",
        f"delim = {literal(header.delimiter.decode())}, quote = '\"', escape = '\"'",
        f"compression = '{'gzip' if is_gzip else 'none'}', columns = {{{columns}}}",
    )
    return f"read_csv({literal(str(path))}, {', '.join(options)})"


def count_if_clean(
    connection: duckdb.DuckDBPyConnection, relation: str, header: Header, scan: Scan
) -> int | None:
    """Return the number of rows of a clean file, None for a file that needs the exact way."""
    width = len(header.names)
    if width == 1 or scan.nulls or scan.has_spaced_quotes or scan.has_stray_returns:
        return None
    before = scan.head[: header.end]
    quotes = scan.quotes - before.count(b'"')
    line_ends = scan.line_feeds + scan.carriage_returns - before.count(b"\n") - before.count(b"\r")
    if quotes:
        row = ", ".join(f"c{i}" for i in range(width))
        length = f"strlen(translate(concat({row}), '\"' || chr(10) || chr(13), ''))"
    else:
        length = " + ".join(f"coalesce(strlen(c{i}), 0)" for i in range(width))
    try:
        found = run_interruptibly(connection, f"select count(*), coalesce(sum({length}), 0) from {relation}")
    except duckdb.Error:
        return None
    assert found is not None
    rows, text_bytes = int(found[0]), int(found[1])
    syntax_bytes = quotes + line_ends + rows * (width - 1)
    return rows if text_bytes + syntax_bytes == scan.size - header.end else None


def split_file(
    source: SourceFile, scan: Scan, header: Header, spool: Spool, rejects: LineNotes, advance: Advance
) -> None:
    """Part a file into rows (columns c0, c1, ... of the spool) and rejected lines.

    Every line that is not empty ends in exactly one of the two: as a row or part of one, or in a reject.
    Where quotes do not match, only the line on which the record begins is rejected and reading goes on with
    the next line, so that one stray quote cannot swallow what follows. An empty field is null, quoted or not.
    """
    width = len(header.names)
    columns = [f"c{i}" for i in range(width)]
    batch: list[Sequence[bytes]] = []
    share = source.size / max(scan.size, 1)
    done = 0

    def flush() -> None:
        values_of = zip(*batch, strict=True) if batch else ([] for _ in columns)
        texts = ([value.decode("utf-8") or None for value in values] for values in values_of)
        spool.add_columns(dict(zip(columns, texts, strict=True)), len(batch))
        batch.clear()

    with source.open() as stream:
        lines = _Lines(physical_lines(stream, terminator(scan), source.name))
        lines.drop(header.line_number)
        for record in records(lines, header.delimiter, width):
            done += len(record.text)
            if record.fields is None:
                rejects.add(record.line_number, record.rule, record.text)
                continue
            batch.append(record.fields)
            if len(batch) >= BATCH_ROWS:
                advance(done * share)
                done = 0
                flush()
        flush()


@dataclass(slots=True)
class Record:
    """A good record (its fields) or a rejected stretch of lines (fields None, with the rule that it
    broke)."""

    line_number: int
    text: bytes
    fields: Sequence[bytes] | None
    rule: str = ""
    extent: int = 1


class _Lines:
    """Physical lines with their numbers, and a look ahead."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._rest = iter(lines)
        self._ahead: deque[bytes] = deque()
        self.number = 1

    def at(self, offset: int) -> bytes | None:
        """Return the line so many lines ahead of the current one, None behind the end."""
        while len(self._ahead) <= offset:
            line = next(self._rest, None)
            if line is None:
                return None
            self._ahead.append(line)
        return self._ahead[offset]

    def drop(self, count: int) -> None:
        """Go so many lines on."""
        for _ in range(count):
            if self.at(0) is not None:
                self._ahead.popleft()
                self.number += 1


def physical_lines(stream: BinaryIO, terminator: bytes, name: str) -> Iterator[bytes]:
    """Yield the lines of a file with their line ends, without a byte order mark."""
    first = True
    for line in stream if terminator == b"\n" else _split_at(stream, terminator):
        if len(line) > _LONGEST_LINE:
            raise CxMetricsError(f"{name}: has a line of {len(line) / 1e6:,.0f} MB, no text table: {_REMEDY}")
        yield line.removeprefix(_BOM) if first else line
        first = False


def _split_at(stream: BinaryIO, terminator: bytes) -> Iterator[bytes]:
    rest = b""
    while chunk := stream.read(1024 * 1024):
        *whole, rest = (rest + chunk).split(terminator)
        yield from (line + terminator for line in whole)
    if rest:
        yield rest


def records(lines: _Lines, delimiter: bytes, width: int) -> Iterator[Record]:
    """Yield every record and every rejected stretch of lines, in order; empty lines are passed over."""
    doubtful_until = 0
    while (line := lines.at(0)) is not None:
        if b'"' in line:
            record, read_until = _quoted_record(lines, delimiter, width, lines.number < doubtful_until)
            if record.fields is None:
                doubtful_until = max(doubtful_until, read_until + (record.rule == "broken_quotes"))
        else:
            bare = line.rstrip(b"\r\n")
            if not bare:
                lines.drop(1)
                continue
            fields = bare.split(delimiter)
            record = Record(lines.number, line, fields)
            if len(fields) != width:
                record.fields, record.rule = None, "wrong_number_of_fields"
            elif b"\r" in bare:
                record.fields, record.rule = None, "stray_carriage_return"
        if record.fields is not None:
            broken = _broken_text(record.text)
            if broken:
                record.fields, record.rule = None, broken
        lines.drop(record.extent)
        yield record


def _broken_text(text: bytes) -> str | None:
    if b"\0" in text:
        return "nul_character"
    if text.isascii():
        return None
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return "invalid_encoding"
    return None


@dataclass(slots=True)
class _Split:
    """What splitting at quotes gave: fields, or None with the rule broken; how many lines it took.

    `is_loose`: a field without quotes around it has one inside.
    """

    fields: list[bytes] | None
    rule: str
    extent: int
    text: bytes
    is_loose: bool = False


def _quoted_record(lines: _Lines, delimiter: bytes, width: int, doubtful: bool) -> tuple[Record, int]:
    """Read the record at the current line, and tell up to which line (exclusive) its quotes were followed.

    In a doubtful place, among or behind lines whose quotes did not match, a quote inside a bare field is
    no text: it may be the other half of a broken pair.
    """
    number, first = lines.number, lines.at(0) or b""
    split = _split_quoted(lines, delimiter)
    read_until = number + split.extent
    if split.fields is None:
        return Record(number, first, None, split.rule), read_until
    if split.is_loose and doubtful:
        return Record(number, first, None, "broken_quotes"), read_until
    if len(split.fields) == width:
        return Record(number, split.text, split.fields, extent=split.extent), read_until
    # A stray quote may have joined good records behind it: reject up to the first line that is a good record.
    extent = 1
    while extent < split.extent:
        inner = _split_quoted(lines, delimiter, extent)
        if inner.fields is not None and len(inner.fields) == width and not inner.is_loose:
            break
        extent += 1
    text = b"".join(lines.at(i) or b"" for i in range(extent))
    return Record(number, text, None, "wrong_number_of_fields", extent), read_until


def _split_quoted(lines: _Lines, delimiter: bytes, offset: int = 0) -> _Split:
    """Split the record that begins `offset` lines ahead; a quoted field may go on over several lines."""
    text: bytes | bytearray = lines.at(offset) or b""
    extent = 1
    fields: list[bytes] = []
    position = 0
    is_loose = False
    while True:
        start = position
        while text[start : start + 1] == b" ":
            start += 1
        if text[start : start + 1] != b'"':
            end = text.find(delimiter, position)
            bare = text[position:] if end < 0 else text[position:end]
            if end < 0:
                bare = bare.rstrip(b"\r\n")
            if b"\r" in bare:
                return _Split(None, "stray_carriage_return", extent, bytes(text))
            fields.append(bytes(bare))
            is_loose = is_loose or b'"' in bare
            if end < 0:
                return _Split(fields, "", extent, bytes(text), is_loose)
            position = end + len(delimiter)
            continue
        begin, search = start + 1, start + 1
        while True:
            close = text.find(b'"', search)
            if close < 0:
                more = lines.at(offset + extent)
                if more is None or len(text) > _LONGEST_RECORD:
                    return _Split(None, "broken_quotes", extent, bytes(text))
                search = len(text)
                text = bytearray(text) if extent == 1 else text
                text += more
                extent += 1
            elif text[close + 1 : close + 2] == b'"':
                search = close + 2
            else:
                break
        fields.append(bytes(text[begin:close]).replace(b'""', b'"'))
        position = close + 1
        while text[position : position + 1] == b" ":
            position += 1
        if text.startswith(delimiter, position):
            position += len(delimiter)
        elif not text[position:].strip(b"\r\n"):
            return _Split(fields, "", extent, bytes(text), is_loose)
        else:
            return _Split(None, "broken_quotes", extent, bytes(text))
