"""Writing tables piece by piece, as Parquet or CSV, with the same bytes for the same rows."""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from cx_metrics.errors import CxMetricsError

MARKER = "truth/simulation.json"
"""Says that a folder was written by the simulator, with what arguments, and which files."""


class Writer:
    """Writes each table to one file of a folder, growing row by row group; use as a context manager.

    A folder that the simulator wrote before is written anew. Any other folder that holds files is refused
    so that no data of a company is ever overwritten.
    """

    def __init__(self, out: Path, file_format: str, arguments: dict[str, Any]) -> None:
        """Prepare the folder."""
        self.out = out
        self.file_format = file_format
        self.rows: dict[str, int] = {}
        self._open: dict[str, pq.ParquetWriter | pacsv.CSVWriter] = {}
        self._arguments = arguments
        self._files: list[str] = []
        marker = out / MARKER
        if out.exists() and not out.is_dir():
            raise CxMetricsError(f"{out} is a file: name a folder to write to")
        if marker.exists():
            for name in json.loads(marker.read_text(encoding="utf-8"))["files"]:
                if (out / name).resolve().is_relative_to(out.resolve()):
                    (out / name).unlink(missing_ok=True)
        elif out.exists() and any(out.iterdir()):
            raise CxMetricsError(
                f"{out} holds files that the simulator did not write: name an empty or a new folder"
            )
        marker.parent.mkdir(parents=True, exist_ok=True)
        self._mark()

    def write(self, table_name: str, table: pa.Table, folder: str = "") -> None:
        """Append rows to the file of a table; the first call creates it, also for no rows."""
        key = f"{folder}/{table_name}" if folder else table_name
        if key not in self._open:
            self._files.append(f"{key}.{self.file_format}")
            self._mark()
            path = self.out / self._files[-1]
            path.parent.mkdir(parents=True, exist_ok=True)
            if self.file_format == "parquet":
                self._open[key] = pq.ParquetWriter(
                    path, table.schema, compression="zstd", compression_level=3
                )
            else:
                self._open[key] = pacsv.CSVWriter(path, table.schema)
            self.rows[key] = 0
        if table.num_rows:
            self._open[key].write_table(table)
            self.rows[key] += table.num_rows

    def _mark(self) -> None:
        text = json.dumps({"arguments": self._arguments, "files": self._files}, indent=2)
        (self.out / MARKER).write_text(text + "\n", encoding="utf-8")

    def __enter__(self) -> Writer:
        """Return the writer itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all files."""
        for file in self._open.values():
            file.close()
