"""Unresolved needs: whose newest need was left unsettled, and for how long that weighs on them."""

from __future__ import annotations

import numpy as np

from cx_metrics.simulator.finished import FinishedDay
from cx_metrics.simulator.frames import NONE, Array, Bools, Ints

UNRESOLVED_DAYS = 60
_NEVER = -(1 << 31)


class Unresolved:
    """The newest unsettled need of every customer."""

    def __init__(self, customers: int) -> None:
        """Start with nobody upset."""
        self._need = np.full(customers, NONE, dtype=np.int64)
        self._until = np.full(customers, _NEVER, dtype=np.int32)

    def upsets(self, customer: Array, number: int) -> Bools:
        """Tell who has a need that is unsettled, or was 60 days ago at most."""
        return np.asarray(self._until[customer] >= number, dtype=np.bool_)

    def need_of(self, customer: Array) -> Ints:
        """Return the need that upsets customers, or the last one that did."""
        return self._need[customer]

    def remember(self, day: FinishedDay) -> None:
        """Note whose newest need is unresolved, and forget needs that are settled now."""
        records = day.records
        real = (records["customer"] != NONE) & (records["resolved"] != NONE) & (records["need"] != NONE)
        real &= ~records["test"] & (records["exclusion"] == NONE)
        place = np.flatnonzero(real)
        place = place[np.lexsort((records["number"][place], records["ended"][place]))]
        is_settled = records["resolved"][place] == 1
        left, settled = place[~is_settled], place[is_settled]
        self._need[records["customer"][left]] = records["need"][left]
        self._until[records["customer"][left]] = day.number + UNRESOLVED_DAYS
        settled = settled[self._need[records["customer"][settled]] == records["need"][settled]]
        self._until[records["customer"][settled]] = _NEVER
