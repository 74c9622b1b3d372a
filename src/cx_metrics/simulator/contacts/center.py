"""The center: one operating day after the other, each through all stages of the causal chain."""

from __future__ import annotations

import numpy as np

from cx_metrics.simulator import world
from cx_metrics.simulator.contacts import entry, live, outbound
from cx_metrics.simulator.contacts.deferred import WrittenQueues
from cx_metrics.simulator.contacts.records import CONTACT_FIELDS, PIECE_FIELDS, Office
from cx_metrics.simulator.contacts.tables import is_delivered
from cx_metrics.simulator.finished import FinishedDay, spans_of, work_on
from cx_metrics.simulator.frames import Frame, concat, take


class Center:
    """Runs consecutive days; what lasts longer than a day lives in the office and in the written queues."""

    def __init__(self, office: Office) -> None:
        """Start an empty center."""
        self.office = office
        self.written = WrittenQueues(office)

    def one_day(self, number: int) -> FinishedDay:
        """Simulate the next operating day; return what it finished."""
        day = self.office.open_day(number, self.written.backlog())
        needs, closed_today = self.office.demand.arrivals(number, self.office.planned(number))
        self.office.plan(closed_today, np.full(len(closed_today["door"]), number + 1))
        entering, when = entry.enter(self.office, day, needs)
        is_live = np.isin(entering["door"], world.LIVE_LANES)
        live.run(self.office, day, take(entering, is_live), when[is_live])
        outbound.call_out(self.office, day)
        self.written.run(day, take(entering, ~is_live), when[~is_live])
        outbound.talk_inside(self.office, day)
        records, pieces = concat(day.contacts, CONTACT_FIELDS), concat(day.pieces, PIECE_FIELDS)
        delivered = is_delivered(self.office.settings, records)
        return FinishedDay(
            number, records, pieces, work_on(records, pieces), delivered, day.crews, spans_of(day.written)
        )

    def still_open(self) -> tuple[Frame, Frame]:
        """Return the contacts that are open after the last day, and their pieces so far."""
        return self.written.still_open()
