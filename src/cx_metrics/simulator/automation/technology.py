"""Technologies: what of them each contact and bot session uses, what a unit costs, and who works with assistance."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa

from cx_metrics.simulator import clock, world
from cx_metrics.simulator.columns import DAY, INSTANT, TEXT, coded, from_rows, ids, instants
from cx_metrics.simulator.finished import FinishedDay, Tables
from cx_metrics.simulator.frames import NONE, Array, Bools, Frame, Ints, blank, chance, concat, size, take
from cx_metrics.simulator.settings import Settings

UNITS_KIND = pa.decimal128(18, 6)
MILLION = 1_000_000
"""Quantities and prices are counted in millionths."""

TECHNOLOGIES = (
    ("tech_chat_bot", "Chat bot", "bot"),
    ("tech_messaging_bot", "Messaging bot", "bot"),
    ("tech_voice_bot", "Voice bot", "bot"),
    ("tech_ivr", "IVR", "ivr"),
    ("tech_agent_assist", "Agent assistance", "agent_assist"),
    ("tech_telephony", "Telephony", "telephony"),
    ("tech_transcription", "Transcription", "analytics"),
    ("tech_messaging", "Messaging platform", "platform"),
)
CHAT_BOT, MESSAGING_BOT, VOICE_BOT, MENUS, ASSISTANCE, TELEPHONY, TRANSCRIPTION, PLATFORM = range(8)
TECHNOLOGY_IDS = tuple(row[0] for row in TECHNOLOGIES)
UNITS = ("token", "minute", "session", "message", "resolution")
TOKEN, MINUTE, SESSION, MESSAGE, RESOLUTION = range(5)

PRICE_CHANGE = 182
"""Day on which most prices change."""
PRICES = (
    (CHAT_BOT, TOKEN, "USD", "3.000000", "2.250000"),
    (CHAT_BOT, SESSION, "USD", "0.020000", None),
    (MESSAGING_BOT, RESOLUTION, "USD", "0.990000", "1.090000"),
    (MESSAGING_BOT, SESSION, "USD", "0.000000", None),
    (VOICE_BOT, MINUTE, "EUR", "0.110000", "0.095000"),
    (MENUS, MINUTE, "GBP", "0.006000", None),
    (ASSISTANCE, SESSION, "USD", "0.035000", None),
    (TELEPHONY, MINUTE, "GBP", "0.011000", "0.011800"),
    (TRANSCRIPTION, MINUTE, "USD", "0.014500", "0.012000"),
    (PLATFORM, MESSAGE, "EUR", "0.008000", "0.008500"),
)
"""Technology, unit, currency, price of one unit (of tokens: a million), and its price from PRICE_CHANGE on. A
resolution costs what Intercom asks (0.99 USD, S46)."""
_PRICED_BEFORE = 400

TOKENS_PER_TURN, TOKENS_RESENT, TOKENS_RETRIED = 420, 155, 0.06
"""Tokens of a turn, tokens of every earlier turn that are sent again with it, and the share of sessions that cost
twice as many because calls are retried (S56)."""

ASSISTED_SINCE = {0: 120, 4: 150, 1: 185, 2: 240, 3: 270}
"""Day on which the team of each live queue gets assistance on the screen."""
TRANSCRIBED_SINCE = 75
MESSAGES_BY_CUSTOMER = 1
"""Messages by the customer for each of the agent's."""

SCHEMAS: dict[str, pa.Schema] = {
    "technologies": pa.schema([("technology_id", TEXT), ("name", TEXT), ("kind", TEXT)]),
    "technology_usage": pa.schema(
        [
            ("usage_id", TEXT),
            ("technology_id", TEXT),
            ("contact_id", TEXT),
            ("session_id", TEXT),
            ("used_at", INSTANT),
            ("unit", TEXT),
            ("quantity", UNITS_KIND),
        ]
    ),
    "technology_rates": pa.schema(
        [
            ("technology_id", TEXT),
            ("unit", TEXT),
            ("effective_from", DAY),
            ("unit_cost", UNITS_KIND),
            ("currency", TEXT),
        ]
    ),
}
USAGE_FIELDS = {
    "usage": "int64",
    "technology": "int8",
    "contact": "int64",
    "session": "int64",
    "used": "int64",
    "unit": "int8",
    "quantity": "int64",
    "is_delivered": "bool",
}
"""A meter's row; ``quantity`` in millionths of a unit. ``used`` is when the meter's row is written: the end of the
contact or session, or when the platform closes the conversation."""

Spent = dict[tuple[str, int, str], int]
_SALT_RETRY = 450


class Technology:
    """The meters. ``spent`` is the exact cost of all rows written so far, in millionths of a millionth of a currency
    unit, by month (2024-01), position in TECHNOLOGIES and currency.
    """

    def __init__(self, settings: Settings) -> None:
        """Start with meters at zero."""
        self.settings = settings
        self.spent: Spent = {}
        self._count = 0
        self._kept: list[Frame] = []
        self._changed = settings.period_start + PRICE_CHANGE * 86400
        self._prices = {
            (technology, unit): (currency, _millionths(price), _millionths(later or price))
            for technology, unit, currency, price, later in PRICES
        }

    def one_day(self, day: FinishedDay, sessions: Frame) -> None:
        """Read the meters of what a day finished."""
        usage = concat([*self._by_bots(sessions), *_by_contacts(day)], USAGE_FIELDS)
        usage["usage"] = self._count + np.arange(size(usage), dtype=np.int64)
        self._count += size(usage)
        known = usage["is_delivered"] & (usage["used"] <= self.settings.known_until)
        if day.number >= 0 and known.any():
            usage = take(usage, known)
            self._add_up(usage)
            self._kept.append(usage)

    def _by_bots(self, sessions: Frame) -> list[Frame]:
        """Return the meters of bot sessions: tokens grow faster than turns, because each sends the earlier ones
        again.
        """
        turns = sessions["turns"].astype(np.int64)
        tokens = turns * TOKENS_PER_TURN + TOKENS_RESENT * turns * (turns + 1) // 2
        retried = chance(sessions["key"], self.settings.seed, _SALT_RETRY) < TOKENS_RETRIED
        tokens = np.where(retried, 2 * tokens, tokens)
        seconds = sessions["ended"] - sessions["started"]
        one = np.full(len(turns), MILLION, dtype=np.int64)
        kind = sessions["technology"]
        claimed = sessions["claim"] <= 1
        parts = []
        for technology, unit, rows, quantity in (
            (CHAT_BOT, TOKEN, turns > 0, tokens),
            (CHAT_BOT, SESSION, turns >= 0, one),
            (MESSAGING_BOT, RESOLUTION, claimed & ~sessions["is_test"], one),
            (MESSAGING_BOT, SESSION, turns >= 0, one),
            (VOICE_BOT, MINUTE, seconds > 0, _minutes(seconds)),
        ):
            chosen = rows & (kind == technology)
            # Silence is billed as a resolution when the platform takes it for one, a day later.
            used = sessions["ended"] + 86_400 if unit == RESOLUTION else sessions["closed"]
            used = np.where(sessions["claim"] == 0, sessions["closed"], used)
            part = _meter(technology, unit, used[chosen], quantity[chosen])
            part["session"] = sessions["session"][chosen]
            part["is_delivered"] = sessions["is_delivered"][chosen]
            parts.append(part)
        return parts

    def _add_up(self, usage: Frame) -> None:
        day = usage["used"] // 86400
        for number in np.unique(day).tolist():
            today = take(usage, day == number)
            month = clock.as_datetime(number * 86400).strftime("%Y-%m")
            for (technology, unit), (currency, price, later) in self._prices.items():
                rows = (today["technology"] == technology) & (today["unit"] == unit)
                cost = int(today["quantity"][rows].sum()) * (
                    later if number * 86400 >= self._changed else price
                )
                if cost:
                    key = (month, technology, currency)
                    self.spent[key] = self.spent.get(key, 0) + cost

    def drain(self) -> Tables:
        """Return the meters' rows since the last call."""
        usage, self._kept = concat(self._kept, USAGE_FIELDS), []
        present = np.ones(size(usage), dtype=np.bool_)
        table = pa.table(
            {
                "usage_id": ids("U", usage["usage"], present),
                "technology_id": coded(TECHNOLOGY_IDS, usage["technology"]),
                "contact_id": ids("C", usage["contact"], usage["contact"] != NONE),
                "session_id": ids("BS", usage["session"], usage["session"] != NONE),
                "used_at": instants(usage["used"]),
                "unit": coded(UNITS, usage["unit"]),
                "quantity": _decimals(usage["quantity"]),
            },
            schema=SCHEMAS["technology_usage"],
        )
        return {"technology_usage": table}

    def close(self) -> Tables:
        """Return the technologies and their price lists, as far as they are known."""
        settings = self.settings
        rates = []
        for technology, unit, currency, price, later in PRICES:
            steps = [(-_PRICED_BEFORE, price)] + ([(PRICE_CHANGE, later)] if later else [])
            rates += [
                (
                    TECHNOLOGY_IDS[technology],
                    UNITS[unit],
                    settings.start + timedelta(days=since),
                    Decimal(amount),
                    currency,
                )
                for since, amount in steps
                if since < settings.days
            ]
        return {
            "technologies": from_rows(SCHEMAS["technologies"], list(TECHNOLOGIES)),
            "technology_rates": from_rows(SCHEMAS["technology_rates"], rates),
        }


def is_assisted(lane: Array, day: int) -> Bools:
    """Tell in which lanes agents work with assistance on a day; NONE is no lane."""
    live = np.array([ASSISTED_SINCE.get(number, 1 << 30) for number in range(len(world.LANES))])
    return np.asarray((lane != NONE) & (live[lane] <= day), dtype=np.bool_)


def talk_factor(settings: Settings, lane: int, day: int) -> float:
    """Return by what assistance multiplies the talk time of a lane on a day."""
    effect = settings.size_of("agent_assist", day)
    return 1.0 if effect is None or day < ASSISTED_SINCE.get(lane, 1 << 30) else 1.0 + effect


def _by_contacts(day: FinishedDay) -> list[Frame]:
    """Return the meters of contact records: lines, menus, transcription, assistance, messages."""
    records, work = day.records, day.work
    by_line = (records["channel"] == world.VOICE) & (records["direction"] != world.INTERNAL)
    menu = np.zeros(size(records), dtype=np.int64)
    with_menu = day.pieces["kind"] == world.IVR
    order = np.argsort(records["number"], kind="stable")
    row = order[np.searchsorted(records["number"], day.pieces["number"][with_menu], sorter=order)]
    np.add.at(menu, row, (day.pieces["end"] - day.pieces["start"])[with_menu])
    by_line |= menu > 0
    on_line = records["ended"] - records["started"]
    spoken = np.where(records["channel"] == world.VOICE, work["talk"] + work["hold"], 0)
    live = (records["channel"] == world.VOICE) | (records["channel"] == world.CHAT)
    assisted = is_assisted(work["lane"], day.number) & live & (records["direction"] == world.INBOUND)
    messages = np.where(records["channel"] == world.EMAIL, 0, work["messages"] * (1 + MESSAGES_BY_CUSTOMER))
    one = np.full(size(records), MILLION, dtype=np.int64)
    parts = []
    for technology, unit, rows, quantity in (
        (TELEPHONY, MINUTE, by_line & (on_line > 0), _minutes(on_line)),
        (MENUS, MINUTE, menu > 0, _minutes(menu)),
        (TRANSCRIPTION, MINUTE, (spoken > 0) & (day.number >= TRANSCRIBED_SINCE), _minutes(spoken)),
        (ASSISTANCE, SESSION, assisted, one),
        (PLATFORM, MESSAGE, messages > 0, messages * MILLION),
    ):
        part = _meter(technology, unit, records["worked_until"][rows], quantity[rows])
        part["contact"] = records["number"][rows]
        part["is_delivered"] = day.is_delivered[rows]
        parts.append(part)
    return parts


def _meter(technology: int, unit: int, used: Array, quantity: Ints) -> Frame:
    part = blank(USAGE_FIELDS, len(used))
    part["technology"][:], part["unit"][:] = technology, unit
    part["used"], part["quantity"] = used, quantity
    return part


def _minutes(seconds: Array) -> Ints:
    return np.asarray((seconds * MILLION + 30) // 60, dtype=np.int64)


def _millionths(price: str) -> int:
    return int(Decimal(price) * MILLION)


def _decimals(units: Ints) -> pa.Array:
    """Return millionths as exact decimals."""
    low = np.ascontiguousarray(units, dtype=np.int64)
    words = np.empty((len(low), 2), dtype=np.int64)
    words[:, 0], words[:, 1] = low, low >> 63
    return pa.Array.from_buffers(UNITS_KIND, len(low), [None, pa.py_buffer(words)])


def pounds(spent: Spent, month: str, technology: int, rates: dict[str, Decimal]) -> Decimal:
    """Return what a technology cost in a month, in the reporting currency, to the penny."""
    total = Decimal(0)
    for currency, rate in rates.items():
        total += Decimal(spent.get((month, technology, currency), 0)) * rate
    return (total / (MILLION * MILLION)).quantize(Decimal("0.01"))
