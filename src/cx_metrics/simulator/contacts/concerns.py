"""Concerns: matters that give particular customers a cause to get in touch, such as an order on its way.

They do not add needs: they decide whose need it is. A concern is raised at most once.
"""

from __future__ import annotations

import numpy as np

from cx_metrics.simulator import world
from cx_metrics.simulator.frames import NONE, Array, Floats, Ints, blank, concat, size, take

ORDER, PAYMENT, RENEWAL = range(3)
_REASONS = {
    ORDER: (world.ORDER_STATUS, world.ORDER_CHANGE, world.RETURN, world.REFUND),
    PAYMENT: (world.PAY_FAILED,),
    RENEWAL: (world.CANCEL, world.PRICE),
}
_WITH_CAUSE = {ORDER: 0.80, PAYMENT: 0.75, RENEWAL: 0.35}
"""Share of the needs of these reasons that come from customers with such a concern, where there are any."""
_FIELDS = {"customer": "int64", "region": "int8", "since": "int64", "until": "int64"}


class Concerns:
    """Who has a cause to get in touch about what, and until when."""

    def __init__(self, regions: Array) -> None:
        """Start without concerns; ``regions`` are those of all customers."""
        self._regions = regions
        self._open = {group: blank(_FIELDS, 0) for group in _REASONS}

    def add(self, group: int, customer: Array, since: Array | int, until: Array | int) -> None:
        """Note a concern of customers that they may raise from one day until another, both included."""
        if not len(customer):
            return
        fresh = blank(_FIELDS, len(customer))
        fresh["customer"] = customer.astype(np.int64)
        fresh["region"] = self._regions[customer]
        fresh["since"][:] = since
        fresh["until"][:] = until
        self._open[group] = concat([self._open[group], fresh], _FIELDS)

    def raised(self, reason: Array, region: Array, draws: Floats, day: int) -> Ints:
        """Return for needs of given reasons and regions whose they are; NONE where nobody has a cause."""
        raised = np.full(len(reason), NONE, dtype=np.int64)
        for group, reasons in _REASONS.items():
            waiting = self._open[group] = take(self._open[group], self._open[group]["until"] >= day)
            if not size(waiting):
                continue
            used = np.zeros(size(waiting), dtype=np.bool_)
            asks = np.isin(reason, reasons) & (draws[0] < _WITH_CAUSE[group])
            for code in range(len(world.REGIONS)):
                able = np.flatnonzero((waiting["region"] == code) & (waiting["since"] <= day))
                rows = np.flatnonzero(asks & (region == code))
                if not len(able) or not len(rows):
                    continue
                place = able[np.floor(draws[1, rows] * len(able)).astype(np.int64)]
                place, first = np.unique(place, return_index=True)
                raised[rows[first]] = waiting["customer"][place]
                used[place] = True
            self._open[group] = take(waiting, ~used)
        return raised
