"""What a day left behind, for the domains that follow from contacts: surveys, quality, value, cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pyarrow as pa

from cx_metrics.simulator import world
from cx_metrics.simulator.contacts.routing import Crew, Messages
from cx_metrics.simulator.frames import NONE, Array, Bools, Frame, blank, size

WORK_FIELDS = {
    "first_agent": "int64",
    "last_agent": "int64",
    "lane": "int8",
    "wait": "int64",
    "talk": "int64",
    "hold": "int64",
    "wrap": "int64",
    "messages": "int64",
    "writing": "int64",
    "bot": "int64",
    "legs": "int64",
    "transfers": "int64",
}
"""What was done on a record: seconds in queue and ringing, talking, on hold, after-contact work and writing
messages, seconds with the bot; how many messages, spells with an agent, and transfers. ``lane`` is the queue
of the last agent. No agent is NONE.
"""

Tables = Mapping[str, pa.Table]


def spans_of(done: list[Messages]) -> Frame:
    """Return who worked from when until when."""
    return {
        name: np.array([value for part in done for value in getattr(part, name)], dtype=np.int64)
        for name in ("agent", "start", "end")
    }


@dataclass(frozen=True)
class FinishedDay:
    """The records that one operating day finished, one row each in ``records``, ``work`` and ``is_delivered``.

    ``pieces`` are their segments, in no order; ``is_delivered`` tells which records are in the table of
    contacts: those of the warm-up and after the extract are not. ``crews`` is who was on duty, by lane.
    ``written`` (agent, start, end) is the day's written and outbound work, also on contacts that are still open.
    """

    number: int
    records: Frame
    pieces: Frame
    work: Frame
    is_delivered: Bools
    crews: list[Crew]
    written: Frame = field(default_factory=lambda: spans_of([]))


class Domain(Protocol):
    """A part of the company that keeps its own books: told of every day, asked for its rows now and then."""

    def one_day(self, day: FinishedDay) -> None:
        """Take in what a day left behind; days come in order, those of the warm-up first."""

    def drain(self) -> Tables:
        """Return the rows since the last call, by table; names below ``truth/`` are what no company sees."""

    def close(self) -> Tables:
        """Return the rows that are only known when the period is over."""


def work_on(records: Frame, pieces: Frame) -> Frame:
    """Sum up the pieces of each record."""
    work = blank(WORK_FIELDS, size(records))
    for name in ("wait", "talk", "hold", "wrap", "messages", "writing", "bot", "legs", "transfers"):
        work[name][:] = 0
    if not size(records) or not size(pieces):
        return work
    order = np.argsort(records["number"], kind="stable")
    place = np.searchsorted(records["number"], pieces["number"], sorter=order)
    row = order[np.minimum(place, len(order) - 1)]
    mine = records["number"][row] == pieces["number"]
    kind, seconds = pieces["kind"], np.maximum(pieces["end"] - pieces["start"], 0)
    for name, kinds in (
        ("wait", (world.QUEUE, world.RING)),
        ("talk", (world.TALK,)),
        ("hold", (world.HOLD,)),
        ("wrap", (world.WRAP,)),
        ("writing", (world.MESSAGE,)),
        ("bot", (world.BOT,)),
    ):
        chosen = mine & np.isin(kind, kinds)
        np.add.at(work[name], row[chosen], seconds[chosen])
    served = mine & np.isin(kind, (world.TALK, world.MESSAGE)) & (pieces["agent"] != NONE)
    np.add.at(work["messages"], row[served & (kind == world.MESSAGE)], 1)
    np.add.at(work["transfers"], row[mine & (pieces["transfer"] != NONE)], 1)
    _agents(work, row[served], {name: pieces[name][served] for name in ("start", "step", "agent", "queue")})
    return work


def _agents(work: Frame, row: Array, spells: Frame) -> None:
    """Note the first and the last agent of each record, and how often the agent changed."""
    order = np.lexsort((spells["step"], spells["start"], row))
    row, agent, lane = row[order], spells["agent"][order], spells["queue"][order]
    if not len(row):
        return
    opens = np.ones(len(row), dtype=np.bool_)
    opens[1:] = row[1:] != row[:-1]
    changes = opens.copy()
    changes[1:] |= agent[1:] != agent[:-1]
    np.add.at(work["legs"], row[changes], 1)
    work["first_agent"][row[opens]] = agent[opens]
    work["last_agent"][row] = agent
    work["lane"][row] = lane
