"""Rows of text on their way into the database, written as Parquet in batches so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

BATCH_ROWS = 50_000


class Spool:
    """Takes rows as dictionaries of text and writes them to numbered Parquet files; absent columns are null.

    `always` names the columns that every file has, so that a row without any value is still a row.
    """

    def __init__(self, folder: Path, stem: str, always: Sequence[str]) -> None:
        """Write to `folder`, names beginning with `stem`."""
        self.row_count = 0
        self.paths: list[Path] = []
        self._folder, self._stem, self._always = folder, stem, tuple(always)
        self._columns: dict[str, list[str | None]] = {name: [] for name in always}
        self._batched = 0

    def add_columns(self, columns: Mapping[str, Sequence[str | None]], row_count: int) -> None:
        """Write a whole batch given column by column."""
        self._write({name: pa.array(values, type=pa.string()) for name, values in columns.items()})
        self.row_count += row_count

    def add(self, row: Mapping[str, str | None]) -> None:
        """Add one row."""
        for name, value in row.items():
            values = self._columns.get(name)
            if values is None:
                values = self._columns[name] = []
            values.extend([None] * (self._batched - len(values)))
            values.append(value)
        self._batched += 1
        if self._batched >= BATCH_ROWS:
            self._flush()

    def close(self) -> None:
        """Write what is left."""
        if self._batched:
            self._flush()

    def _flush(self) -> None:
        for values in self._columns.values():
            values.extend([None] * (self._batched - len(values)))
        self.add_columns(self._columns, self._batched)
        self._columns, self._batched = {name: [] for name in self._always}, 0

    def _write(self, arrays: Mapping[str, pa.Array]) -> None:
        path = self._folder / f"{self._stem}-{len(self.paths):06d}.parquet"
        pq.write_table(pa.table(dict(arrays)), path, compression="lz4", use_dictionary=False)
        self.paths.append(path)


class LineNotes:
    """Lines of a file that were rejected or repaired, with rule and original text, kept on disk."""

    def __init__(self, folder: Path, stem: str) -> None:
        """Write to `folder`, names beginning with `stem`."""
        self._spool = Spool(folder, stem, ("line_number", "rule", "original_text"))
        self.by_rule: dict[str, int] = {}

    def add(self, line_number: int, rule: str, original: bytes | str) -> None:
        """Note a line; bytes that are no UTF-8, and NUL characters, are kept as escapes."""
        if isinstance(original, bytes):
            original = original.decode("utf-8", errors="backslashreplace")
        original = original.rstrip("\r\n").replace("\0", "\\x00")
        original = original.encode("utf-8", errors="backslashreplace").decode("utf-8")
        self._spool.add({"line_number": str(line_number), "rule": rule, "original_text": original})
        self.by_rule[rule] = self.by_rule.get(rule, 0) + 1

    @property
    def count(self) -> int:
        """How many notes there are."""
        return sum(self.by_rule.values())

    def close(self) -> list[Path]:
        """Write what is left and return the files."""
        self._spool.close()
        return self._spool.paths
