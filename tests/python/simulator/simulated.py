"""A simulated folder that tests query."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from cx_metrics.simulator.run import SimulationSummary


class Warehouse:
    """A simulated folder with its tables as views; those of the truth begin with ``truth_``."""

    def __init__(self, folder: Path, summary: SimulationSummary | None = None) -> None:
        self.folder = folder
        self._summary = summary
        self.connection = duckdb.connect()
        for path in sorted(folder.rglob("*.parquet")):
            prefix = "truth_" if path.parent.name == "truth" else ""
            self.connection.execute(f"create view {prefix}{path.stem} as from '{path}'")

    @property
    def summary(self) -> SimulationSummary:
        """What the simulation said when it was done."""
        assert self._summary is not None
        return self._summary

    def all(self, query: str) -> list[tuple[Any, ...]]:
        """Return all rows."""
        return self.connection.execute(query).fetchall()

    def one(self, query: str) -> Any:
        """Return the only value, or the only row of several."""
        row = self.connection.execute(query).fetchone()
        assert row is not None
        return row[0] if len(row) == 1 else row

    def none(self, query: str) -> None:
        """Assert that there are no rows."""
        assert self.all(query) == []
