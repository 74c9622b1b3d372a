"""Which file belongs to which table, and whether a file is what its name says."""

from __future__ import annotations

import difflib
import gzip
import hashlib
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from cx_metrics.console import Advance
from cx_metrics.errors import CxMetricsError

FORMATS = {
    "csv": "csv",
    "tsv": "csv",
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "json": "jsonl",
    "parquet": "parquet",
}
"""File name endings and how each is read; the text formats may carry .gz behind."""

READABLE = "cxm load reads .csv .tsv .jsonl .ndjson .json .parquet, the text formats also with .gz"
HEAD_BYTES = 256 * 1024
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file to be landed: where it is, the name it is known by, its table and how it is read."""

    path: Path
    name: str
    table: str
    format: str
    is_gzip: bool

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return self.path.stat().st_size

    def open(self) -> BinaryIO:
        """Open the file for reading bytes, decompressed."""
        return cast(BinaryIO, gzip.open(self.path, "rb")) if self.is_gzip else self.path.open("rb")


@dataclass(slots=True)
class Scan:
    """What one pass over the bytes of a file tells. The counts are of the decompressed content.

    `has_spaced_quotes`: somewhere spaces stand between a quote and a quote, separator or line end before it;
    `has_stray_returns`: somewhere a carriage return is not followed by a line feed, though there are some.
    """

    digest: str
    size: int
    head: bytes
    line_feeds: int
    carriage_returns: int
    quotes: int
    nulls: int
    has_spaced_quotes: bool
    has_stray_returns: bool


def discover(folder: Path, tables: Iterable[str]) -> tuple[list[SourceFile], list[str], list[str]]:
    """Find the files of a folder and the table of each, in the order of their names.

    Returns the files, notes about what was left out, and a line per file whose name fits no table or whose
    ending cannot be read. Raises CxMetricsError where there is no such folder or nothing in it.
    """
    if not folder.exists():
        raise CxMetricsError(f"{folder}: no such folder")
    if not folder.is_dir():
        raise CxMetricsError(f"{folder} is a file: give the folder that holds it")
    names = list(tables)
    found: list[SourceFile] = []
    notes: list[str] = []
    problems: list[str] = []
    if (folder / "truth").is_dir():
        notes.append("truth/ is left out: it holds the answers to check against, no input")
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        relative = path.relative_to(folder)
        if _is_left_out(relative):
            continue
        try:
            found.append(_source(path, relative, names))
        except CxMetricsError as problem:
            problems.extend(problem.problems)
    if not found and not problems:
        raise CxMetricsError(
            f"{folder} holds no file to load: {READABLE}, named after a table (contacts.csv)"
        )
    return found, notes, problems


def _is_left_out(relative: Path) -> bool:
    hidden = any(part.startswith((".", "_")) for part in relative.parts)
    name = relative.name.lower()
    return hidden or relative.parts[0] == "truth" or name.startswith("readme") or name.endswith(".md")


def _source(path: Path, relative: Path, tables: list[str]) -> SourceFile:
    name = relative.as_posix()
    stem, is_gzip = relative.name, False
    if stem.lower().endswith(".gz"):
        stem, is_gzip = stem[:-3], True
    stem, _, ending = stem.rpartition(".")
    kind = FORMATS.get(ending.lower()) if stem else None
    folders = [part.lower() for part in relative.parts[:-1]]
    table = next((part for part in folders if part in tables), None) or table_of(
        stem or relative.name, tables
    )
    if table is None:
        raise CxMetricsError(_no_table(name, stem or relative.name, tables))
    if kind is None:
        with path.open("rb") as stream:
            looks = looks_like(stream.read(4096))
        seen = f" and looks like {looks[0]}: {looks[1]}" if looks else ""
        raise CxMetricsError(f"{name}: ends in a way that cannot be read{seen or ': ' + READABLE}")
    if kind == "parquet" and is_gzip:
        raise CxMetricsError(
            f"{name}: Parquet inside gzip: unpack it with gunzip, Parquet is compressed by itself"
        )
    return SourceFile(path, name, table, kind, is_gzip)


def table_of(stem: str, tables: Iterable[str]) -> str | None:
    """Return the table that a file name without its ending means, None where there is none.

    The name is the table's, or begins with it and goes on with anything but a letter: contacts.2024-01,
    contacts_part3, contacts2. The longest table name wins. A name that is nearly that of another table
    (agent_pay_rate) is taken for a slip, not for the shorter one.
    """
    lowered = stem.strip().lower()
    names = sorted(tables, key=len, reverse=True)
    fits = (
        name
        for name in names
        if lowered.startswith(name) and not lowered[len(name) : len(name) + 1].isalpha()
    )
    table = next(fits, None)
    if table is None or table == lowered:
        return table
    nearly = difflib.get_close_matches(lowered, names, n=1, cutoff=0.95)
    return table if not nearly or nearly == [table] else None


def _no_table(name: str, stem: str, tables: list[str]) -> str:
    near = difflib.get_close_matches(re.split(r"[^a-z_]", stem.lower())[0], tables, n=1, cutoff=0.6)
    hint = f"did you mean {near[0]}? Rename it" if near else "name it after its table"
    listed = "cxm contract lists the tables"
    return f"{name}: no table of the contract has this name: {hint}, or move it away ({listed})"


def looks_like(head: bytes) -> tuple[str, str] | None:
    """Tell what kind of file begins with these bytes, and what to do with it; None for plain text or
    unknown."""
    for start, kind, remedy in _SIGNATURES:
        if head.startswith(start):
            if start == b"PK\x03\x04" and (b"xl/" in head or b"[Content_Types].xml" in head):
                return "an Excel workbook", "save each sheet as CSV (UTF-8)"
            return kind, remedy
    if head[8:12] == b"DUCK":
        return "a DuckDB database", "export its tables as Parquet"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html")):
        return "an HTML page", "a failed download often is one; export the table again"
    if text.startswith(b"<?xml"):
        return "an XML document", "export it as CSV"
    if len(head) > 3 and (head[1::2].count(0) > len(head) // 4 or head[::2].count(0) > len(head) // 4):
        return "UTF-16 text or binary data", "save it as UTF-8 text"
    return None


_SIGNATURES = (
    (b"PAR1", "a Parquet file", "give it the ending .parquet"),
    (b"\x1f\x8b", "a gzip file", "add .gz to its name"),
    (b"PK\x03\x04", "a zip archive", "unpack it"),
    (b"\xd0\xcf\x11\xe0", "an old Office document", "save each sheet as CSV (UTF-8)"),
    (b"%PDF", "a PDF document", "export the table as CSV"),
    (b"BZh", "a bzip2 file", "unpack it, or compress it with gzip"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file", "unpack it, or compress it with gzip"),
    (b"\xfd7zXZ", "an xz file", "unpack it, or compress it with gzip"),
    (b"SQLite format 3", "an SQLite database", "export its tables as CSV"),
    (b"ORC", "an ORC file", "export it as Parquet"),
    (b"Obj\x01", "an Avro file", "export it as Parquet"),
    (b"ARROW1", "an Arrow file", "export it as Parquet"),
    (b"\xff\xfe", "UTF-16 text", "save it as UTF-8"),
    (b"\xfe\xff", "UTF-16 text", "save it as UTF-8"),
)


def check_kind(source: SourceFile, scan: Scan) -> None:
    """Raise CxMetricsError where the content of a file is not what its name says."""
    looks = looks_like(scan.head)
    if source.format == "parquet":
        if scan.size == 0:
            raise CxMetricsError(
                f"{source.name}: is empty (0 bytes), no Parquet file: export it again, or remove it"
            )
        if not scan.head.startswith(b"PAR1"):
            seen = (
                f"{looks[0]}: {looks[1]}"
                if looks
                else "text or unknown data: a CSV file needs the ending .csv"
            )
            raise CxMetricsError(f"{source.name}: wrong kind of file, no Parquet; looks like {seen}")
        return
    if scan.size == 0:
        what = "header" if source.format == "csv" else "record"
        remedy = (
            "write the header line" if source.format == "csv" else "deliver a CSV file with only its header"
        )
        raise CxMetricsError(
            f"{source.name}: is empty (0 bytes) and has no {what}: {remedy}, or remove the file"
        )
    if looks:
        inside = "inside its gzip " if source.is_gzip else ""
        raise CxMetricsError(f"{source.name}: wrong kind of file, {inside}looks like {looks[0]}: {looks[1]}")


def scan_file(source: SourceFile, advance: Advance) -> Scan:
    """Read a whole file once: its hash, its beginning, and counts that later prove that no byte was lost.

    Raises CxMetricsError where it cannot be read to its end.
    """
    try:
        with source.path.open("rb") as raw:
            hashing = _HashingReader(raw, advance)
            if not source.is_gzip:
                return _scan(hashing, hashing)
            with gzip.GzipFile(fileobj=cast(BinaryIO, hashing), mode="rb") as stream:
                return _scan(stream, hashing)
    except gzip.BadGzipFile as error:
        if source.path.stat().st_size == 0 or "Not a gzipped file" in str(error):
            remedy = "take .gz off its name, or compress it"
            raise CxMetricsError(
                f"{source.name}: wrong kind of file, ends in .gz and is no gzip: {remedy}"
            ) from error
        raise CxMetricsError(
            f"{source.name}: its gzip is damaged ({error}): copy or export it again"
        ) from error
    except (EOFError, zlib.error) as error:
        raise CxMetricsError(
            f"{source.name}: its gzip is cut off or damaged ({error}): copy it again"
        ) from error
    except OSError as error:
        raise CxMetricsError(
            f"{source.name}: cannot be read ({error.strerror}): mend its permissions"
        ) from error


class _HashingReader:
    """Reads a file and hashes what it reads."""

    def __init__(self, raw: BinaryIO, advance: Advance) -> None:
        self.raw, self.advance, self.hash = raw, advance, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self.raw.read(size)
        self.hash.update(data)
        self.advance(len(data))
        return data


def _scan(stream: _HashingReader | gzip.GzipFile, hashing: _HashingReader) -> Scan:
    head = tail = b""
    size = line_feeds = carriage_returns = pairs = quotes = nulls = 0
    has_spaced_quotes = ends_in_return = False
    while chunk := stream.read(_CHUNK):
        if len(head) < HEAD_BYTES:
            head += chunk[: HEAD_BYTES - len(head)]
        size += len(chunk)
        line_feeds += chunk.count(b"\n")
        carriage_returns += chunk.count(b"\r")
        pairs += chunk.count(b"\r\n") + (ends_in_return and chunk.startswith(b"\n"))
        ends_in_return = chunk.endswith(b"\r")
        quotes += chunk.count(b'"')
        nulls += chunk.count(b"\0")
        joined = tail + chunk
        has_spaced_quotes = has_spaced_quotes or _has_spaced_quotes(joined)
        bare = joined.rstrip(b" ")
        tail = joined[len(bare) - 1 :] if bare and bare[-1] in _AROUND_FIELDS else b""
    digest = hashing.hash.hexdigest()
    has_stray_returns = bool(line_feeds) and carriage_returns > pairs
    return Scan(
        digest, size, head, line_feeds, carriage_returns, quotes, nulls, has_spaced_quotes, has_stray_returns
    )


def _has_spaced_quotes(chunk: bytes) -> bool:
    at = chunk.find(b' "')
    while at >= 0:
        before = at
        while before >= 0 and chunk[before] == _SPACE:
            before -= 1
        if before >= 0 and chunk[before] in _AROUND_FIELDS:
            return True
        at = chunk.find(b' "', at + 2)
    return False


_SPACE = ord(" ")
_AROUND_FIELDS = b'",;\t|\r\n'
