"""What has to happen to subscriptions on later days."""

from __future__ import annotations

from cx_metrics.simulator.buffers import Pending
from cx_metrics.simulator.frames import Array, Frame, blank

(END, WITHDRAW, RESUME, FAIL, RECOVER, RELAPSE, RETURN) = range(7)
_FIELDS = {"subscription": "int64", "action": "int8", "reason": "int8", "day": "int64"}


class Agenda:
    """Actions on subscriptions by the day on which they are due, counted from 1970."""

    def __init__(self) -> None:
        """Start with nothing to do."""
        self._waiting = Pending(_FIELDS)

    def plan(self, rows: Array, action: int, day: Array | int, reason: Array | int = -1) -> None:
        """Put an action for subscriptions on given days."""
        if not len(rows):
            return
        frame = blank(_FIELDS, len(rows))
        frame["subscription"][:] = rows
        frame["action"][:] = action
        frame["reason"][:] = reason
        frame["day"][:] = day
        self._waiting.add(frame)

    def due(self, day: int) -> Frame:
        """Return what is due on a day, once."""
        return self._waiting.due(day)
