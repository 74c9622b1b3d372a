"""Local days of the queues: half hours in UTC, opening hours across daylight-saving changes, holidays.

An operating day starts at 04:00 local time and ends at 04:00 of the next local day, so that a shift across
midnight belongs to one operating day. It has 48 half hours, or 46 and 50 where the clock changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from cx_metrics.simulator.frames import Array, Bools, Ints
from cx_metrics.simulator.world import Door

HALF_HOUR = 1800
CELLS = 50
"""Cells of a day: the longest day has 50 half hours; unused cells at the end of a day are closed."""
DAY_STARTS_AT = 4
_ZONES: dict[str, ZoneInfo] = {}


def zone(name: str) -> ZoneInfo:
    """Return the zone of an IANA name."""
    if name not in _ZONES:
        _ZONES[name] = ZoneInfo(name)
    return _ZONES[name]


@dataclass(frozen=True)
class DayGrid:
    """The half hours of one operating day in one zone.

    ``start`` and ``end`` are seconds since 1970 UTC; ``half_hour`` is the local half hour (0 to 47) of every
    cell, ``is_next`` tells cells of the next local date, ``cells`` is how many cells the day has.
    """

    day: date
    start: int
    end: int
    half_hour: Ints
    is_next: Bools
    cells: int


@lru_cache(maxsize=64)
def day_grid(zone_name: str, day: date) -> DayGrid:
    """Return the operating day that starts at 04:00 local time of ``day``."""
    tz = zone(zone_name)
    next_day = day + timedelta(days=1)
    first = datetime(day.year, day.month, day.day, DAY_STARTS_AT, tzinfo=tz)
    last = datetime(next_day.year, next_day.month, next_day.day, DAY_STARTS_AT, tzinfo=tz)
    start, end = int(first.timestamp()), int(last.timestamp())
    cells = (end - start) // HALF_HOUR
    position = np.arange(CELLS, dtype=np.int64)
    minutes = 60 * DAY_STARTS_AT + 30 * position
    if first.utcoffset() != last.utcoffset():
        for k in range(cells):
            local = datetime.fromtimestamp(start + k * HALF_HOUR, tz)
            minutes[k] = (local.date() - day).days * 1440 + local.hour * 60 + local.minute
    return DayGrid(day, start, end, (minutes % 1440) // 30, minutes >= 1440, cells)


def week_of(door: Door) -> Bools:
    """Return the opening hours as 7 x 48 half hours, Monday first."""
    is_open = np.zeros((7, 48), dtype=np.bool_)
    for weekdays, opens, closes in door.hours:
        for weekday in weekdays:
            is_open[weekday - 1, opens // 30 : min(closes, 1440) // 30] = True
            if closes > 1440:
                is_open[weekday % 7, : (closes - 1440) // 30] = True
    return is_open


def spread_week(week: Array, grid: DayGrid) -> Array:
    """Return the values of a 7 x 48 week at the cells of a day."""
    first = grid.day.weekday()
    weekday = np.where(grid.is_next, (first + 1) % 7, first)
    return np.asarray(week[weekday, grid.half_hour])


def open_cells(door: Door, week: Bools, grid: DayGrid) -> Bools:
    """Return at which half hours of the day the door is open: its hours without its holidays."""
    is_open = np.asarray(spread_week(week, grid), dtype=np.bool_)
    for is_next in (False, True):
        if is_holiday(door.holidays, grid.day + timedelta(days=int(is_next))):
            is_open = is_open & (grid.is_next != is_next)
    is_open[grid.cells :] = False
    return is_open


def hours_rows(door: Door) -> list[tuple[int, str, str]]:
    """Return (ISO weekday, opens, closes) in local text; a schedule across midnight is two rows."""
    rows = []
    for weekdays, opens, closes in door.hours:
        for weekday in weekdays:
            rows.append((weekday, _text(opens), _text(min(closes, 1440))))
            if closes > 1440:
                rows.append((weekday % 7 + 1, _text(0), _text(closes - 1440)))
    return sorted(rows)


def _text(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def is_holiday(country: str, day: date) -> bool:
    """Tell whether a country's queues are closed all day."""
    return day in holidays(country, day.year)


@lru_cache(maxsize=256)
def holidays(country: str, year: int) -> dict[date, str]:
    """Return the holidays of a year on which queues of a country (uk, us, de) are closed."""
    easter = _easter(year)
    if country == "us":
        return {
            date(year, 1, 1): "New Year's Day",
            _nth(year, 5, 0, -1): "Memorial Day",
            date(year, 7, 4): "Independence Day",
            _nth(year, 9, 0, 1): "Labor Day",
            _nth(year, 11, 3, 4): "Thanksgiving",
            date(year, 12, 25): "Christmas Day",
        }
    shared = {
        date(year, 1, 1): "New Year's Day",
        easter - timedelta(days=2): "Good Friday",
        easter + timedelta(days=1): "Easter Monday",
        date(year, 12, 25): "Christmas Day",
        date(year, 12, 26): "Boxing Day" if country == "uk" else "Second Christmas Day",
    }
    if country == "uk":
        return shared | {
            _nth(year, 5, 0, 1): "Early May bank holiday",
            _nth(year, 5, 0, -1): "Spring bank holiday",
            _nth(year, 8, 0, -1): "Summer bank holiday",
        }
    return shared | {
        date(year, 5, 1): "Labour Day",
        easter + timedelta(days=39): "Ascension Day",
        easter + timedelta(days=50): "Whit Monday",
        date(year, 10, 3): "Day of German Unity",
    }


def _nth(year: int, month: int, weekday: int, n: int) -> date:
    """Return the n-th weekday (Monday is 0) of a month; n = -1 is the last."""
    if n > 0:
        first = date(year, month, 1)
        return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))
    last = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    return last - timedelta(days=(last.weekday() - weekday) % 7)


def _easter(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar (the anonymous algorithm of 1876)."""
    a, b, c = year % 19, year // 100, year % 100
    d = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    e = (32 + 2 * (b % 4) + 2 * (c // 4) - d - c % 4) % 7
    month_day = d + e - 7 * ((a + 11 * d + 22 * e) // 451) + 114
    return date(year, month_day // 31, month_day % 31 + 1)


def as_datetime(seconds: int) -> datetime:
    """Return an instant as an aware UTC datetime."""
    return datetime.fromtimestamp(seconds, UTC)
