"""Rows that a domain has made and not handed over yet."""

from __future__ import annotations

import numpy as np

from cx_metrics.simulator.frames import Array, Fields, Frame, blank, concat, size, take


class Buffer:
    """Collects frames until they are drained; columns that are not given are missing."""

    def __init__(self, fields: Fields) -> None:
        """Start empty."""
        self.fields = fields
        self._frames: list[Frame] = []

    def add(self, rows: int, **columns: Array | int) -> None:
        """Add rows; a column is an array or one value for all."""
        if not rows:
            return
        frame = blank(self.fields, rows)
        for name, values in columns.items():
            frame[name][:] = values
        self._frames.append(frame)

    def append(self, frame: Frame) -> None:
        """Add a frame that has all columns."""
        if size(frame):
            self._frames.append(frame)

    def drain(self, until: int | None = None, at: str = "at") -> Frame:
        """Return the rows so far, of those with an instant only the ones known by then, and forget them."""
        rows = concat(self._frames, self.fields)
        self._frames = []
        if until is None or not size(rows):
            return rows
        known = np.flatnonzero(rows[at] <= until)
        return {name: column[known] for name, column in rows.items()}


class Pending:
    """Rows that wait for their day, in a column ``day``."""

    def __init__(self, fields: Fields) -> None:
        """Start empty."""
        self._fields = fields
        self._waiting: list[Frame] = []

    def add(self, rows: Frame) -> None:
        """Let rows wait."""
        if size(rows):
            self._waiting.append(rows)

    def due(self, day: int) -> Frame:
        """Return the rows of a day, once."""
        waiting = concat(self._waiting, self._fields)
        today = waiting["day"] == day
        self._waiting = [take(waiting, ~today)]
        return take(waiting, today)
