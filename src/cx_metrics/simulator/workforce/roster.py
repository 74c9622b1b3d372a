"""What a day's shifts are made of: breaks and meetings away from the queue, and colleagues who work longer where
somebody is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

STATES = ("contact", "available", "break", "meeting", "training", "coaching", "project", "offline")
IN_CONTACT, AVAILABLE, BREAK, MEETING, TRAINING, COACHING, PROJECT, OFFLINE = range(8)

Windows = list[tuple[int, int]]
Plan = list[tuple[int, int, int]]
"""Stretches of time (from, until, state) that are not for contacts."""

BREAK_SECONDS = 900
"""A paid break in every half of a long shift, and one in a short shift."""
_LONG_ENOUGH = 3 * 3600
_LEFT_ON_EITHER_SIDE = 1500
MOST_EXTENSION = 4
"""Half hours that a colleague works longer, or comes earlier, at most."""
_LONGEST_DAY = 22
"""Half hours from log-in to log-out that overtime may lead to."""

_Due = Callable[[int, int, int], bool]
REGULAR: tuple[tuple[int, int, _Due], ...] = (
    (MEETING, 1800, lambda person, week, weekday: weekday == person % 5),
    (COACHING, 1800, lambda person, week, weekday: weekday == (person + 1) % 5 and (person + week) % 2 == 0),
    (TRAINING, 3600, lambda person, week, weekday: weekday == (person + 2) % 5 and (person + week) % 4 == 1),
    (
        PROJECT,
        5400,
        lambda person, week, weekday: weekday == (person + 3) % 5 and person % 6 == 2 and week % 2 == 0,
    ),
)
"""What agents do besides contacts: state, seconds, and whether it is due for a person in a week on a weekday."""


@dataclass
class Shift:
    """One person's day: ``windows`` are for contacts, ``plan`` is what else is to be done between them.

    ``wishes`` are breaks and meetings without a place in the roster, for shifts that cannot leave the queue: they
    are taken when no contact is there. ``longer`` are the seconds beyond the shift that was planned, ``is_extra``
    says that the person works a sixth day.
    """

    person: int
    lane: int
    windows: Windows
    plan: Plan = field(default_factory=list)
    wishes: list[tuple[int, int]] = field(default_factory=list)
    longer: int = 0
    is_extra: bool = False


@dataclass
class DaySheet:
    """Who works, who is sick (with the seconds of work planned) and who is still in training on a day."""

    number: int
    shifts: list[Shift]
    absent: list[tuple[int, int]] = field(default_factory=list)
    trainees: list[int] = field(default_factory=list)


def take_breaks(shift: Shift, week: int, weekday: int, position: int, *, leaves_queue: bool) -> None:
    """Put breaks and whatever else is due on the day into a shift.

    Who ``leaves_queue`` has them in the roster, staggered by ``position``; others wish for them.
    """
    long_ones = [window for window in shift.windows if window[1] - window[0] >= _LONG_ENOUGH]
    due = [(state, seconds) for state, seconds, is_due in REGULAR if is_due(shift.person, week, weekday)]
    if not leaves_queue:
        shift.wishes = [(BREAK, BREAK_SECONDS)] * len(long_ones) + due
        return
    stagger = (position * 7 % 5 - 2) * BREAK_SECONDS
    for opens, closes in long_ones:
        _take_out(shift, (opens + closes) // 2 + stagger, BREAK, BREAK_SECONDS)
    for state, seconds in due:
        for opens, closes in reversed(long_ones):
            if _take_out(shift, opens + (closes - opens) // 5 + stagger // 2, state, seconds):
                break


def _take_out(shift: Shift, at: int, state: int, seconds: int) -> bool:
    """Take time out of a window, where enough of it is left before and after; tell whether it was possible."""
    at -= at % 300
    for i, (opens, closes) in enumerate(shift.windows):
        if opens + _LEFT_ON_EITHER_SIDE <= at and at + seconds + _LEFT_ON_EITHER_SIDE <= closes:
            shift.windows[i : i + 1] = [(opens, at), (at + seconds, closes)]
            shift.plan.append((at, at + seconds, state))
            return True
    return False


def work_longer(present: list[Windows], missing: list[Windows]) -> list[int]:
    """Let colleagues stay longer or come earlier where shifts have nobody; return the half hours added to each.

    All windows are in half hours of the day. Those present are changed; nobody does it twice a day.
    """
    added = [0] * len(present)
    for shift in missing:
        opens, closes = shift[0][0], shift[-1][1]
        leaving = [
            (windows[-1][1], i)
            for i, windows in enumerate(present)
            if not added[i] and opens <= windows[-1][1] < closes
        ]
        if leaving:
            end, i = min(leaving)
            until = min(end + MOST_EXTENSION, closes, present[i][0][0] + _LONGEST_DAY)
            added[i] = max(0, until - end)
            present[i][-1] = (present[i][-1][0], end + added[i])
        coming = [
            (-windows[0][0], i)
            for i, windows in enumerate(present)
            if not added[i] and opens < windows[0][0] <= closes
        ]
        if coming:
            start, i = -min(coming)[0], min(coming)[1]
            since = max(start - MOST_EXTENSION, opens, present[i][-1][1] - _LONGEST_DAY)
            added[i] = max(0, start - since)
            present[i][0] = (start - added[i], present[i][0][1])
    return added
